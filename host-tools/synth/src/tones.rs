//! Harmonic tones from one phase.
//!
//! A table of one sine period by `libm`, linearly interpolated: error below 4e-7, the same bits everywhere.

use std::f64::consts::PI;
use std::sync::LazyLock;

const STEPS: usize = 4096;

static SINE: LazyLock<Vec<f64>> =
    LazyLock::new(|| (0..=STEPS).map(|step| libm::sin(2.0 * PI * step as f64 / STEPS as f64)).collect());

/// The sine of an angle in turns, from 0 up.
pub(crate) fn sine(turns: f64) -> f64 {
    let position = (turns - turns as u64 as f64) * STEPS as f64;
    let step = (position as usize).min(STEPS - 1);
    let table: &[f64] = &SINE;
    table[step] + (table[step + 1] - table[step]) * (position - step as f64)
}

/// Amplitudes of the harmonics of one tone, with a total RMS of 1.
#[derive(Debug, Clone)]
pub(crate) struct Harmonics {
    amplitudes: Vec<f64>,
}

impl Harmonics {
    /// Harmonics 1, 2, ... of these relative amplitudes.
    pub(crate) fn new(relative: impl IntoIterator<Item = f64>) -> Self {
        let amplitudes: Vec<f64> = relative.into_iter().collect();
        let power: f64 = amplitudes.iter().map(|a| a * a / 2.0).sum();
        let scale = 1.0 / libm::sqrt(power.max(1e-12));
        Self { amplitudes: amplitudes.into_iter().map(|a| a * scale).collect() }
    }

    /// The tone at a phase of its fundamental, in turns from 0 up.
    pub(crate) fn at(&self, turns: f64) -> f64 {
        // sin((n + 1) x) = 2 cos(x) sin(n x) - sin((n - 1) x)
        let double_cosine = 2.0 * sine(turns + 0.25);
        let (mut before, mut now) = (0.0, sine(turns));
        let mut sum = 0.0;
        for amplitude in &self.amplitudes {
            sum += amplitude * now;
            (before, now) = (now, double_cosine * now - before);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmonics_equal_their_sines() {
        let harmonics = Harmonics::new([1.0, 0.5, 0.0, 0.25]);
        let scale = libm::sqrt(2.0 / (1.0 + 0.25 + 0.0625));
        for step in 0..100 {
            let turns = step as f64 * 0.0371;
            let angle = 2.0 * PI * turns;
            let expected = libm::sin(angle) + 0.5 * libm::sin(2.0 * angle) + 0.25 * libm::sin(4.0 * angle);
            assert!((harmonics.at(turns) - expected * scale).abs() < 1e-5);
        }
    }
}
