//! The inference thread: blocks of sound in, reports out.
//!
//! The thread drives one [`Monitor`]. When it is behind (more than [`LIMIT`] of sound is waiting, or two hops if that is
//! more), it skips whole windows, the oldest first, until it has caught up: the front end still processes every sample, so
//! the next window is complete, and no report is older than the limit and the work of one window. Between blocks it checks
//! for a new [`Setup`]; intake and judge survive the change. Otherwise it neither allocates nor waits for an output.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use monitor_core::microphone::Microphone;
use monitor_core::monitor::{AlarmCause, AudioBlock, Event, Intake, Judge, Monitor};
use monitor_core::pipeline::{BackEnd, FrontEnd};
use monitor_core::resample::Resampler;
use monitor_nn::Block;
use monitor_wire::{self as wire, Gap, StateChange};

use super::sound::{Piece, Sound};
use super::{Progress, Setup, now_ns};
use crate::outbox::Outboxes;
use crate::report::{Report, Who, Window};

/// Least sound that may wait before windows are skipped.
const LIMIT: Duration = Duration::from_millis(500);

/// Longest wait for sound before the thread checks whether to end.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// What the thread starts with.
pub struct Listening {
    /// Where the sound comes from.
    pub sound: Sound,
    /// The first setup and its outputs.
    pub first: (Setup, Outboxes),
    /// Setups that replace it.
    pub next: Receiver<(Setup, Outboxes)>,
    /// Counters of its work.
    pub progress: Arc<Progress>,
}

/// Why the inner loop ended.
enum LoopExit {
    End,
    Setup(Box<(Setup, Outboxes)>),
    Rate,
}

/// What survives a change of model or rate.
struct Carried {
    /// The judge with the labels of its classes; `None` before the first setup.
    judge: Option<(Judge, String)>,
    microphone: Microphone,
    /// The device information that was last reported.
    reported: Option<Arc<Who>>,
    /// Whether windows are being skipped.
    skipping: bool,
}

/// Processes sound until it ends or [`Progress::stop`] is set.
pub fn listen(listening: Listening) {
    let Listening { mut sound, first, next, progress } = listening;
    let mut current = first;
    let microphone = Microphone::new(current.0.microphone);
    let mut carried = Carried { judge: None, microphone, reported: None, skipping: false };
    let (mut index, mut position) = (0, 0);
    report_device(&mut carried, &current, current.0.who.rate_hz, true, &progress);
    progress.alarms.left().for_each(|alarm| send(&current.1, &progress, &Report::Alarm(alarm)));
    // One turn per rate of the input: mostly one.
    loop {
        let rate = loop {
            if progress.stop.load(Relaxed) {
                return;
            }
            if let Ok(new) = next.try_recv() {
                current = new;
                progress.setups.fetch_add(1, Relaxed);
                report_device(&mut carried, &current, current.0.who.rate_hz, true, &progress);
            }
            match sound.next(POLL_INTERVAL) {
                Piece::Samples { rate, .. } => break rate,
                Piece::Nothing => {}
                Piece::End => return,
                Piece::Failed(why) => return progress.fail(why),
            }
        };
        sound.unread();
        let mut storage = match Resampler::storage_len(rate) {
            Ok(len) => vec![0.0; len],
            Err(error) => return progress.fail(format!("the sound cannot be processed: {error}")),
        };
        let front = FrontEnd::new(rate, current.0.hop_columns, &mut storage);
        let front = match front {
            Ok(front) if (index, position) == (0, 0) => front,
            Ok(front) => front.continuing(index, position),
            Err(error) => return progress.fail(format!("the sound cannot be processed: {error}")),
        };
        let mut intake = Intake::resume(front, carried.microphone.clone());
        // One turn per setup.
        let mut new_setup = false;
        loop {
            report_device(&mut carried, &current, rate, new_setup, &progress);
            let exit;
            (intake, exit) = turn(&mut sound, intake, &current, &next, &progress, &mut carried);
            match exit {
                LoopExit::End => return,
                LoopExit::Setup(new) => {
                    current = *new;
                    progress.setups.fetch_add(1, Relaxed);
                    new_setup = true;
                }
                LoopExit::Rate => break,
            }
        }
        carried.microphone = intake.microphone().clone();
        (index, position) = (intake.index(), intake.position());
    }
}

/// Reports the device, if its information has changed or `always`, as there may be new outputs.
fn report_device(
    carried: &mut Carried,
    (setup, outboxes): &(Setup, Outboxes),
    rate_hz: u32,
    always: bool,
    progress: &Progress,
) {
    let who = progress.not_used.beside(Who { rate_hz, ..setup.who.clone() });
    if always || carried.reported.as_ref() != Some(&who) {
        send(outboxes, progress, &Report::Hello(Arc::clone(&who)));
        carried.reported = Some(who);
    }
}

