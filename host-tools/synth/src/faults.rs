//! Faults of a machine, for measuring anomaly detection.
//!
//! Their sound is added to a normal machine at a normal duty and follows its shaft.

use super::rotor::{Turn, wrap};
use super::state::{Duty, Material};
use super::tones::{Harmonics, sine};
use monitor_sound::filters::{Band, Biquad, Follow};
use monitor_sound::rng::Rng;

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
            rattle: Band::new(rate, ring_hz, 1.2),
            envelope: Follow::new(rate, 0.004, 0.0),
            tone: Harmonics::new([1.0, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.3]),
        }
    }

    /// Returns the next sample of the machine with the fault.
    pub(crate) fn next(&mut self, sound: f64, turn: Turn, rng: &mut Rng) -> f64 {
        let pace_hz = if self.fault == Fault::Knock { self.pace } else { self.pace * turn.hz };
        let before = self.turns;
        self.turns = wrap(before + pace_hz / self.rate);
        let passed = self.turns < before;
        let level = self.severity * (turn.speed * turn.speed).min(1.0);
        match self.fault {
            Fault::Bearing | Fault::Knock => {
                let strike = if passed { self.strike * level * rng.range(0.6, 1.2) } else { 0.0 };
                sound + self.ring.next(strike)
            }
            Fault::Imbalance => sound * (1.0 + 0.75 * sine(self.turns)) + level * self.tone.at(self.turns),
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
