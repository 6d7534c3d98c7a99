//! Second-order filters, first-order smoothing and shaped noise.
//!
//! Coefficients from R. Bristow-Johnson's "Cookbook formulae for audio EQ biquad filter coefficients".

use std::f64::consts::PI;

use crate::rng::Rng;

/// A second-order section, transposed direct form II.
#[derive(Debug, Clone)]
pub struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    state: [f64; 2],
}

impl Biquad {
    /// Low-pass filter with its corner at `hz`, for samples at `rate` Hz.
    pub fn low_pass(rate: f64, hz: f64, q: f64) -> Self {
        let (cos, alpha) = angles(rate, hz, q);
        let edge = (1.0 - cos) / 2.0;
        Self::scaled([edge, 1.0 - cos, edge], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    }

    /// High-pass filter with its corner at `hz`.
    pub fn high_pass(rate: f64, hz: f64, q: f64) -> Self {
        let (cos, alpha) = angles(rate, hz, q);
        let edge = (1.0 + cos) / 2.0;
        Self::scaled([edge, -1.0 - cos, edge], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    }

    /// Band-pass filter with gain 1 at `hz`. With a high `q` it rings like a resonance.
    pub fn band_pass(rate: f64, hz: f64, q: f64) -> Self {
        let (cos, alpha) = angles(rate, hz, q);
        Self::scaled([alpha, 0.0, -alpha], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    }

    /// Peaking filter: changes the level around `hz` by `decibels`.
    pub fn peak(rate: f64, hz: f64, q: f64, decibels: f64) -> Self {
        let (cos, alpha) = angles(rate, hz, q);
        let gain = libm::pow(10.0, decibels / 40.0);
        Self::scaled(
            [1.0 + alpha * gain, -2.0 * cos, 1.0 - alpha * gain],
            [1.0 + alpha / gain, -2.0 * cos, 1.0 - alpha / gain],
        )
    }

    fn scaled(b: [f64; 3], [a0, a1, a2]: [f64; 3]) -> Self {
        Self { b: b.map(|b| b / a0), a: [a1 / a0, a2 / a0], state: [0.0; 2] }
    }

    /// Returns the next sample.
    pub fn next(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.state[0];
        self.state[0] = self.b[1] * x - self.a[0] * y + self.state[1];
        self.state[1] = self.b[2] * x - self.a[1] * y;
        y
    }
}

/// Cosine of the angle of `hz` and the cookbook's alpha. Frequencies above 0.45 times the rate are lowered to that.
fn angles(rate: f64, hz: f64, q: f64) -> (f64, f64) {
    let angle = 2.0 * PI * hz.min(0.45 * rate) / rate;
    (libm::cos(angle), libm::sin(angle) / (2.0 * q))
}

/// First-order low-pass filter: follows its input with a time constant.
#[derive(Debug, Clone)]
pub struct Follow {
    step: f64,
    value: f64,
}

impl Follow {
    /// A filter that covers 63 % of a step within `seconds`, beginning at the value `start`.
    pub fn new(rate: f64, seconds: f64, start: f64) -> Self {
        Self { step: 1.0 - libm::exp(-1.0 / (rate * seconds)), value: start }
    }

    /// Returns the next sample.
    pub fn next(&mut self, x: f64) -> f64 {
        self.value += (x - self.value) * self.step;
        self.value
    }
}

/// Band-limited noise of RMS 1 at any sample rate.
#[derive(Debug, Clone)]
pub struct Band {
    filter: Biquad,
    gain: f64,
}

impl Band {
    /// Noise centred on `hz`.
    pub fn new(rate: f64, hz: f64, q: f64) -> Self {
        let hz = hz.min(0.45 * rate);
        // The noise bandwidth of the section is about pi / 2 * hz / q, a share of half the rate.
        Self { filter: Biquad::band_pass(rate, hz, q), gain: libm::sqrt(q * rate / (PI * hz)) }
    }

    /// Returns the next sample.
    pub fn next(&mut self, rng: &mut Rng) -> f64 {
        self.filter.next(rng.noise()) * self.gain
    }
}

/// Slow noise of RMS 1: variation of loads and levels.
#[derive(Debug, Clone)]
pub struct Wander {
    follow: Follow,
    gain: f64,
}

impl Wander {
    /// Noise below about `hz`.
    pub fn new(rate: f64, hz: f64) -> Self {
        let follow = Follow::new(rate, 1.0 / (2.0 * PI * hz), 0.0);
        // Variance of a first-order follower of white noise: step / (2 - step).
        let gain = libm::sqrt((2.0 - follow.step) / follow.step);
        Self { follow, gain }
    }

    /// Returns the next sample.
    pub fn next(&mut self, rng: &mut Rng) -> f64 {
        self.follow.next(rng.noise()) * self.gain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rms(mut next: impl FnMut() -> f64) -> f64 {
        (0..20_000).for_each(|_| _ = next());
        libm::sqrt((0..200_000).map(|_| next()).map(|x| x * x).sum::<f64>() / 200_000.0)
    }

    #[test]
    fn a_band_of_noise_has_rms_1_at_any_rate() {
        for (rate, hz, q) in [(48_000.0, 600.0, 0.8), (48_000.0, 3_000.0, 2.0), (16_000.0, 600.0, 0.8)] {
            let (mut band, mut rng) = (Band::new(rate, hz, q), Rng::new(1, &[]));
            let level = rms(|| band.next(&mut rng));
            assert!((level - 1.0).abs() < 0.15, "{rate} {hz} {q}: {level}");
        }
    }

    #[test]
    fn a_peak_raises_its_frequency_and_leaves_others() {
        let gain = |hz: f64| {
            let mut filter = Biquad::peak(48_000.0, 3_000.0, 2.0, 6.0);
            let mut angle = 0.0;
            let mut tone = || {
                angle += 2.0 * PI * hz / 48_000.0;
                filter.next(libm::sin(angle))
            };
            rms(&mut tone) * std::f64::consts::SQRT_2
        };
        assert!((gain(3_000.0) - 1.995).abs() < 0.02);
        assert!((gain(100.0) - 1.0).abs() < 0.02);
    }
}
