//! The recordings of a data set.

use std::path::PathBuf;

use super::Options;
use super::faults::Fault;
use super::machine::Machine;
use super::scene::{Scene, SceneParts, Setup, Stretch};
use super::shift;
use super::state::{Duty, State};
use monitor_sound::rng::Rng;
use monitor_sound::timeline::Timeline;

/// Purposes of random streams: each recording has its own stream, so that more recordings leave the others unchanged.
const MACHINE: u64 = 1;
const RECORDING: u64 = 2;
const SHIFT: u64 = 3;

/// The machine of the long recording differs from the others, unless there is only one: then the data set is that of a
/// monitor on one machine.
const SHIFT_MACHINE: u64 = 1_000_000;

/// The folder of the long recording.
pub(crate) const SHIFT_FOLDER: &str = "timeline";

/// A recording to synthesise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job {
    kind: Kind,
    machine: u32,
    take: u32,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Class(State),
    Fault(Fault, State),
    Shift,
}

/// A job, ready to be rendered.
pub(crate) struct Made {
    /// Path relative to the data set's folder.
    pub file: PathBuf,
    /// Its class; none for the long recording.
    pub label: Option<&'static str>,
    /// The sound.
    pub scene: Scene,
    /// Its length in samples.
    pub samples: u64,
    /// States of the long recording.
    pub timeline: Option<Timeline>,
}

/// All recordings of a data set, the longest first.
pub(crate) fn jobs(options: &Options) -> Vec<Job> {
    let takes = |kind: Kind| {
        (0..options.recordings).map(move |number| Job {
            kind,
            machine: number % options.machines,
            take: number / options.machines,
        })
    };
    let shift = (options.timeline_s > 0).then_some(Job { kind: Kind::Shift, machine: 0, take: 0 });
    let classes = State::ALL.into_iter().flat_map(|state| takes(Kind::Class(state)));
    let faults = Fault::ALL.into_iter().filter(|_| options.faults).enumerate().flat_map(|(index, fault)| {
        takes(Kind::Fault(fault, State::On)).enumerate().map(move |(number, job)| {
            // Every fault occurs at every kind of work.
            let state = [State::On, State::Soft, State::Solid][(number + index) % 3];
            Job { kind: Kind::Fault(fault, state), ..job }
        })
    });
    shift.into_iter().chain(classes).chain(faults).collect()
}

impl Job {
    /// Draws the scene.
    pub(crate) fn set(&self, options: &Options) -> Made {
        let rate = f64::from(options.rate_hz);
        let Self { kind, machine, take } = *self;
        let numbers = [u64::from(machine), u64::from(take)];
        let class_samples = u64::from(options.rate_hz) * u64::from(options.seconds);
        let single = |duty: Duty, fault: f64| vec![Stretch { duty, samples: class_samples, fault }];
        let file = |label: &str| PathBuf::from(label).join(format!("m{machine:02}_{take:03}.wav"));
        match kind {
            Kind::Class(state) => {
                let rng = &mut Rng::new(options.seed, &[RECORDING, state as u64, numbers[0], numbers[1]]);
                let setup = Setup::draw(rng);
                let setup = if state == State::Off && rng.chance(0.5) { setup.turned_up(rng) } else { setup };
                let stretches = single(Duty::draw(state, rng), 0.0);
                let machine = build(options.seed, machine.into());
                let scene = Scene::new(rate, SceneParts { machine, fault: None, setup, stretches }, rng.clone());
                let label = state.label();
                Made { file: file(label), label: Some(label), scene, samples: class_samples, timeline: None }
            }
            Kind::Fault(fault, state) => {
                let rng = &mut Rng::new(options.seed, &[RECORDING, 100 + fault as u64, numbers[0], numbers[1]]);
                let setup = Setup::draw(rng);
                let normal = Duty::draw(state, rng);
                let stretches = single(fault.duty(normal, rng), 1.0);
                let machine = build(options.seed, machine.into());
                let scene = Scene::new(rate, SceneParts { machine, fault: Some(fault), setup, stretches }, rng.clone());
                let label = fault.label();
                Made { file: file(label), label: Some(label), scene, samples: class_samples, timeline: None }
            }
            Kind::Shift => {
                let rng = &mut Rng::new(options.seed, &[SHIFT]);
                let setup = Setup::draw(rng);
                let normal = |state, rng: &mut Rng| (Duty::draw(state, rng), 0.0);
                let (stretches, timeline) = shift::draw(options.timeline_s, options.rate_hz, normal, rng);
                let samples = stretches.iter().map(|stretch| stretch.samples).sum();
                let machine = if options.machines == 1 { 0 } else { SHIFT_MACHINE };
                let machine = build(options.seed, machine);
                let scene = Scene::new(rate, SceneParts { machine, fault: None, setup, stretches }, rng.clone());
                let file = PathBuf::from(SHIFT_FOLDER).join("shift_000.wav");
                Made { file, label: None, scene, samples, timeline: Some(timeline) }
            }
        }
    }

    /// Its length, in seconds of sound.
    pub(crate) fn seconds(&self, options: &Options) -> u32 {
        if let Kind::Shift = self.kind { options.timeline_s } else { options.seconds }
    }
}

/// The machine of a number, equal in all its recordings.
pub(crate) fn build(seed: u64, number: u64) -> Machine {
    Machine::draw(&mut Rng::new(seed, &[MACHINE, number]))
}
