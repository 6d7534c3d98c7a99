//! The inference thread: blocks of sound in, events out.
//!
//! The thread drives one [`Monitor`]. When it is behind (more than [`LIMIT`] of sound is waiting, or two hops if that is
//! more), it skips whole windows, the oldest first, until it has caught up: the front end still processes every sample, so
//! the next window is complete, and no event is older than the limit and the work of one window. Between blocks it checks
//! for a new [`Setup`]; intake and judge survive the change. Otherwise it neither allocates nor waits for a sink.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use monitor_core::microphone::Microphone;
use monitor_core::monitor::{AudioBlock, Event, Intake, Judge, Monitor};
use monitor_core::pipeline::{BackEnd, FrontEnd};
use monitor_core::resample::Resampler;
use monitor_model::texts::Texts;
use monitor_nn::Block;

use super::audio::{AudioBlock as Incoming, AudioInput};
use super::event_sender::EventSender;
use super::setup::persistence;
use super::{Progress, Setup, now_ns};
use crate::alarms::sensitivity::{Sensitivity, ordered};
use crate::reporting::column_tee::ColumnWriter;
use crate::reporting::{self, DeviceInfo, Outboxes};

/// Least sound that may wait before windows are skipped.
const LIMIT: Duration = Duration::from_millis(500);

/// Longest wait for sound before the thread checks whether to end.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// What the thread starts with.
pub struct Listening {
    /// Where the sound comes from.
    pub sound: AudioInput,
    /// The first setup and the queues of its sinks.
    pub first: (Setup, Outboxes),
    /// Setups that replace it.
    pub next: Receiver<(Setup, Outboxes)>,
    /// Counters of its work.
    pub progress: Arc<Progress>,
    /// Where columns of the spectrogram go for drawing.
    pub columns: Option<ColumnWriter>,
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
    judge: Option<(Judge, Texts)>,
    microphone: Microphone,
    /// The device information that was last reported.
    reported: Option<Arc<DeviceInfo>>,
    /// Whether windows are being skipped.
    skipping: bool,
    /// Where columns of the spectrogram go for drawing.
    columns: Option<ColumnWriter>,
}

impl Carried {
    /// Reports the device, if its information has changed or `always`, as there may be new sinks.
    fn report_device(&mut self, send: EventSender<'_>, device: &DeviceInfo, rate_hz: u32, always: bool) {
        let device = send.progress.rejected_updates.add_to(DeviceInfo { rate_hz, ..device.clone() });
        if always || self.reported.as_ref() != Some(&device) {
            send.report(&reporting::Event::Hello(Arc::clone(&device)));
            self.reported = Some(device);
        }
    }
}

/// Processes sound until it ends or a stop is requested.
pub fn listen(listening: Listening) {
    let Listening { mut sound, first, next, progress, columns } = listening;
    let mut current = first;
    let microphone = Microphone::new(current.0.microphone);
    let mut carried = Carried { judge: None, microphone, reported: None, skipping: false, columns };
    let (mut index, mut position) = (0, 0);
    let send = EventSender { progress: &progress, outboxes: &current.1 };
    carried.report_device(send, &current.0.device, current.0.device.rate_hz, true);
    progress.alarms.left().for_each(|alarm| send.report(&reporting::Event::Alarm(alarm)));
    // One turn per rate of the input: mostly one.
    loop {
        let rate = loop {
            if progress.control.is_stopped() {
                return;
            }
            if let Ok(new) = next.try_recv() {
                current = new;
                progress.counters.setups.fetch_add(1, Relaxed);
                let send = EventSender { progress: &progress, outboxes: &current.1 };
                carried.report_device(send, &current.0.device, current.0.device.rate_hz, true);
            }
            match sound.next(POLL_INTERVAL) {
                Incoming::Samples { rate, .. } => break rate,
                Incoming::Nothing => {}
                Incoming::End => return,
                Incoming::Failed(why) => return progress.control.fail(why),
            }
        };
        sound.unread();
        let mut storage = match Resampler::storage_len(rate) {
            Ok(len) => vec![0.0; len],
            Err(error) => return progress.control.fail(format!("the sound cannot be processed: {error}")),
        };
        let front = FrontEnd::new(rate, current.0.hop_columns, &mut storage);
        let front = match front {
            Ok(front) if (index, position) == (0, 0) => front,
            Ok(front) => front.continuing(index, position),
            Err(error) => return progress.control.fail(format!("the sound cannot be processed: {error}")),
        };
        let mut intake = Intake::resume(front, carried.microphone.clone());
        // One turn per setup.
        let mut new_setup = false;
        loop {
            let send = EventSender { progress: &progress, outboxes: &current.1 };
            carried.report_device(send, &current.0.device, rate, new_setup);
            let exit;
            (intake, exit) = turn(&mut sound, intake, &current.0, send, &next, &mut carried);
            match exit {
                LoopExit::End => return,
                LoopExit::Setup(new) => {
                    current = *new;
                    progress.counters.setups.fetch_add(1, Relaxed);
                    new_setup = true;
                }
                LoopExit::Rate => break,
            }
        }
        carried.microphone = intake.microphone().clone();
        (index, position) = (intake.index(), intake.position());
    }
}

