//! The sound of material under the tool: cutting noise and impacts.

use super::rotor::Turn;
use super::state::Material;
use monitor_sound::filters::{Band, Biquad, Follow};
use monitor_sound::rng::Rng;

/// Time constant of a material's noise when the duty changes, in seconds.
const CHANGE_S: f64 = 0.08;

/// Material under the tool; continues after its duty until it has decayed.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    material: Material,
    rate: f64,
    present: Follow,
    noise: Band,
    rings: [Biquad; 3],
    /// Amplitude of an impulse that makes each resonance ring with peak 1.
    strike: [f64; 3],
}

impl Work {
    /// `material` under the tool, from the start if `steady`.
    pub(crate) fn new(rate: f64, material: Material, steady: bool) -> Self {
        let (hz, q) = material.noise_band;
        // The impulse response of the resonance starts at about 2 pi hz / (q rate).
        let strike = material.rings.map(|(hz, q)| q * rate / (2.0 * std::f64::consts::PI * hz.min(0.45 * rate)));
        Self {
            present: Follow::new(rate, CHANGE_S, f64::from(u8::from(steady))),
            noise: Band::new(rate, hz, q),
            rings: material.rings.map(|(hz, q)| Biquad::band_pass(rate, hz, q)),
            strike,
            rate,
            material,
        }
    }

    /// Returns the next sample; `active` while the tool is in the material.
    pub(crate) fn next(&mut self, active: bool, turn: Turn, duty_load: f64, rng: &mut Rng) -> f64 {
        let present = self.present.next(if active { turn.speed.min(1.0) } else { 0.0 });
        let grip = present * (turn.load / duty_load.max(0.05)).min(2.5);
        let noise = self.material.noise * grip * self.noise.next(rng);
        let hit = present > 0.05 && rng.chance(self.material.impacts / self.rate);
        // Few impacts are strong, many are weak.
        let impact = if hit { self.material.impact * grip * (0.3 + 2.5 * rng.unit() * rng.unit()) } else { 0.0 };
        let ringing: f64 =
            self.rings.iter_mut().zip(self.strike).map(|(ring, strike)| ring.next(impact * strike)).sum();
        noise + ringing
    }
}
