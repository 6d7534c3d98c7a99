//! The running machine: speed, load, tones and the noise of its fan.

use super::machine::Machine;
use super::state::Duty;
use super::tones::sine;
use monitor_sound::filters::{Band, Biquad, Follow, Wander};
use monitor_sound::rng::Rng;

/// Time constants of the speed in seconds: run-up, coasting down, change of load.
const RUN_UP_S: f64 = 0.45;
const COAST_S: f64 = 1.1;
const YIELD_S: f64 = 0.1;
/// Time constant of the feed in seconds.
const FEED_S: f64 = 0.15;
/// Depth of the fan noise's modulation by the blades.
const BLADE_DEPTH: f64 = 0.35;

/// State of the rotor at a sample.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    /// Shaft angle in turns, 0 to 1.
    pub turns: f64,
    /// Speed in turns per second.
    pub hz: f64,
    /// Speed relative to the machine's speed without load.
    pub speed: f64,
    /// Momentary load.
    pub load: f64,
}

/// A running machine.
#[derive(Debug, Clone)]
pub(crate) struct Rotor {
    machine: Machine,
    rate: f64,
    turns: f64,
    hz: f64,
    feed: Follow,
    wander: Wander,
    chatter: f64,
    air: Band,
    steps: [f64; 3],
    housing: [Biquad; 3],
}

impl Rotor {
    /// A machine in the steady state of `duty`.
    pub(crate) fn new(rate: f64, machine: Machine, duty: &Duty, rng: &mut Rng) -> Self {
        let step = |seconds: f64| 1.0 - libm::exp(-1.0 / (rate * seconds));
        let hz = if duty.running { machine.speed_hz * (1.0 - machine.dip * duty.load) } else { 0.0 };
        Self {
            rate,
            turns: rng.unit(),
            hz,
            feed: Follow::new(rate, FEED_S, duty.load),
            wander: Wander::new(rate, duty.wander.0),
            chatter: rng.unit(),
            air: Band::new(rate, machine.air.0, machine.air.1),
            steps: [RUN_UP_S, COAST_S, YIELD_S].map(step),
            housing: machine.housing.map(|(hz, q, decibels)| Biquad::peak(rate, hz, q, decibels)),
            machine,
        }
    }

    /// Changes to the unevenness of another duty; speed and feed follow with their time constants.
    pub(crate) fn change(&mut self, duty: &Duty) {
        self.wander = Wander::new(self.rate, duty.wander.0);
    }

    /// Speed of the shaft in turns per second.
    pub(crate) fn hz(&self) -> f64 {
        self.hz
    }

    /// Advances by one sample.
    pub(crate) fn turn(&mut self, duty: &Duty, rng: &mut Rng) -> Turn {
        self.chatter = wrap(self.chatter + duty.chatter.0 / self.rate);
        let uneven = duty.wander.1 * self.wander.next(rng) + duty.chatter.1 * sine(self.chatter);
        let load = self.feed.next(duty.load) * (1.0 + uneven).max(0.0);
        let wanted = if duty.running { self.machine.speed_hz * (1.0 - self.machine.dip * load) } else { 0.0 };
        let [run_up, coast, give] = self.steps;
        let step = match () {
            () if !duty.running => coast,
            () if self.hz < 0.75 * wanted => run_up,
            () => give,
        };
        self.hz += (wanted - self.hz) * step;
        self.turns = wrap(self.turns + self.hz / self.rate);
        Turn { turns: self.turns, hz: self.hz, speed: self.hz / self.machine.speed_hz, load }
    }

    /// Returns the machine's own sound: tones grow with load and with the square of the speed.
    pub(crate) fn sound(&mut self, turn: Turn, rng: &mut Rng) -> f64 {
        let machine = &self.machine;
        let [shaft, blade, whine, air] = machine.mix;
        let blade_turns = turn.turns * machine.blades;
        let tones = shaft * (1.0 + 0.8 * turn.load) * machine.shaft.at(turn.turns)
            + blade * (1.0 + 0.2 * turn.load) * machine.blade.at(blade_turns)
            // The gear's tones carry side bands of the shaft.
            + whine * (0.6 + 1.6 * turn.load)
                * (1.0 + 0.3 * sine(turn.turns))
                * machine.whine.at(turn.turns * machine.teeth);
        let noise = air * (1.0 + BLADE_DEPTH * sine(blade_turns)) * self.air.next(rng);
        let dry = turn.speed * turn.speed * (tones + noise);
        self.housing.iter_mut().fold(dry, |sound, filter| filter.next(sound))
    }
}

/// Reduces an angle in turns to 0 to 1.
pub(crate) fn wrap(turns: f64) -> f64 {
    turns - turns as u64 as f64
}
