//! One machine: properties by manufacture and wear, equal in all its recordings.

use super::tones::Harmonics;
use monitor_sound::rng::Rng;

/// Permanent properties of a machine.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    /// Speed without load, in turns per second.
    pub speed_hz: f64,
    /// Share of the speed that full load takes.
    pub dip: f64,
    /// The shaft's tones: order 1 and up.
    pub shaft: Harmonics,
    /// The fan's tones: order `blades` and its multiples.
    pub blade: Harmonics,
    /// Blades of the fan.
    pub blades: f64,
    /// The tones of the motor's poles and the gear: order `teeth` and its multiples.
    pub whine: Harmonics,
    /// Teeth of the gear.
    pub teeth: f64,
    /// Amplitudes of shaft, blade, whine and the fan's broadband noise; RMS 1 together.
    pub mix: [f64; 4],
    /// Centre in Hz and quality of the fan's noise.
    pub air: (f64, f64),
    /// Resonances of the housing: Hz, quality, decibels.
    pub housing: [(f64, f64, f64); 3],
}

impl Machine {
    /// Draws a machine of the series.
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let falling = |rng: &mut Rng, count: u32, slope: f64| {
            Harmonics::new((1..=count).map(|n| libm::pow(f64::from(n), -slope) * rng.range(0.25, 1.0)))
        };
        let shaft_slope = rng.range(0.3, 0.9);
        let blade_slope = rng.range(0.6, 1.2);
        let mix =
            [rng.decibels(-3.0, 1.0), rng.decibels(-3.0, 2.0), rng.decibels(-14.0, -7.0), rng.decibels(-8.0, -3.0)];
        let power = libm::sqrt(mix.iter().map(|part| part * part).sum());
        Self {
            speed_hz: rng.range(36.0, 48.0),
            dip: rng.range(0.08, 0.14),
            shaft: falling(rng, 16, shaft_slope),
            blade: falling(rng, 8, blade_slope),
            blades: f64::from(rng.whole(7, 9)),
            whine: falling(rng, 3, 1.0),
            teeth: f64::from(rng.whole(23, 31)),
            mix: mix.map(|part| part / power),
            air: (rng.range(800.0, 1_300.0), rng.range(0.4, 0.55)),
            housing: [(200.0, 350.0), (700.0, 1_200.0), (2_200.0, 3_500.0)]
                .map(|(low, high)| (rng.range(low, high), rng.range(2.0, 5.0), rng.range(-2.0, 4.0))),
        }
    }
}
