//! The sound of a part of a recording, as a WAV file.

use std::io::Cursor;
use std::ops::Range;
use std::path::Path;

use monitor_model::wav::{Encoding, WavWriter};
use monitor_recording::RecordingReader;

/// Samples read at once.
const BLOCK: usize = 1 << 14;

/// The part of the recording at `path` from and to which second, as a WAV file of 16 bits and one channel at the recording's
/// rate.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn wav(path: &Path, part: &Range<f64>) -> anyhow::Result<Vec<u8>> {
    let mut reader = RecordingReader::open(path)?;
    let rate_hz = reader.rate_hz();
    let frames = |seconds: f64| (seconds * f64::from(rate_hz)).round().max(0.0) as u64;
    let (mut before, mut within) = (frames(part.start), frames(part.end).saturating_sub(frames(part.start)));
    let mut file = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut file, Encoding::S16, rate_hz, 1)?;
    let mut block = vec![0.0; BLOCK];
    while within > 0 {
        let read = reader.read(&mut block)?;
        if read == 0 {
            break;
        }
        let skipped = (read as u64).min(before);
        before -= skipped;
        let taken = (read as u64 - skipped).min(within);
        within -= taken;
        // Both are at most the length of the block.
        let (from, to) = (skipped as usize, (skipped + taken) as usize);
        writer.push(&block[from..to])?;
    }
    writer.finish()?;
    Ok(file.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_has_exactly_its_samples_also_beyond_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let samples: Vec<f32> = (0..40_000).map(|i| i as f32 / 40_000.0).collect();
        monitor_model::wav::write(&path, 16_000, 1, |writer| writer.push(&samples)).unwrap();
        let read = |part: Range<f64>| {
            let mut reader = RecordingReader::from_bytes(&wav(&path, &part).unwrap()).unwrap();
            let mut out = vec![0.0; 50_000];
            let count = reader.read(&mut out).unwrap();
            out.truncate(count);
            (reader.rate_hz(), out)
        };
        let (rate_hz, part) = read(1.25..2.0);
        assert_eq!((rate_hz, part.len()), (16_000, 12_000));
        assert!((part[0] - 0.5).abs() < 1e-4 && (part[11_999] - samples[31_999]).abs() < 1e-4);
        assert_eq!(read(2.0..9.0).1.len(), 8_000);
    }
}
