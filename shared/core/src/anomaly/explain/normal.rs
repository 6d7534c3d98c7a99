//! Spectra of normal sound, and how far a spectrum departs from the most similar of them.

use super::spectrum::{SPECTRUM_LEN, Spectrum};
use monitor_tflite::Scalars;

/// Most deviations by which one band counts against a reference: a fault in some bands must not decide which is the most similar.
const MOST: f32 = 3.0;
/// Bands as which the level counts.
const LEVEL_WEIGHT: f32 = 8.0;

/// Spectra of normal sound, borrowed from the anomaly tables.
#[derive(Debug, Clone, Copy)]
pub struct NormalSpectra<'m> {
    /// Standard deviation of the level of unseen normal sound about its reference, in dB; above 0.
    pub level_deviation: f32,
    /// The same of each band once the level is taken out: `[SPECTRUM_LEN]`, above 0.
    pub deviations: Scalars<'m, f32>,
    /// Mean spectra of clusters of normal sound in dB: `[references x SPECTRUM_LEN]`, at least one.
    pub references: Scalars<'m, f32>,
}

/// Difference of a spectrum from its reference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Departure {
    /// The reference, by number.
    pub reference: usize,
    /// Change of the level in dB: the lower quartile over the bands. Faults add sound to more bands than they take it from.
    pub level: f32,
    /// Change of each band in dB beyond that of the level.
    pub bands: Spectrum,
}

impl NormalSpectra<'_> {
    /// Number of references.
    pub fn count(&self) -> usize {
        self.references.len() / SPECTRUM_LEN
    }

    /// The departure of `spectrum` from the most similar reference: the one with the least sum over the bands of the change in
    /// deviations, of which each band counts up to 3, and the level as eight bands.
    pub fn departure(&self, spectrum: &Spectrum) -> Departure {
        let mut found = Departure { reference: 0, level: 0.0, bands: [0.0; SPECTRUM_LEN] };
        let mut least = f32::INFINITY;
        for (reference, raw) in self.references.raw().chunks_exact(4 * SPECTRUM_LEN).enumerate() {
            let mut bands = *spectrum;
            bands.iter_mut().zip(Scalars::<f32>::new(raw).iter()).for_each(|(band, normal)| *band -= normal);
            let level = lower_quartile(&bands);
            bands.iter_mut().for_each(|band| *band -= level);
            let parts = bands.iter().zip(self.deviations.iter());
            let counted = |change: f32, deviation: f32| libm::fminf(libm::fabsf(change) / deviation, MOST);
            let shape: f32 = parts.map(|(band, deviation)| counted(*band, deviation)).sum();
            let sum = shape + LEVEL_WEIGHT * counted(level, self.level_deviation);
            if sum < least {
                (least, found) = (sum, Departure { reference, level, bands });
            }
        }
        found
    }
}

/// The value that a quarter of the bands is below.
fn lower_quartile(bands: &Spectrum) -> f32 {
    let mut sorted = *bands;
    *sorted.select_nth_unstable_by(SPECTRUM_LEN / 4, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn le(numbers: &[f32]) -> std::vec::Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    #[test]
    fn a_change_of_the_level_is_in_no_band_and_a_loud_band_does_not_choose_the_reference() {
        let flat = [-50.0; SPECTRUM_LEN];
        let tilted: Spectrum = core::array::from_fn(|band| -50.0 + 0.3 * band as f32);
        let (references, deviations) = (le(&[flat, tilted].concat()), le(&[1.0; SPECTRUM_LEN]));
        let (deviations, references) = (Scalars::new(&deviations), Scalars::new(&references));
        let normal = NormalSpectra { level_deviation: 1.0, deviations, references };
        let mut sound = tilted.map(|level| level + 6.0);
        sound[20] += 30.0;
        let Departure { reference, level, bands } = normal.departure(&sound);
        assert_eq!((reference, level.round()), (1, 6.0));
        assert!((bands[20] - 30.0).abs() < 1e-3, "{bands:?}");
        assert!(bands.iter().enumerate().all(|(band, change)| band == 20 || change.abs() < 1e-3), "{bands:?}");
    }
}
