//! How loud the sound is, and what is wrong with it: level, peak, clipping, offset.
//!
//! Sums are f64 in the order of the samples. Levels are dB of full scale by RMS: a full-scale square wave is 0, a sine
//! -3.01, silence [`FLOOR_DBFS`].

use serde::Serialize;

/// What silence is reported as.
pub const FLOOR_DBFS: f64 = -120.0;

/// From this size on a sample counts as clipped. Converters clip at their last code or a few before it.
pub const CLIPPED: f32 = 0.9995;

/// Measures a stretch of mono sound.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    samples: u64,
    clipped: u64,
    sum: f64,
    squares: f64,
    peak: f32,
}

/// What a [`Meter`] found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measured {
    /// RMS level in dB of full scale.
    pub level_dbfs: f64,
    /// The largest sample in dB of full scale.
    pub peak_dbfs: f64,
    /// Mean of the samples, as a part of full scale.
    pub offset: f64,
    /// Samples at full scale.
    pub clipped: u64,
    /// Samples in all.
    pub samples: u64,
}

impl Meter {
    /// Takes the next samples.
    pub fn push(&mut self, samples: &[f32]) {
        self.samples += samples.len() as u64;
        for &sample in samples {
            self.clipped += u64::from(sample.abs() >= CLIPPED);
            self.peak = self.peak.max(sample.abs());
            self.sum += f64::from(sample);
            self.squares += f64::from(sample) * f64::from(sample);
        }
    }

    /// What was found so far.
    #[must_use]
    pub fn measured(&self) -> Measured {
        let count = self.samples.max(1) as f64;
        Measured {
            level_dbfs: dbfs((self.squares / count).sqrt()),
            peak_dbfs: dbfs(self.peak.into()),
            offset: self.sum / count,
            clipped: self.clipped,
            samples: self.samples,
        }
    }
}

/// A part of full scale in dB, not below [`FLOOR_DBFS`].
#[must_use]
pub fn dbfs(amplitude: f64) -> f64 {
    (20.0 * amplitude.log10()).max(FLOOR_DBFS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(samples: &[f32]) -> Measured {
        let mut meter = Meter::default();
        meter.push(samples);
        meter.measured()
    }

    #[test]
    fn a_square_wave_of_a_tenth_is_minus_twenty() {
        let measured = measure(&[0.1, -0.1, 0.1, -0.1]);
        assert!((measured.level_dbfs + 20.0).abs() < 1e-6 && (measured.peak_dbfs + 20.0).abs() < 1e-6);
        assert_eq!((measured.clipped, measured.offset), (0, 0.0));
    }

    #[test]
    fn silence_and_nothing_at_all_are_the_floor() {
        assert_eq!(measure(&[0.0; 8]).level_dbfs, FLOOR_DBFS);
        assert_eq!(measure(&[]).level_dbfs, FLOOR_DBFS);
    }

    #[test]
    fn samples_at_full_scale_are_clipped() {
        assert_eq!(measure(&[-1.0, 32_767.0 / 32_768.0, 0.99]).clipped, 2);
    }

    #[test]
    fn an_offset_is_the_mean() {
        assert_eq!(measure(&[0.25, 0.75]).offset, 0.5);
    }
}
