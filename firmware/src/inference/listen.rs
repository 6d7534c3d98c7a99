//! The inference thread: pieces of sound in, reports out.
//!
//! When it is behind (more than [`LIMIT`] of sound waits, or two hops if that is more), it passes over whole windows, the
//! oldest that wait, until it is up with the sound again: the front end still hears every sample, so the next window is as
//! good as any, and what is reported is never older than that limit and one window's work. Between windows it looks for a
//! new [`Setup`]; the front end lives on through the change. In between nothing is allocated and nobody waited for.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use monitor_core::anomaly;
use monitor_core::decision::{Decision, State};
use monitor_core::listener::{BackEnd, FrontEnd, Verdict};
use monitor_core::microphone::Microphone;
use monitor_core::resample::Resampler;
use monitor_model::texts::Texts;
use monitor_nn::Block;
use monitor_wire::{AlarmCause, Gap, StateChange};

use super::alarm::StateAlarm;
use super::audio::{AudioBlock as Piece, AudioInput as Sound};
use super::{Progress, Setup, now_ns};
use crate::reporting::{DeviceInfo as Who, Event as Report, Outboxes, Window};

/// Least sound that may wait before windows are passed over.
const LIMIT: Duration = Duration::from_millis(500);

/// How long to wait for sound before looking whether to end.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// What the thread is started with.
pub struct Listening {
    /// Where the sound comes from.
    pub sound: Sound,
    /// The first setup and whom to tell.
    pub first: (Setup, Outboxes),
    /// Setups that replace it.
    pub next: Receiver<(Setup, Outboxes)>,
    /// What it has done.
    pub progress: Arc<Progress>,
}

/// Why the inner loop was left.
enum LoopExit {
    End,
    Setup(Box<(Setup, Outboxes)>),
    Rate,
}

/// What survives a change of model or rate.
struct Carried {
    decision: Option<(Decision, Texts)>,
    alarm: StateAlarm,
    /// The alarm by the anomaly score, where the model has one.
    anomaly: Option<anomaly::Alarm>,
    told: Option<Arc<Who>>,
    passing: bool,
    microphone: Microphone,
}

/// Listens until the sound ends or it is told to stop.
pub fn listen(listening: Listening) {
    let Listening { mut sound, first, next, progress } = listening;
    let mut current = first;
    let mut carried = Carried {
        decision: None,
        alarm: current.0.alarm.clone(),
        anomaly: None,
        told: None,
        passing: false,
        microphone: Microphone::new(current.0.microphone),
    };
    let (mut index, mut position) = (0, 0);
    tell(&mut carried, &current, current.0.who.rate_hz, true, &progress);
    progress.alarms.left().for_each(|alarm| say(&current.1, &progress, &Report::Alarm(alarm)));
    // One turn per rate of the input: mostly one.
    loop {
        let rate = loop {
            if progress.control.is_stopped() {
                return;
            }
            if let Ok(new) = next.try_recv() {
                current = new;
                progress.counters.setups.fetch_add(1, Relaxed);
                tell(&mut carried, &current, current.0.who.rate_hz, true, &progress);
            }
            match sound.next(POLL_INTERVAL) {
                Piece::Samples { rate, .. } => break rate,
                Piece::Nothing => {}
                Piece::End => return,
                Piece::Failed(why) => return progress.control.fail(why),
            }
        };
        sound.unread();
        let mut storage = match Resampler::storage_len(rate) {
            Ok(len) => vec![0.0; len],
            Err(error) => return progress.control.fail(format!("the sound cannot be listened to: {error}")),
        };
        let front = FrontEnd::new(rate, current.0.hop_columns, &mut storage);
        let mut front = match front {
            Ok(front) if (index, position) == (0, 0) => front,
            Ok(front) => front.continuing(index, position),
            Err(error) => return progress.control.fail(format!("the sound cannot be listened to: {error}")),
        };
        // One turn per setup.
        let mut new_setup = false;
        loop {
            tell(&mut carried, &current, rate, new_setup, &progress);
            match turn(&mut sound, &mut front, &current, &next, &progress, &mut carried) {
                LoopExit::End => return,
                LoopExit::Setup(new) => {
                    current = *new;
                    progress.counters.setups.fetch_add(1, Relaxed);
                    new_setup = true;
                    // Checked to be above 0 with the configuration.
                    let _ = front.set_hop_columns(current.0.hop_columns);
                }
                LoopExit::Rate => break,
            }
        }
        (index, position) = (front.index(), front.position());
    }
}