/// Creates the model's part of the monitor; the judge `before` continues. The setup was checked completely when it was
/// loaded, so this does not fail in practice.
fn prepare<'a>(
    setup: &'a Setup,
    arena: &'a mut Vec<Block>,
    before: Option<(Judge, Texts)>,
    index: u64,
    sensitivity: &Sensitivity,
    on_event: impl FnMut(&Event<'_>),
) -> anyhow::Result<(BackEnd<'a>, Judge)> {
    let classifier = setup.classifier();
    sensitivity.configure(setup.sensitivity(&classifier));
    let settings = setup.settings(&classifier);
    let judge = match before {
        None => settings.judge()?,
        Some((mut judge, labels)) => {
            judge.reconfigure(&settings, labels == setup.device.labels, index, on_event)?;
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
    sound: &mut AudioInput,
    intake: Intake<'s>,
    setup: &Setup,
    send: EventSender<'_>,
    next: &Receiver<(Setup, Outboxes)>,
    carried: &mut Carried,
) -> (Intake<'s>, LoopExit) {
    let mut intake = intake;
    let progress = send.progress;
    let sensitivity = &progress.alarms.sensitivity;
    // The configuration's check refuses a hop of 0.
    let _ = intake.reconfigure(setup.microphone, setup.hop_columns);
    let mut columns = carried.columns.take();
    let mut emit = |event: &Event<'_>| {
        if let (Event::Window { verdict, .. }, Some(columns)) = (event, &mut columns) {
            columns.push(verdict.patch, setup.hop_columns as usize);
        }
        send.monitor_event(event);
    };
    let mut arena = Vec::new();
    let prepared = prepare(setup, &mut arena, carried.judge.take(), intake.index(), sensitivity, &mut emit);
    let (back, judge) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            progress.control.fail(format!("the model cannot be used: {error}"));
            return (intake, LoopExit::End);
        }
    };
    intake.set_gain(back.classifier().gain());
    let configured = setup.sensitivity(back.classifier()).map(ordered);
    let model = back.classifier().anomaly().map(|detector| detector.tables().persistence);
    let mut monitor = Monitor::new(intake, back, judge);
    let mut applied = configured;
    let hop = Duration::from_millis(10) * setup.hop_columns;
    let limit = LIMIT.max(2 * hop);
    let exit = loop {
        if progress.control.is_stopped() {
            break LoopExit::End;
        }
        let wanted = sensitivity.now();
        if let Some(([alarm, raise_s, warning], model)) = wanted.filter(|_| wanted != applied).zip(model) {
            let hop_s = setup.hop_columns as f32 / 100.0;
            monitor.set_sensitivity(warning, alarm, persistence(model, raise_s), hop_s);
            applied = wanted;
        }
        if let Ok(new) = next.try_recv() {
            break LoopExit::Setup(Box::new(new));
        }
        let (rate, block, behind) = match sound.next(POLL_INTERVAL) {
            Incoming::Samples { rate, lost_before, samples, non_finite, behind } => {
                (rate, AudioBlock { samples, non_finite, lost_before }, behind)
            }
            Incoming::Nothing => continue,
            Incoming::Failed(why) => {
                progress.control.fail(why);
                break LoopExit::End;
            }
            Incoming::End => {
                monitor.finish(&mut emit);
                break LoopExit::End;
            }
        };
        if rate != monitor.intake().rate_hz() {
            // The same block comes again, with what was lost before it.
            sound.unread();
            break LoopExit::Rate;
        }
        progress.counters.blocks.fetch_add(1, Relaxed);
        carried.skipping = behind > if carried.skipping { hop.min(LIMIT) / 2 } else { limit };
        if carried.skipping {
            progress.counters.dropped_windows.fetch_add(monitor.skip(block, &mut emit) as u32, Relaxed);
        } else {
            monitor.process(block, &mut emit);
        }
        progress.counters.microphone.store(monitor.intake().microphone_faults(), Relaxed);
        progress.counters.next_index.store(monitor.intake().index(), Relaxed);
    };
    let (intake, judge) = monitor.into_parts();
    carried.judge = Some((judge, setup.device.labels.clone()));
    carried.columns = columns;
    (intake, exit)
}
