//! A working machine in a place, recorded by a microphone, sample by sample.

use super::background::Background;
use super::faults::{BandHz, Fault, FaultSound};
use super::machine::Machine;
use super::room::{Microphone, Room};
use super::rotor::Rotor;
use super::state::{Duty, State};
use super::work::Work;
use monitor_sound::rng::{Rng, amplitude};

/// A part of the recording with one duty.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    /// The machine's duty, drawn for this part.
    pub duty: Duty,
    /// Length in samples.
    pub samples: u64,
    /// Strength of the fault, if there is one: 1 as drawn, 0 for none.
    pub fault: f64,
}

/// Place and settings of a recording.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    /// Distance from the microphone to the machine, in metres.
    pub distance_m: f64,
    /// Level of the idling machine in the file, in dB of full scale.
    pub level_dbfs: f64,
    /// Level of the background below the idling machine, in dB.
    pub background_db: f64,
}

impl Setup {
    /// Draws a typical setup.
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let distance_m = rng.range(0.4, 2.5);
        Self {
            distance_m,
            level_dbfs: rng.range(-38.0, -26.0),
            background_db: rng.range(20.0, 32.0) - 2.0 * distance_m,
        }
    }

    /// The same with more gain, as automatic gain control sets it in quiet places.
    pub(crate) fn turned_up(self, rng: &mut Rng) -> Self {
        Self { level_dbfs: self.level_dbfs + self.background_db * rng.range(0.2, 0.6), ..self }
    }
}

/// What a scene is made of.
pub(crate) struct SceneParts {
    /// The machine.
    pub machine: Machine,
    /// Its fault, if any.
    pub fault: Option<Fault>,
    /// Place and settings.
    pub setup: Setup,
    /// At least one part, in chronological order.
    pub stretches: Vec<Stretch>,
}

/// What is between the machine and the file.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub room: Room,
    pub background: Background,
    /// Amplitude of the background relative to the idling machine.
    pub background_level: f64,
    pub microphone: Microphone,
}

impl Heard {
    /// Draws what `setup` leaves open.
    pub(crate) fn draw(rate: f64, setup: Setup, rng: &mut Rng) -> Self {
        Self {
            room: Room::draw(rate, setup.distance_m, rng),
            background: Background::draw(rate, rng),
            background_level: amplitude(-setup.background_db),
            microphone: Microphone::draw(rate, amplitude(setup.level_dbfs), rng),
        }
    }
}

/// The sound of a recording.
pub(crate) struct Scene {
    stretches: Vec<Stretch>,
    /// The current part and its remaining samples.
    now: usize,
    left: u64,
    rate: f64,
    rotor: Rotor,
    work: Option<Work>,
    /// The material of the previous part, decaying.
    ending: Option<Work>,
    fault: Option<FaultSound>,
    heard: Heard,
    rng: Rng,
}

impl Scene {
    /// A scene of `parts`, sampled at `rate` Hz, that begins in the steady state of the first part.
    pub(crate) fn new(rate: f64, parts: SceneParts, mut rng: Rng) -> Self {
        let SceneParts { machine, fault, setup, stretches } = parts;
        let duty = stretches.first().map_or_else(|| Duty::draw(State::Off, &mut rng), |first| first.duty.clone());
        Self {
            now: 0,
            left: stretches.first().map_or(0, |first| first.samples),
            rate,
            rotor: Rotor::new(rate, machine, &duty, &mut rng),
            work: duty.material.map(|material| Work::new(rate, material, true)),
            ending: None,
            fault: fault.map(|fault| FaultSound::draw(rate, fault, &mut rng)),
            heard: Heard::draw(rate, setup, &mut rng),
            stretches,
            rng,
        }
    }

    /// The same machine and work with this fault, heard like this.
    pub(crate) fn with(self, fault: Option<FaultSound>, heard: Heard) -> Self {
        Self { fault, heard, ..self }
    }

    /// The frequencies that the fault adds, at the speed of now; none without a fault.
    pub(crate) fn fault_bands(&self) -> Vec<BandHz> {
        let duty = self.stretches.get(self.now).map(|stretch| &stretch.duty);
        self.fault.iter().zip(duty).flat_map(|(fault, duty)| fault.bands(self.rotor.hz(), duty)).collect()
    }

    /// Fills `out` with the next samples.
    pub(crate) fn fill(&mut self, out: &mut [f32]) {
        for sample in out {
            *sample = self.next() as f32;
        }
    }

    fn next(&mut self) -> f64 {
        while self.left == 0 && self.now + 1 < self.stretches.len() {
            self.change();
        }
        self.left = self.left.saturating_sub(1);
        let rng = &mut self.rng;
        let Some(Stretch { duty, fault: strength, .. }) = self.stretches.get(self.now) else { return 0.0 };
        let turn = self.rotor.turn(duty, rng);
        let mut sound = self.rotor.sound(turn, rng);
        if let Some(fault) = self.fault.as_mut().filter(|_| *strength > 0.0) {
            sound = fault.next(sound, turn, *strength, rng);
        }
        if let Some(work) = &mut self.work {
            sound += work.next(true, turn, duty.load, rng);
        }
        if let Some(work) = &mut self.ending {
            sound += work.next(false, turn, duty.load, rng);
        }
        let Heard { room, background, background_level, microphone } = &mut self.heard;
        let mixed = room.next(sound) + *background_level * background.next(rng);
        microphone.next(mixed, rng)
    }

    /// Continues with the next part.
    fn change(&mut self) {
        self.now += 1;
        let Some(stretch) = self.stretches.get(self.now) else { return };
        self.left = stretch.samples;
        self.rotor.change(&stretch.duty);
        let work = stretch.duty.material.clone().map(|material| Work::new(self.rate, material, false));
        self.ending = std::mem::replace(&mut self.work, work);
    }
}
