//! How loud the sound is, and what is wrong with it: level, peak, offset, clipping.
//!
//! Sums are f64 in the order of the samples. Levels are dB of full scale by RMS: a full-scale square wave is 0, a sine
//! -3.01, silence [`FLOOR_DBFS`].

use monitor_core::pcm::Channel;
use serde::Serialize;

use super::{Block, Mono};

/// What silence is reported as.
pub(crate) const FLOOR_DBFS: f64 = -120.0;

/// From this size on a sample counts as clipped. Converters clip at their last code or a few before it.
pub(crate) const CLIPPED: f32 = 0.9995;

/// Measures a stretch of mono sound.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter {
    samples: u64,
    sum: f64,
    squares: f64,
    peak: f32,
}

/// What a [`Meter`] found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Measured {
    /// RMS level in dB of full scale.
    pub level_dbfs: f64,
    /// The largest sample in dB of full scale.
    pub peak_dbfs: f64,
    /// Mean of the samples, as a part of full scale.
    pub offset: f64,
    /// Samples in all.
    pub samples: u64,
}

impl Meter {
    /// Takes the next samples.
    pub(crate) fn push(&mut self, samples: &[f32]) {
        self.samples += samples.len() as u64;
        for &sample in samples {
            self.peak = self.peak.max(sample.abs());
            self.sum += f64::from(sample);
            self.squares += f64::from(sample) * f64::from(sample);
        }
    }

    /// What was found so far.
    #[must_use]
    pub(crate) fn measured(&self) -> Measured {
        let count = self.samples.max(1) as f64;
        Measured {
            level_dbfs: dbfs((self.squares / count).sqrt()),
            peak_dbfs: dbfs(self.peak.into()),
            offset: self.sum / count,
            samples: self.samples,
        }
    }
}

/// Counts clipped samples on every channel of the device: in the mean of several a clipped one is well below full scale.
#[derive(Debug, Default)]
pub(crate) struct Clipping {
    channels: Vec<Mono>,
    clipped: u64,
}

impl Clipping {
    /// Takes the next block.
    pub(crate) fn push(&mut self, block: &Block<'_>) {
        self.channels.resize_with(block.spec.channels.into(), || Mono::new(Channel::Average));
        for (number, channel) in self.channels.iter_mut().enumerate() {
            channel.choose(Channel::Pick(number as u16));
            // Never fails: as many as there are channels.
            let samples = channel.decode(block).unwrap_or_default();
            self.clipped += samples.iter().filter(|sample| sample.abs() >= CLIPPED).count() as u64;
        }
    }

    /// Clipped samples so far, of all channels.
    #[must_use]
    pub(crate) const fn clipped(&self) -> u64 {
        self.clipped
    }
}

/// A part of full scale in dB, not below [`FLOOR_DBFS`].
#[must_use]
pub(crate) fn dbfs(amplitude: f64) -> f64 {
    (20.0 * libm::log10(amplitude)).max(FLOOR_DBFS)
}

#[cfg(test)]
mod tests {
    use monitor_core::pcm::SampleFormat;

    use super::*;
    use crate::capture::StreamSpec;

    fn measure(samples: &[f32]) -> Measured {
        let mut meter = Meter::default();
        meter.push(samples);
        meter.measured()
    }

    #[test]
    fn a_square_wave_of_a_tenth_is_minus_twenty() {
        let measured = measure(&[0.1, -0.1, 0.1, -0.1]);
        assert!((measured.level_dbfs + 20.0).abs() < 1e-6 && (measured.peak_dbfs + 20.0).abs() < 1e-6);
        assert_eq!(measured.offset, 0.0);
    }

    #[test]
    fn silence_and_nothing_at_all_are_the_floor() {
        assert_eq!(measure(&[0.0; 8]).level_dbfs, FLOOR_DBFS);
        assert_eq!(measure(&[]).level_dbfs, FLOOR_DBFS);
    }

    #[test]
    fn a_sample_at_full_scale_is_clipped_on_whichever_channel() {
        let spec = StreamSpec {
            format: SampleFormat::S16,
            channels: 2,
            rate: 48_000,
            period_frames: 480,
            buffer_frames: 9600,
        };
        let bytes: Vec<u8> = [0, i16::MAX, i16::MIN, 5, 32_000, 0].iter().flat_map(|s: &i16| s.to_le_bytes()).collect();
        let mut clipping = Clipping::default();
        let recorded = core::time::Duration::ZERO;
        clipping.push(&Block { spec, first_frame: 0, lost_before: 0, recorded, bytes: &bytes });
        assert_eq!(clipping.clipped(), 2);
    }

    #[test]
    fn an_offset_is_the_mean() {
        assert_eq!(measure(&[0.25, 0.75]).offset, 0.5);
    }
}