/// Says who speaks, if that has changed or there may be new outputs.
fn tell(carried: &mut Carried, (setup, outboxes): &(Setup, Outboxes), rate_hz: u32, anyway: bool, progress: &Progress) {
    let who = progress.rejected_updates.add_to(Who { rate_hz, ..setup.who.clone() });
    if anyway || carried.told.as_ref() != Some(&who) {
        say(outboxes, progress, &Report::Hello(Arc::clone(&who)));
        carried.told = Some(who);
    }
}

/// Tells all outputs. Only a recording that is played as fast as possible waits for its reader, and never once it is told
/// to stop.
fn say(outboxes: &Outboxes, progress: &Progress, report: &Report) {
    outboxes.send_or_wait(report, || {
        progress.control.held.store(true, Relaxed);
        !progress.control.is_stopped()
    });
    progress.control.held.store(false, Relaxed);
}

/// Listens with one setup at one rate.
fn turn(
    sound: &mut Sound,
    front: &mut FrontEnd<'_>,
    (setup, outboxes): &(Setup, Outboxes),
    next: &Receiver<(Setup, Outboxes)>,
    progress: &Progress,
    carried: &mut Carried,
) -> LoopExit {
    // The setup was checked as a whole when it was loaded; should one of these fail all the same, it ends with a word.
    let classifier = match setup.classifier() {
        Ok(classifier) => classifier,
        Err(error) => return end(progress, error),
    };
    let before = carried.anomaly.take();
    carried.anomaly = setup.anomaly_alarm(&classifier, before);
    if carried.anomaly.is_none() && before.is_some_and(|alarm| alarm.active()) {
        tell_alarm(AlarmCause::Anomaly, false, None, front.index(), outboxes, progress);
    }
    let mut arena = vec![Block::ZERO; classifier.arena_len()];
    let mut back = match BackEnd::new(classifier, &mut arena) {
        Ok(back) => back,
        Err(error) => return end(progress, error),
    };
    back.set_clock(now_ns);
    let mut decision = match carried.decision.take() {
        // The same states by the same names: the reported one stands.
        Some((mut decision, labels)) if labels == setup.who.labels => {
            decision.set_steps(setup.steps);
            if let Err(error) = decision.set_confidences(&setup.confidences) {
                return end(progress, error);
            }
            decision
        }
        before => match setup.decision() {
            Ok(decision) => {
                forget_state(before.map(|(decision, _)| decision.state()), front.index(), outboxes, progress);
                decision
            }
            Err(error) => return end(progress, error),
        },
    };
    carried.alarm.replace(&setup.alarm);
    carried.microphone.set_limits(setup.microphone);
    let hop = Duration::from_millis(10) * setup.hop_columns;
    let limit = LIMIT.max(2 * hop);
    let left = loop {
        if progress.control.is_stopped() {
            break LoopExit::End;
        }
        if let Ok(new) = next.try_recv() {
            break LoopExit::Setup(Box::new(new));
        }
        let (rate, lost_before, samples, non_finite, behind) = match sound.next(POLL_INTERVAL) {
            Piece::Samples { rate, lost_before, samples, non_finite, behind } => {
                (rate, lost_before, samples, non_finite, behind)
            }
            Piece::Nothing => continue,
            Piece::Failed(why) => {
                progress.control.fail(why);
                break LoopExit::End;
            }
            Piece::End => {
                front.finish(&mut back, |verdict| {
                    let heard = (&mut decision, carried.microphone.is_dead());
                    window(verdict, heard, &mut carried.alarm, &mut carried.anomaly, outboxes, progress);
                });
                break LoopExit::End;
            }
        };
        if rate != front.rate_hz() {
            // The same piece comes again, with what was lost before it.
            sound.unread();
            break LoopExit::Rate;
        }
        if lost_before > 0 {
            progress.counters.gaps.fetch_add(1, Relaxed);
            progress.counters.lost_frames.fetch_add(lost_before, Relaxed);
            say(outboxes, progress, &Report::Gap(Gap { index: front.index(), lost_frames: lost_before }));
            front.gap(lost_before);
        }
        progress.counters.blocks.fetch_add(1, Relaxed);
        carried.passing = behind > if carried.passing { hop.min(LIMIT) / 2 } else { limit };
        let was_dead = carried.microphone.is_dead();
        let faults = carried.microphone.hear(samples, non_finite, rate, |part, dead| {
            if carried.passing {
                progress.counters.dropped_windows.fetch_add(front.pass_over(part) as u32, Relaxed);
            } else {
                front.push(&mut back, part, |verdict| {
                    let heard = (&mut decision, dead);
                    window(verdict, heard, &mut carried.alarm, &mut carried.anomaly, outboxes, progress);
                });
            }
        });
        progress.counters.microphone.store(faults, Relaxed);
        if carried.microphone.is_dead() != was_dead {
            tell_microphone(!was_dead, &mut decision, front.index(), outboxes, progress);
        }
        progress.counters.next_index.store(front.index(), Relaxed);
    };
    carried.decision = Some((decision, setup.who.labels.clone()));
    left
}

