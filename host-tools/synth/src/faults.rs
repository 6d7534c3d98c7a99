//! Faults of a machine, for measuring anomaly detection.
//!
//! Their sound is added to a normal machine at a normal duty and follows its shaft.

use super::rotor::{Turn, wrap};
use super::state::{Duty, Material};
use super::tones::{Harmonics, sine};
use monitor_sound::filters::{Band, Biquad, Follow};
use monitor_sound::rng::Rng;

/// Quality of a panel's rattle.
const RATTLE_Q: f64 = 1.2;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A pit in a bearing's outer race: each passing ball excites a resonance.
    Bearing,
    /// A loose part knocks a few times per second.
    Knock,
    /// The rotor is out of balance: all sound is modulated by the shaft.
    Imbalance,
    /// A loose panel rattles with the shaft.
    Panel,
    /// A load far above normal, in unknown material, with squeal.
    Load,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 5] = [Self::Bearing, Self::Knock, Self::Imbalance, Self::Panel, Self::Load];

    /// Name of the class.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Bearing => "fault_bearing_tone",
            Self::Knock => "fault_knock",
            Self::Imbalance => "fault_imbalance",
            Self::Panel => "fault_loose_panel",
            Self::Load => "fault_unseen_load",
        }
    }

    /// The duty under the fault: only [`Fault::Load`] changes a normal duty.
    pub fn duty(self, normal: Duty, rng: &mut Rng) -> Duty {
        if self != Self::Load {
            return normal;
        }
        Duty {
            running: true,
            load: rng.range(1.6, 2.2),
            wander: (rng.range(4.0, 7.0), rng.range(0.3, 0.5)),
            chatter: (rng.range(26.0, 38.0), rng.range(0.4, 0.7)),
            material: Some(Material {
                noise_band: (rng.range(1_100.0, 1_700.0), rng.range(2.0, 4.0)),
                noise: rng.decibels(2.0, 8.0),
                impacts: rng.range(30.0, 60.0),
                impact: rng.range(0.3, 0.8),
                rings: [(350.0, 12.0), (1_250.0, 20.0), (2_100.0, 20.0)],
            }),
        }
    }
}

/// A range of frequencies in Hz: lower and upper edge.
pub type BandHz = [f64; 2];

/// The sound of a fault in a running machine.
#[derive(Debug, Clone)]
pub(crate) struct FaultSound {
    fault: Fault,
    rate: f64,
    /// Amplitude relative to the idling machine's RMS of 1.
    severity: f64,
    /// Repetition rate in orders of the shaft, or in Hz if independent of the shaft.
    pace: f64,
    turns: f64,
    ring: Biquad,
    strike: f64,
    /// Centre in Hz and quality of the resonance.
    resonance: (f64, f64),
    rattle: Band,
    envelope: Follow,
    tone: Harmonics,
}

impl FaultSound {
    /// Draws a fault of random severity.
    pub(crate) fn draw(rate: f64, fault: Fault, rng: &mut Rng) -> Self {
        let (pace, ring_hz, q, severity) = match fault {
            // 3.05 to 3.6 passes per turn: outer race of bearings with 8 to 9 balls.
            Fault::Bearing => (rng.range(3.05, 3.6), rng.range(4_800.0, 6_400.0), 16.0, rng.range(4.0, 7.0)),
            Fault::Knock => (rng.range(4.0, 9.0), rng.range(220.0, 420.0), 9.0, rng.range(9.0, 15.0)),
            Fault::Imbalance => (1.0, 250.0, 4.0, rng.range(3.0, 5.0)),
            Fault::Panel => (1.0, rng.range(1_200.0, 2_400.0), 5.0, rng.range(3.0, 5.0)),
            Fault::Load => (rng.range(23.0, 29.0), 1_400.0, 6.0, rng.range(0.8, 1.4)),
        };
        Self {
            fault,
            rate,
            severity,
            pace,
            turns: rng.unit(),
            ring: Biquad::band_pass(rate, ring_hz, q),
            strike: q * rate / (2.0 * std::f64::consts::PI * ring_hz),
            resonance: (ring_hz, q),
            rattle: Band::new(rate, ring_hz, RATTLE_Q),
            envelope: Follow::new(rate, 0.004, 0.0),
            tone: Harmonics::new([1.0, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.3]),
        }
    }

    /// The frequencies that the fault adds to a machine whose shaft turns at `shaft_hz` under `duty`.
    pub(crate) fn bands(&self, shaft_hz: f64, duty: &Duty) -> Vec<BandHz> {
        match self.fault {
            Fault::Bearing | Fault::Knock => vec![half_power(self.resonance)],
            Fault::Panel => vec![half_power((self.resonance.0, RATTLE_Q))],
            // Its tones, of which the eighth is the last.
            Fault::Imbalance => vec![[shaft_hz, 8.0 * shaft_hz]],
            // The squeal's fundamental, within the unevenness of the feed, and the noise of the material.
            Fault::Load => {
                let squeal = self.pace * shaft_hz;
                let noise = duty.material.as_ref().map(|material| half_power(material.noise_band));
                [[0.9 * squeal, 1.1 * squeal]].into_iter().chain(noise).collect()
            }
        }
    }

    /// Returns the next sample of the machine with the fault, `strength` times as strong as drawn.
    pub(crate) fn next(&mut self, sound: f64, turn: Turn, strength: f64, rng: &mut Rng) -> f64 {
        let pace_hz = if self.fault == Fault::Knock { self.pace } else { self.pace * turn.hz };
        let before = self.turns;
        self.turns = wrap(before + pace_hz / self.rate);
        let passed = self.turns < before;
        let level = strength * self.severity * (turn.speed * turn.speed).min(1.0);
        match self.fault {
            Fault::Bearing | Fault::Knock => {
                let strike = if passed { self.strike * level * rng.range(0.6, 1.2) } else { 0.0 };
                sound + self.ring.next(strike)
            }
            Fault::Imbalance => {
                sound * (1.0 + 0.75 * strength.min(1.0) * sine(self.turns)) + level * self.tone.at(self.turns)
            }
            Fault::Panel => {
                // It rattles during part of each turn, and skips some turns.
                let pushed = sine(self.turns) > 0.55 && rng.chance(0.8);
                let envelope = self.envelope.next(f64::from(u8::from(pushed)));
                sound + 2.0 * level * envelope * self.rattle.next(rng)
            }
            Fault::Load => sound + level * self.tone.at(self.turns),
        }
    }
}

/// The frequencies between which a band-pass filter of this centre in Hz and quality loses less than 3 dB.
fn half_power((hz, q): (f64, f64)) -> BandHz {
    let half = 1.0 / (2.0 * q);
    let root = libm::sqrt(1.0 + half * half);
    [hz * (root - half), hz * (root + half)]
}
