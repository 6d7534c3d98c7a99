//! A recording as means of its log-mel spectrum over equal steps of time.

use std::path::Path;

use monitor_core::log_mel::{BANDS, LogMel};
use monitor_core::resample::Resampler;
use monitor_recording::RecordingReader;

/// Samples read at once.
const BLOCK: usize = 1 << 14;

/// Mean of each band, ln(magnitude + 0.001).
pub(crate) type Spectrum = [f32; BANDS];

/// Reads the recording at `path`: means over steps of `columns` columns of 10 ms (at least 1), of which an incomplete last one is
/// left out, and its length in seconds.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read(path: &Path, columns: usize) -> anyhow::Result<(Vec<Spectrum>, f64)> {
    let mut reader = RecordingReader::open(path)?;
    let rate_hz = reader.rate_hz();
    let mut storage = vec![0.0; Resampler::storage_len(rate_hz)?];
    let mut resampler = Resampler::new(rate_hz, &mut storage)?;
    let (mut front, mut sums) = (LogMel::new(), Sums::new(columns));
    let (mut block, mut resampled, mut frames) = (vec![0.0; BLOCK], Vec::new(), 0_u64);
    loop {
        let read = reader.read(&mut block)?;
        resampled.clear();
        if read == 0 {
            resampler.finish(|sample| resampled.push(sample));
        } else {
            resampler.push(&block[..read], |sample| resampled.push(sample));
        }
        front.push(&resampled, |column| sums.add(column));
        frames += read as u64;
        if read == 0 {
            return Ok((sums.means, frames as f64 / f64::from(rate_hz)));
        }
    }
}

/// Columns added up.
#[derive(Debug)]
struct Sums {
    columns: usize,
    means: Vec<Spectrum>,
    sum: Spectrum,
    count: usize,
}

impl Sums {
    fn new(columns: usize) -> Self {
        Self { columns: columns.max(1), means: Vec::new(), sum: [0.0; BANDS], count: 0 }
    }

    fn add(&mut self, column: &Spectrum) {
        self.sum.iter_mut().zip(column).for_each(|(sum, value)| *sum += value);
        self.count += 1;
        if self.count == self.columns {
            self.means.push(self.sum.map(|sum| sum / self.columns as f32));
            (self.sum, self.count) = ([0.0; BANDS], 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_of_another_rate_has_its_length_and_a_half_second_each() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let tone = |i: u32| (f64::from(i) * 1000.0 * std::f64::consts::TAU / 48_000.0).sin() as f32 * 0.5;
        let samples: Vec<f32> = (0..48_000 * 3).map(tone).collect();
        monitor_model::wav::write(&path, 48_000, 1, |writer| writer.push(&samples)).unwrap();
        let (halves, seconds) = read(&path, 50).unwrap();
        assert_eq!(seconds, 3.0);
        // The last column would need 15 ms beyond the end.
        assert_eq!(halves.len(), 5);
        let loudest = |half: &Spectrum| (0..BANDS).max_by(|a, b| half[*a].total_cmp(&half[*b])).unwrap();
        // 1 kHz is band 20 of 64 between 125 and 7500 Hz: mel(1000) = 1000, mel(125) = 185, 40.9 mel for each band.
        assert!(halves.iter().all(|half| (18..=20).contains(&loudest(half))), "{}", loudest(&halves[0]));
    }
}
