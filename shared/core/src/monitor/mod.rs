//! The monitor: samples in, events out.
//!
//! [`Monitor`] owns everything between decoded samples and what a person is shown, so that the device, its self-test and
//! the workstation's tools follow a machine in the same way:
//!
//! ```text
//! samples -> Intake (microphone check, front end) -> BackEnd (features, head, anomaly score) -> Judge (decision, alarms) -> events
//! ```
//!
//! The three parts are public because two callers take them apart. The device replaces the model while sound goes on:
//! [`Monitor::into_parts`] keeps intake and judge. `predict` computes windows on all cores: it takes the windows of
//! [`Intake::process`], computes them in several back ends, and passes the verdicts to the judge in order.
//!
//! Nothing allocates or locks after construction.

mod event;
mod explainer;
mod intake;
mod judge;
#[cfg(test)]
mod one_class_tests;
mod settings;
#[cfg(test)]
mod tests;

pub use event::{AlarmCause, Event};
pub use intake::{AudioBlock, Intake};
pub use judge::Judge;
pub use settings::{AlarmStates, Settings};

use crate::anomaly::Persistence;
use crate::gain::Gain;
use crate::pipeline::BackEnd;

/// Samples in, events out. See the [module](self).
#[derive(Debug)]
pub struct Monitor<'s, 'm> {
    intake: Intake<'s>,
    back: BackEnd<'m>,
    judge: Judge,
}

impl<'s, 'm> Monitor<'s, 'm> {
    /// A monitor of three parts. `judge` must have been made for the classes of `back`'s classifier.
    pub fn new(intake: Intake<'s>, back: BackEnd<'m>, judge: Judge) -> Self {
        Self { intake, back, judge }
    }

    /// Measures [`crate::pipeline::Verdict::inference_ns`] by a clock in nanoseconds.
    pub fn set_clock(&mut self, now_ns: fn() -> u64) {
        self.back.set_clock(now_ns);
    }

    /// Takes the monitor apart, to go on with another model: the parts keep state, alarms and the position in the sound.
    pub fn into_parts(self) -> (Intake<'s>, Judge) {
        (self.intake, self.judge)
    }

    /// Processes a block of samples and calls `on_event` for everything that follows from them, in order.
    pub fn process(&mut self, block: AudioBlock<'_>, mut on_event: impl FnMut(&Event<'_>)) {
        let Self { intake, back, judge } = self;
        intake.announce_gap(&block, &mut on_event);
        let was_dead = intake.microphone_is_dead();
        intake.process(block, |ready, microphone_dead| {
            back.compute_ready(ready, |verdict| judge.conclude(verdict, microphone_dead, &mut on_event));
        });
        judge.microphone(was_dead, intake, &mut on_event);
    }

    /// Processes a block without computing the windows that it completes, for a device that is behind; returns how many
    /// windows it skipped. The microphone check and gaps still yield events.
    pub fn skip(&mut self, block: AudioBlock<'_>, mut on_event: impl FnMut(&Event<'_>)) -> u64 {
        let Self { intake, judge, .. } = self;
        intake.announce_gap(&block, &mut on_event);
        let was_dead = intake.microphone_is_dead();
        let mut skipped = 0;
        intake.process(block, |_, _| skipped += 1);
        judge.microphone(was_dead, intake, &mut on_event);
        skipped
    }

    /// Ends the stream: calls `on_event` for windows that end within the resampler's look-ahead of the last sample.
    pub fn finish(&mut self, mut on_event: impl FnMut(&Event<'_>)) {
        let Self { intake, back, judge } = self;
        intake.finish(|ready, microphone_dead| {
            back.compute_ready(ready, |verdict| judge.conclude(verdict, microphone_dead, &mut on_event));
        });
    }

    /// Replaces levels and persistence of the alarm by the anomaly score; see [`Judge::set_sensitivity`].
    pub fn set_sensitivity(&mut self, warning_level: f32, alarm_level: f32, persistence: Persistence, hop_s: f32) {
        self.judge.set_sensitivity(warning_level, alarm_level, persistence, hop_s);
    }

    /// The input gain of the model.
    pub fn gain(&self) -> Gain {
        self.back.classifier().gain()
    }

    /// The microphone check and the front end.
    pub fn intake(&self) -> &Intake<'s> {
        &self.intake
    }
}
