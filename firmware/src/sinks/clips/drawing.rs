//! The picture of a clip in the folder, drawn when it is sent: it takes no space on the card, and is gone with its clip.

use std::fs::File;
use std::io::{Error, Read, Result};
use std::path::Path;

use monitor_model::wav::WavReader;

use super::picture::Picture;
use super::store::{PICTURE, is_clip};

/// Largest picture in bytes; one of two minutes takes less than half of that.
pub(in crate::sinks) const LARGEST: u64 = 256 * 1024;

/// Samples that are read at once.
const BLOCK: usize = 4096;

/// Longest sound that is drawn, in seconds: more than the longest clip.
const LONGEST_S: usize = 180;

/// The picture of the clip of this name as a PNG file, always the coarse one: it leaves the device, and neither words nor pitch can
/// be restored from it, whatever `[privacy]` says.
///
/// # Errors
/// When there is no such clip any more, it cannot be read, or its picture is larger than [`LARGEST`].
pub(in crate::sinks) fn of_clip(folder: &Path, name: &str) -> Result<Vec<u8>> {
    if !is_clip(name) {
        return Err(Error::other("this is no name of a clip"));
    }
    let path = folder.join(name);
    let mut picture = Vec::new();
    if name.ends_with(PICTURE) {
        File::open(path)?.take(LARGEST + 1).read_to_end(&mut picture)?;
    } else {
        let mut sound = WavReader::open(path).map_err(Error::other)?;
        let (rate_hz, mut failure) = (sound.rate_hz(), None);
        let blocks = std::iter::from_fn(|| {
            let mut block = vec![0.0; BLOCK];
            let read = sound.read(&mut block).unwrap_or_else(|error| {
                failure = Some(error);
                0
            });
            block.truncate(read);
            (read > 0).then_some(block)
        });
        let most = LONGEST_S * rate_hz as usize / BLOCK;
        picture = Picture::coarse(rate_hz, blocks.take(most)).map_err(Error::other)?.png()?;
        if let Some(error) = failure {
            return Err(Error::other(error));
        }
    }
    if picture.len() as u64 > LARGEST { Err(Error::other("its picture is too large")) } else { Ok(picture) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::wav_writer::{WavFormat, write_file};

    #[test]
    fn the_picture_of_a_clip_is_drawn_or_read_and_one_that_is_gone_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let tone: Vec<f32> = (0..32_000).map(|n| (n as f32 * 0.1).sin() * 0.3).collect();
        let clip = "000001_anomaly_on_x.wav";
        write_file(&folder.path().join(clip), WavFormat::S16, 16_000, tone.chunks(1000)).unwrap();
        let drawn = of_clip(folder.path(), clip).unwrap();
        // The file has the samples in 16 bits: a level may differ by one.
        let info = png::Decoder::new(std::io::Cursor::new(&drawn)).read_info().unwrap().info().size();
        assert_eq!(info, (7 * (640 / 7), 256));
        let stored = "000002_anomaly_on_x.png";
        std::fs::write(folder.path().join(stored), &drawn).unwrap();
        assert_eq!(of_clip(folder.path(), stored).unwrap(), drawn);
        std::fs::write(folder.path().join(stored), vec![0; LARGEST as usize + 1]).unwrap();
        std::fs::write(folder.path().join("000003_a_b_c.wav"), "RIFF").unwrap();
        for name in [stored, "000003_a_b_c.wav", "000004_a_b_c.wav", "../000001_anomaly_on_x.wav", "mine.png"] {
            assert!(of_clip(folder.path(), name).is_err(), "{name}");
        }
    }

    #[test]
    fn the_longest_clip_fits() {
        let folder = tempfile::tempdir().unwrap();
        // Noise, which compresses worst, of 120 s.
        let mut state = 1_u32;
        let noise: Vec<f32> = (0..120 * 16_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state as f32 / u32::MAX as f32 - 0.5
            })
            .collect();
        for (seconds, most) in [(120, LARGEST as usize / 2), (20, 20_000)] {
            let noise = noise[..seconds * 16_000].chunks(1000);
            write_file(&folder.path().join("000001_a_b_c.wav"), WavFormat::S16, 16_000, noise).unwrap();
            let picture = of_clip(folder.path(), "000001_a_b_c.wav").unwrap();
            assert!(picture.len() < most, "{seconds} s: {}", picture.len());
        }
    }
}