/// Sends a report to all outputs. Only a recording that is played as fast as possible waits for its reader, and not once the
/// program stops.
fn send(outboxes: &Outboxes, progress: &Progress, report: &Report) {
    outboxes.send_or_wait(report, || {
        progress.held.store(true, Relaxed);
        !progress.stop.load(Relaxed)
    });
    progress.held.store(false, Relaxed);
}

/// Counts an event of the monitor and sends its report.
fn send_event(outboxes: &Outboxes, progress: &Progress, event: &Event<'_>) {
    let report = match *event {
        Event::Gap { index, lost_frames } => {
            progress.gaps.fetch_add(1, Relaxed);
            progress.lost_frames.fetch_add(lost_frames, Relaxed);
            Report::Gap(Gap { index, lost_frames })
        }
        Event::Window { verdict, decided, .. } => {
            let window = Window::new(verdict, decided);
            progress.window(window.inference_us);
            Report::Window(window)
        }
        Event::StateChange { index, previous, state, confidence } => {
            Report::StateChange(StateChange { index, previous: previous.class(), state: state.class(), confidence })
        }
        Event::Alarm { index, cause, active, state } => {
            let cause = match cause {
                AlarmCause::State => wire::AlarmCause::State,
                AlarmCause::Anomaly => wire::AlarmCause::Anomaly,
                AlarmCause::Microphone => wire::AlarmCause::Microphone,
            };
            Report::Alarm(progress.alarms.change(cause as u8, active, state.class(), index))
        }
    };
    send(outboxes, progress, &report);
}

/// Makes the model's part of the monitor; the judge `before` goes on where it was. The setup was checked as a whole when it
/// was loaded, so that none of this fails in practice.
fn prepare<'a>(
    setup: &'a Setup,
    arena: &'a mut Vec<Block>,
    before: Option<(Judge, String)>,
    index: u64,
    on_event: impl FnMut(&Event<'_>),
) -> anyhow::Result<(BackEnd<'a>, Judge)> {
    let classifier = setup.classifier()?;
    let settings = setup.settings(&classifier);
    let judge = match before {
        None => settings.judge()?,
        Some((mut judge, labels)) => {
            judge.reconfigure(&settings, labels == setup.who.labels, index, on_event)?;
            judge
        }
    };
    arena.resize(classifier.arena_len(), Block::ZERO);
    let mut back = BackEnd::new(classifier, arena)?;
    back.set_clock(now_ns);
    Ok((back, judge))
}

/// Processes sound with one setup at one rate.
fn turn<'s>(
    sound: &mut Sound,
    intake: Intake<'s>,
    (setup, outboxes): &(Setup, Outboxes),
    next: &Receiver<(Setup, Outboxes)>,
    progress: &Progress,
    carried: &mut Carried,
) -> (Intake<'s>, LoopExit) {
    let mut intake = intake;
    // The configuration's check refuses a hop of 0.
    let _ = intake.reconfigure(setup.microphone, setup.hop_columns);
    let emit = |event: &Event<'_>| send_event(outboxes, progress, event);
    let mut arena = Vec::new();
    let prepared = prepare(setup, &mut arena, carried.judge.take(), intake.index(), emit);
    let (back, judge) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            progress.fail(format!("the model cannot be used: {error}"));
            return (intake, LoopExit::End);
        }
    };
    let mut monitor = Monitor::new(intake, back, judge);
    let hop = Duration::from_millis(10) * setup.hop_columns;
    let limit = LIMIT.max(2 * hop);
    let exit = loop {
        if progress.stop.load(Relaxed) {
            break LoopExit::End;
        }
        if let Ok(new) = next.try_recv() {
            break LoopExit::Setup(Box::new(new));
        }
        let (rate, block, behind) = match sound.next(POLL_INTERVAL) {
            Piece::Samples { rate, lost_before, samples, no_numbers, behind } => {
                (rate, AudioBlock { samples, non_finite: no_numbers, lost_before }, behind)
            }
            Piece::Nothing => continue,
            Piece::Failed(why) => {
                progress.fail(why);
                break LoopExit::End;
            }
            Piece::End => {
                monitor.finish(emit);
                break LoopExit::End;
            }
        };
        if rate != monitor.intake().rate_hz() {
            // The same block comes again, with what was lost before it.
            sound.unread();
            break LoopExit::Rate;
        }
        progress.pieces.fetch_add(1, Relaxed);
        carried.skipping = behind > if carried.skipping { hop.min(LIMIT) / 2 } else { limit };
        if carried.skipping {
            progress.dropped_windows.fetch_add(monitor.skip(block, emit) as u32, Relaxed);
        } else {
            monitor.process(block, emit);
        }
        progress.microphone.store(monitor.intake().microphone_faults(), Relaxed);
        progress.next_index.store(monitor.intake().index(), Relaxed);
    };
    let (intake, judge) = monitor.into_parts();
    carried.judge = Some((judge, setup.who.labels.clone()));
    (intake, exit)
}
