//! The spectra that alarms are explained by, moved to those of one machine.

use monitor_core::anomaly::{NormalSpectra, SPECTRUM_LEN, Spectrum, WindowValues, spectrum};

/// The spectra of a model, and the sums of the windows that are most similar to each.
#[derive(Debug)]
pub(super) struct References<'m> {
    own: NormalSpectra<'m>,
    /// Number of windows and sum of their spectra, for each reference.
    sums: Vec<(usize, [f64; SPECTRUM_LEN])>,
}

impl<'m> References<'m> {
    /// The references of a model, without a window.
    pub(super) fn new(own: NormalSpectra<'m>) -> Self {
        Self { own, sums: vec![(0, [0.0; SPECTRUM_LEN]); own.count()] }
    }

    /// Adds a window of normal sound.
    pub(super) fn add(&mut self, window: &WindowValues<'_>) {
        let found: Spectrum = spectrum(window.patch, window.rumble);
        if let Some((count, sum)) = self.sums.get_mut(self.own.departure(&found).reference) {
            *count += 1;
            sum.iter_mut().zip(found).for_each(|(sum, level)| *sum += f64::from(level));
        }
    }

    /// The references as bytes: the mean of the windows of each that has `least` of them, else the model's own.
    pub(super) fn moved(&self, least: usize) -> Vec<u8> {
        let mut moved = self.own.references.raw().to_vec();
        for (reference, (count, sum)) in moved.chunks_exact_mut(4 * SPECTRUM_LEN).zip(&self.sums) {
            if *count < least {
                continue;
            }
            for (place, sum) in reference.chunks_exact_mut(4).zip(sum) {
                place.copy_from_slice(&((sum / *count as f64) as f32).to_le_bytes());
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use monitor_core::rumble::BANDS;
    use monitor_core::window::Patch;
    use monitor_tflite::Scalars;

    use super::*;

    #[test]
    fn the_reference_of_the_windows_moves_to_their_mean_and_another_stays() {
        let number = |level: f32| level.to_le_bytes().repeat(SPECTRUM_LEN);
        let tilted = (0..SPECTRUM_LEN).flat_map(|band| (band as f32 - 60.0).to_le_bytes()).collect();
        let (references, deviations) = ([number(-50.0), tilted].concat(), number(1.0));
        let (deviations, references) = (Scalars::new(&deviations), Scalars::new(&references));
        let own = NormalSpectra { level_deviation: 1.0, deviations, references };
        let mut found = References::new(own);
        let patch: Patch = [[-6.0; 64]; 96];
        let rumble = [-12.0; BANDS];
        let window = WindowValues { patch: &patch, features: &[], rumble: &rumble };
        (0..8).for_each(|_| found.add(&window));
        assert_eq!(found.moved(9), own.references.raw());
        let moved = found.moved(8);
        let moved = Scalars::<f32>::new(&moved);
        let expected = spectrum(&patch, &rumble);
        assert!(moved.iter().zip(expected).all(|(level, expected)| (level - expected).abs() < 1e-4));
        assert!(moved.iter().skip(SPECTRUM_LEN).eq(own.references.iter().skip(SPECTRUM_LEN)));
    }
}
