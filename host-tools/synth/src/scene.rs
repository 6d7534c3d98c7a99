//! A machine at work in a place, heard by a microphone: one sample after the other.

use super::background::Background;
use super::faults::{Fault, Trouble};
use super::machine::Machine;
use super::room::{Microphone, Room};
use super::rotor::Rotor;
use super::state::{Duty, State};
use super::work::Work;
use monitor_sound::rng::{Rng, amplitude};

/// A stretch of one duty.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// What the machine does, drawn for this stretch.
    pub duty: Duty,
    /// Length in samples.
    pub samples: u64,
}

/// Where and how a recording is made.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// From the microphone to the machine, in metres.
    pub distance_m: f64,
    /// Level that the idling machine has in the file, in dB of full scale.
    pub level_dbfs: f64,
    /// How far the background is below the idling machine, in dB.
    pub background_db: f64,
}

impl Setup {
    /// A setup such as people make them.
    pub fn draw(rng: &mut Rng) -> Self {
        let distance_m = rng.range(0.4, 2.5);
        Self {
            distance_m,
            level_dbfs: rng.range(-38.0, -26.0),
            background_db: rng.range(20.0, 32.0) - 2.0 * distance_m,
        }
    }

    /// The same with the gain turned up, as recorders do by themselves where little is to be heard.
    pub fn turned_up(self, rng: &mut Rng) -> Self {
        Self { level_dbfs: self.level_dbfs + self.background_db * rng.range(0.2, 0.6), ..self }
    }
}

/// The sound of a recording.
pub struct Scene {
    stretches: Vec<Stretch>,
    /// The stretch at hand and the samples left of it.
    now: usize,
    left: u64,
    rate: f64,
    rotor: Rotor,
    work: Option<Work>,
    /// The material of the stretch before, dying away.
    ending: Option<Work>,
    trouble: Option<Trouble>,
    room: Room,
    background: Background,
    background_level: f64,
    microphone: Microphone,
    rng: Rng,
}

impl Scene {
    /// A scene that plays `stretches`, of which there is at least one, and begins as if the first had long been.
    pub fn new(
        rate: f64,
        machine: Machine,
        fault: Option<Fault>,
        setup: Setup,
        stretches: Vec<Stretch>,
        mut rng: Rng,
    ) -> Self {
        let duty = stretches.first().map_or_else(|| Duty::draw(State::Off, &mut rng), |first| first.duty.clone());
        Self {
            now: 0,
            left: stretches.first().map_or(0, |first| first.samples),
            rate,
            rotor: Rotor::new(rate, machine, &duty, &mut rng),
            work: duty.material.map(|material| Work::new(rate, material, true)),
            ending: None,
            trouble: fault.map(|fault| Trouble::draw(rate, fault, &mut rng)),
            room: Room::draw(rate, setup.distance_m, &mut rng),
            background: Background::draw(rate, &mut rng),
            background_level: amplitude(-setup.background_db),
            microphone: Microphone::draw(rate, amplitude(setup.level_dbfs), &mut rng),
            stretches,
            rng,
        }
    }

    /// Fills `out` with the next samples.
    pub fn fill(&mut self, out: &mut [f32]) {
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
        let Some(Stretch { duty, .. }) = self.stretches.get(self.now) else { return 0.0 };
        let turn = self.rotor.turn(duty, rng);
        let mut sound = self.rotor.sound(turn, rng);
        if let Some(trouble) = &mut self.trouble {
            sound = trouble.next(sound, turn, rng);
        }
        if let Some(work) = &mut self.work {
            sound += work.next(true, turn, duty.load, rng);
        }
        if let Some(work) = &mut self.ending {
            sound += work.next(false, turn, duty.load, rng);
        }
        let heard = self.room.next(sound) + self.background_level * self.background.next(rng);
        self.microphone.next(heard, rng)
    }

    /// Goes on to the next stretch.
    fn change(&mut self) {
        self.now += 1;
        let Some(stretch) = self.stretches.get(self.now) else { return };
        self.left = stretch.samples;
        self.rotor.change(&stretch.duty);
        let work = stretch.duty.material.clone().map(|material| Work::new(self.rate, material, false));
        self.ending = std::mem::replace(&mut self.work, work);
    }
}
