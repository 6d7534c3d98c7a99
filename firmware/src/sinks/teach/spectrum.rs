//! The mean spectrum of a clip and how steady it is: what tells two kinds of sound apart.

use monitor_core::log_mel::{BANDS, Column};
use monitor_core::resample::Error;
use serde::{Deserialize, Serialize};

use crate::sinks::columns::for_each_column;

/// From the unit of the log-mel columns, natural logarithms of magnitudes, to dB.
const DB: f32 = 20.0 / core::f32::consts::LN_10;

/// Mean and standard deviation of each of the 64 mel bands from 125 to 7500 Hz over a clip, in dB to a tenth.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Spectrum {
    mean_db: Vec<f32>,
    deviation_db: Vec<f32>,
}

impl Spectrum {
    /// Of mono samples at `rate_hz`; empty where they are shorter than a column.
    ///
    /// # Errors
    /// When the rate is outside 8 to 384 kHz.
    pub(crate) fn new<'a>(rate_hz: u32, parts: impl IntoIterator<Item = &'a [f32]>) -> Result<Self, Error> {
        let mut sums = Sums::default();
        for_each_column(rate_hz, parts, |column| sums.add(column))?;
        Ok(sums.spectrum())
    }

    /// The root mean square of the differences of all values, in dB; infinite to a spectrum without values.
    pub(crate) fn distance_db(&self, other: &Self) -> f32 {
        if self.mean_db.len() != BANDS || other.mean_db.len() != BANDS {
            return f32::INFINITY;
        }
        let all = |spectrum: &Self| [&spectrum.mean_db[..], &spectrum.deviation_db].concat();
        let squares = all(self).iter().zip(&all(other)).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        // Weighed as the means alone would be: deviations hardly differ between steady sounds.
        libm::sqrtf(squares / BANDS as f32)
    }
}

/// Sums over columns. In f64: the variance is a difference of large numbers.
struct Sums {
    count: u32,
    sum: [f64; BANDS],
    squares: [f64; BANDS],
}

impl Default for Sums {
    fn default() -> Self {
        Self { count: 0, sum: [0.0; BANDS], squares: [0.0; BANDS] }
    }
}

impl Sums {
    fn add(&mut self, column: &Column) {
        self.count += 1;
        for ((sum, squares), value) in self.sum.iter_mut().zip(&mut self.squares).zip(column) {
            *sum += f64::from(*value);
            *squares += f64::from(*value) * f64::from(*value);
        }
    }

    fn spectrum(&self) -> Spectrum {
        if self.count == 0 {
            return Spectrum::default();
        }
        let count = f64::from(self.count);
        let tenths = |value: f64| (value as f32 * DB * 10.0).round() / 10.0;
        let mean = |band: usize| self.sum[band] / count;
        let deviation = |band: usize| libm::sqrt((self.squares[band] / count - mean(band) * mean(band)).max(0.0));
        Spectrum {
            mean_db: (0..BANDS).map(|band| tenths(mean(band))).collect(),
            deviation_db: (0..BANDS).map(|band| tenths(deviation(band))).collect(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Noise whose neighbouring samples are averaged `smooth` times: the more, the darker.
    pub(in super::super) fn noise(seed: u32, smooth: usize, gain: f32, count: usize) -> Vec<f32> {
        let mut state = seed;
        let mut samples: Vec<f32> = (0..count + smooth)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((state >> 16) as f32 / 32_768.0 - 1.0) * gain
            })
            .collect();
        for _ in 0..smooth {
            samples = samples.windows(2).map(|two| (two[0] + two[1]) / 2.0).collect();
        }
        samples
    }

    fn spectrum(seed: u32, smooth: usize, gain: f32) -> Spectrum {
        Spectrum::new(48_000, noise(seed, smooth, gain, 240_000).chunks(480)).unwrap()
    }

    #[test]
    fn other_noise_of_the_same_colour_is_near_and_darker_louder_or_unsteady_sound_is_far() {
        let first = spectrum(1, 0, 0.2);
        let again = first.distance_db(&spectrum(2, 0, 0.2));
        assert!(again < 1.0, "{again}");
        assert!((first.distance_db(&spectrum(3, 0, 0.4)) - 6.0).abs() < 0.6);
        assert!(first.distance_db(&spectrum(4, 20, 0.2)) > 3.0);
        let mut pulses = noise(5, 0, 0.2, 240_000);
        pulses.chunks_mut(4800).step_by(2).for_each(|chunk| chunk.fill(0.0));
        assert!(first.distance_db(&Spectrum::new(48_000, [&pulses[..]]).unwrap()) > 10.0);
        assert_eq!(first.distance_db(&Spectrum::default()), f32::INFINITY);
    }

    #[test]
    fn the_text_form_is_small_and_comes_back_as_it_was() {
        let spectrum = spectrum(1, 1, 0.1);
        let text = serde_json::to_string(&spectrum).unwrap();
        assert!(text.len() < 1000, "{}", text.len());
        assert_eq!(serde_json::from_str::<Spectrum>(&text).unwrap(), spectrum);
    }
}