fn end(progress: &Progress, error: impl std::fmt::Display) -> LoopExit {
    progress.control.fail(format!("the model cannot be used: {error}"));
    LoopExit::End
}

/// The states have other names now: the one that was reported is no more.
fn forget_state(before: Option<State>, index: u64, outboxes: &Outboxes, progress: &Progress) {
    if let Some(State::Class(_)) = before {
        let change = StateChange { index, previous: before.and_then(State::class), state: None, confidence: 0.0 };
        say(outboxes, progress, &Report::StateChange(change));
    }
}

/// Decides on a window and tells. What the classifier says of a `dead` microphone says nothing of the machine.
fn window(
    verdict: &Verdict<'_>,
    (decision, dead): (&mut Decision, bool),
    alarm: &mut StateAlarm,
    unlike: &mut Option<anomaly::Alarm>,
    outboxes: &Outboxes,
    progress: &Progress,
) {
    let decided = decision.hear(verdict.probabilities, dead);
    let told = Window::new(verdict, decided);
    progress.window(told.inference_us);
    say(outboxes, progress, &Report::Window(told));
    if decided.changed {
        let change = Report::StateChange(StateChange {
            index: verdict.index,
            previous: decided.previous.class(),
            state: decided.state.class(),
            confidence: decided.confidence,
        });
        say(outboxes, progress, &change);
    }
    if let Some(active) = alarm.step(decided.state) {
        tell_alarm(AlarmCause::State, active, decided.state.class(), verdict.index, outboxes, progress);
    }
    let heard = unlike.as_mut().zip(verdict.anomaly.filter(|_| !dead));
    if let Some(change) = heard.and_then(|(alarm, score)| alarm.step(score, decided.steady)) {
        let raised = change == anomaly::Change::Raised;
        tell_alarm(AlarmCause::Anomaly, raised, decided.state.class(), verdict.index, outboxes, progress);
    }
}

/// Tells that the microphone is dead from now on, or no longer is; either way the state is unknown until sound says one.
fn tell_microphone(dead: bool, decision: &mut Decision, index: u64, outboxes: &Outboxes, progress: &Progress) {
    if dead {
        forget_state(Some(decision.state()), index, outboxes, progress);
        decision.forget();
    }
    tell_alarm(AlarmCause::Microphone, dead, None, index, outboxes, progress);
}

/// Tells that an alarm was raised or has ended.
fn tell_alarm(
    cause: AlarmCause,
    active: bool,
    state: Option<u16>,
    index: u64,
    outboxes: &Outboxes,
    progress: &Progress,
) {
    say(outboxes, progress, &Report::Alarm(progress.alarms.change(cause as u8, active, state, index)));
}
