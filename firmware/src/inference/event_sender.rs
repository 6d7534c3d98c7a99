//! The way of an event from the inference thread: counted, then sent to all sinks.

use std::sync::atomic::Ordering::Relaxed;

use monitor_core::decision::Decided;
use monitor_core::monitor::{AlarmCause, Event};
use monitor_core::pipeline::Verdict;
use monitor_model::explanation;
use monitor_wire::{self as wire, Gap, StateChange};

use super::Progress;
use crate::reporting::{self, Outboxes, Window};

/// Counts and sends events.
#[derive(Clone, Copy)]
pub(super) struct EventSender<'a> {
    /// Counters of inference, and its alarms.
    pub(super) progress: &'a Progress,
    /// The queues of the sinks.
    pub(super) outboxes: &'a Outboxes,
}

impl EventSender<'_> {
    /// Sends an event to all sinks. Only a recording that is played as fast as possible waits for its reader, and not once
    /// the program stops.
    pub(super) fn report(self, event: &reporting::Event<'_>) {
        let control = &self.progress.control;
        self.outboxes.send_or_wait(event, || {
            control.held.store(true, Relaxed);
            !control.is_stopped()
        });
        control.held.store(false, Relaxed);
    }

    /// Counts an event of the monitor and sends it.
    pub(super) fn monitor_event(self, event: &Event<'_>) {
        let Self { progress, .. } = self;
        let report = match *event {
            Event::Gap { index, lost_frames } => {
                progress.counters.gaps.fetch_add(1, Relaxed);
                progress.counters.lost_frames.fetch_add(lost_frames, Relaxed);
                reporting::Event::Gap(Gap { index, lost_frames })
            }
            Event::Window { verdict, decided, anomaly, zone, microphone_dead } => {
                if let Some(class) = followed(verdict, decided, microphone_dead) {
                    progress.trend.count(class, anomaly, verdict.level_dbfs);
                }
                let window = Window::new(verdict, decided, anomaly.zip(zone));
                progress.window(window.inference_us);
                reporting::Event::Window(window)
            }
            Event::StateChange { index, previous, state, confidence } => reporting::Event::StateChange(StateChange {
                index,
                previous: previous.class(),
                state: state.class(),
                confidence,
            }),
            Event::Warning { index, active, state, ref explanation } => {
                progress.counters.warning.store(active, Relaxed);
                let (state, explanation) = (state.class(), explanation::wire(explanation));
                reporting::Event::Warning(wire::Warning { active, state, index, explanation })
            }
            Event::Alarm { index, cause, active, state, ref explanation } => {
                let cause = match cause {
                    AlarmCause::State => wire::AlarmCause::State,
                    AlarmCause::Anomaly => wire::AlarmCause::Anomaly,
                    AlarmCause::Microphone => wire::AlarmCause::Microphone,
                };
                let alarm = progress.alarms.change(cause as u8, active, state.class(), index);
                reporting::Event::Alarm(wire::Alarm { explanation: explanation::wire(explanation), ..alarm })
            }
        };
        self.report(&report);
    }
}

/// The class to whose day a window counts: a steady state with whole sound. The state of a model of one class is unknown during
/// its alarm, and those windows are its own.
pub fn followed(verdict: &Verdict<'_>, decided: Decided, microphone_dead: bool) -> Option<usize> {
    let whole = !microphone_dead && !verdict.spans_gap;
    let class =
        if verdict.probabilities.len() == 1 { Some(0) } else { decided.state.class().filter(|_| decided.steady) };
    class.filter(|_| whole).map(usize::from)
}
