//! The sink: turns events into messages, and hands them to the channels.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use monitor_model::explanation::ExplanationText;
use monitor_model::line::clock_name;
use monitor_wire::{AlarmCause, Explanation};

use super::Config;
use super::awaiting::Awaiting;
use super::channel::{self, PAUSES};
use super::client::TIMEOUT;
use super::notice::{Notice, NoticeKind, local, words};
use super::policy::{Held, KINDS, Policy, Verdict, WARNING_KIND, name};
use super::queue::Queue;
use super::quiet::Quiet;
use super::request::{Outcome, Sender};
use super::store::{Store, Waiting};
use super::zone::zone;
use crate::reporting::{ChannelReport, Event, Folders, Item, NotifyDesk, OutputContext, Snapshot};
use crate::sinks::Sink;
use crate::system::messages::warn;
use crate::system::{clock, host};

/// Time between two looks at digests, requests for a test, and the file.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// How much longer than a clip takes its message waits for it: what a slow card takes to write it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends messages.
struct NotifySink {
    writer: Writer,
    quiet: Option<Quiet>,
    policy: Policy,
    /// Kinds whose last rise was sent, so that their end may be sent.
    sent: [bool; KINDS],
    ended: bool,
    /// Whether messages of alarms wait for their clips.
    pictures: bool,
    awaiting: Awaiting,
    /// Messages that may wait for each server.
    most: usize,
    channels: Vec<(&'static str, Arc<Queue>)>,
    store: Store,
    desk: Arc<NotifyDesk>,
    begun: Instant,
}

/// Writes messages.
struct Writer {
    device: String,
    link: String,
    zone: TimeZone,
    written: u32,
}

/// Starts the channels.
///
/// # Errors
/// When certificates or tokens cannot be read, or there is no thread.
pub(super) fn start(config: &Config, context: &OutputContext) -> Result<Box<dyn Sink>, String> {
    let senders = Sender::all(config, &context.folders, TIMEOUT)?;
    let desk = Arc::clone(&context.notify);
    let (store, mut before) = Store::open(&context.folders.get().state);
    let report = |sender: &Sender| ChannelReport {
        channel: sender.name(),
        host: sender.host().into(),
        waiting: 0,
        unix_ms: 0,
        failure: String::new(),
    };
    desk.set_channels(senders.iter().map(report).collect());
    // From before the start: not of this test.
    desk.take_test();
    let mut channels = Vec::new();
    for sender in senders {
        let (name, queue) = (sender.name(), Arc::new(Queue::new(config.queue as usize)));
        for notice in before.messages.remove(name).unwrap_or_default() {
            desk.dropped.fetch_add(queue.push(notice), Relaxed);
        }
        desk.change(name, |report| report.waiting = queue.len());
        channel::start(sender, Arc::clone(&queue), Arc::clone(&desk), PAUSES)?;
        channels.push((name, queue));
    }
    // Of a channel that the configuration no longer has.
    desk.dropped.fetch_add(before.messages.values().map(|left| left.len() as u64).sum(), Relaxed);
    let held = std::array::from_fn(|kind| before.held.get(name(kind)).copied().unwrap_or_default());
    Ok(Box::new(NotifySink {
        writer: Writer::new(config),
        quiet: Quiet::parse(&config.quiet),
        policy: Policy::new(config, held),
        sent: [false; KINDS],
        ended: config.ended,
        pictures: config.picture,
        awaiting: Awaiting::default(),
        most: config.queue as usize,
        channels,
        store,
        desk,
        begun: Instant::now(),
    }))
}

/// What has become of a test message on one channel.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TestResult {
    /// `webhook`, `ntfy` or `email`.
    pub(crate) channel: &'static str,
    /// The server's name.
    pub(crate) host: String,
    /// Why it was not delivered.
    pub(crate) failure: Option<String>,
}

/// Sends a test message on every channel of the configuration, once.
///
/// # Errors
/// When certificates or tokens cannot be read.
pub(crate) fn test(config: &Config) -> Result<Vec<TestResult>, String> {
    let notice = Writer::new(config).test();
    let result = |sender: Sender| {
        let failure = match sender.deliver(&notice) {
            Outcome::Delivered => None,
            Outcome::Refused(why) | Outcome::Failed(why, _) => Some(why),
        };
        TestResult { channel: sender.name(), host: sender.host().into(), failure }
    };
    Ok(Sender::all(config, &Folders::default(), TIMEOUT)?.into_iter().map(result).collect())
}

impl Writer {
    fn new(config: &Config) -> Self {
        let device = if config.name.is_empty() { host::name() } else { config.name.clone() };
        // Checked with the configuration.
        let zone = zone(&config.time_zone).unwrap_or(TimeZone::UTC);
        Self { device, link: config.link.clone(), zone, written: 0 }
    }

    /// A message without details.
    fn write(&mut self, kind: NoticeKind, title: &str, text: String) -> Notice {
        self.written = self.written.wrapping_add(1);
        let (unix_ms, clock) = (clock::unix_ms(), clock::state());
        let unsure = if clock::is_synchronised() { "" } else { " (clock not set)" };
        let time = local(unix_ms, &self.zone);
        let text = [text, format!("{time}{unsure}")].into_iter().filter(|line| !line.is_empty());
        Notice {
            id: format!("{unix_ms:x}-{:x}-{:x}", std::process::id(), self.written),
            kind,
            cause: None,
            device: self.device.clone(),
            time: clock::utc(unix_ms),
            clock: clock_name(clock as u8).into(),
            state: None,
            anomaly: None,
            explanation: None,
            held: BTreeMap::new(),
            clip: None,
            title: format!("{}: {title}", self.device),
            text: text.collect::<Vec<_>>().join("\n"),
            link: self.link.clone(),
        }
    }

    fn test(&mut self) -> Notice {
        self.write(NoticeKind::Test, "test", "Messages of this device arrive here.".into())
    }

    /// An alarm or a warning that was raised or has ended.
    fn alarm(&mut self, change: &Change, now: &Snapshot) -> Notice {
        let Change { kind, active, state, moved, .. } = *change;
        let (kind_of, what) = match (active, kind) {
            (false, WARNING_KIND) => (NoticeKind::Ended, "warning ended"),
            (false, _) => (NoticeKind::Ended, "alarm ended"),
            (true, WARNING_KIND) => (NoticeKind::Warning, "warning"),
            (true, _) => (NoticeKind::Alarm, "alarm"),
        };
        let state = now.name(state);
        let anomaly = now.anomaly.filter(|_| [AlarmCause::Anomaly as usize, WARNING_KIND].contains(&kind));
        let explanation = ExplanationText::if_any(moved).map(|moved| moved.to_string());
        let lines = [
            Some(format!("State: {state}")),
            anomaly.map(|score| format!("Anomaly score: {score:.2}")),
            explanation.as_ref().map(|moved| format!("What moved: {moved}")),
        ];
        let text = lines.into_iter().flatten().collect::<Vec<_>>().join("\n");
        let title = format!("{what}, {}", words(name(kind)));
        let notice = self.write(kind_of, &title, text);
        Notice { cause: Some(name(kind).into()), state: Some(state), anomaly, explanation, ..notice }
    }

    /// What was held back; `present` has a bit for each kind that is present now.
    fn digest(&mut self, held: &[(usize, Held)], present: u32) -> Notice {
        let total: u64 = held.iter().map(|(_, held)| u64::from(held.count)).sum();
        let lines = held.iter().map(|(kind, held)| {
            let [first, last] = [held.first_ms, held.last_ms].map(|at| local(at, &self.zone));
            let times = if held.count == 1 {
                format!("once, at {first}")
            } else {
                format!("{} times from {first} to {last}", held.count)
            };
            let now = if present >> kind & 1 == 1 { "present now" } else { "not present now" };
            format!("{}: {times}; {now}", words(name(*kind)))
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        let notice = self.write(NoticeKind::Digest, &format!("{total} held back"), text);
        Notice { held: held.iter().map(|(kind, held)| (name(*kind).into(), held.count)).collect(), ..notice }
    }
}

/// An alarm or a warning that was raised (`active`) or has ended.
struct Change<'a> {
    kind: usize,
    active: bool,
    state: Option<u16>,
    moved: &'a Explanation,
    /// When: the time of its event.
    time_us: u64,
}

impl NotifySink {
    /// Whether these are quiet hours. Without a right clock there are none.
    fn is_quiet(&self) -> bool {
        let Some(quiet) = self.quiet.filter(|_| clock::is_synchronised()) else { return false };
        quiet.is_at(clock::unix_ms(), &self.writer.zone)
    }

    /// Hands a message to the channels, behind those that wait for a clip.
    fn send(&mut self, notice: Notice) {
        self.awaiting.push(notice, None, Duration::ZERO);
        self.release();
    }

    /// Takes what was reported about clips.
    fn take_settled(&mut self, context: &OutputContext) {
        while let Some(settled) = context.clips.pop_settled() {
            self.awaiting.settle(settled);
        }
        self.release();
    }

    /// Hands what waits for no clip any more to the channels.
    fn release(&mut self) {
        while let Some(notice) = self.awaiting.pop(self.most) {
            self.enqueue(&notice);
        }
    }

    fn enqueue(&self, notice: &Notice) {
        for (name, queue) in &self.channels {
            self.desk.dropped.fetch_add(queue.push(notice.clone()), Relaxed);
            self.desk.change(name, |report| report.waiting = queue.len());
        }
    }

    /// Something was raised or has ended.
    fn changed(&mut self, change: &Change, context: &OutputContext) {
        let (kind, active, quiet) = (change.kind, change.active, self.is_quiet());
        if active {
            let verdict = self.policy.raised(kind, self.begun.elapsed(), quiet, clock::unix_ms());
            self.desk.held.fetch_add(u64::from(verdict == Verdict::Hold), Relaxed);
            if verdict != Verdict::Send {
                return;
            }
        } else if !self.sent.get(kind).copied().unwrap_or(false) || !self.ended || !self.policy.may_end(kind, quiet) {
            return;
        }
        self.sent[kind] = active;
        let notice = self.writer.alarm(change, &context.snapshot);
        // Clips are of alarms alone; without a sink that writes them none will follow.
        let waits = self.pictures && active && kind < WARNING_KIND && context.clips.may_have_more();
        let clip = Duration::from_secs_f32(context.folders.get().clips_after_s.clamp(0.0, 60.0));
        self.awaiting.push(notice, waits.then_some(change.time_us), clip + PATIENCE);
        self.release();
    }

    fn waiting(&self) -> Waiting {
        let held = self.policy.held().into_iter().enumerate().filter(|(_, held)| held.count > 0);
        Waiting {
            held: held.map(|(kind, held)| (name(kind).to_owned(), held)).collect(),
            messages: self
                .channels
                .iter()
                .map(|(name, queue)| {
                    let own = queue.waiting().into_iter();
                    ((*name).to_owned(), own.chain(self.awaiting.notices().cloned()).collect::<Vec<_>>())
                })
                .filter(|(_, messages)| !messages.is_empty())
                .collect(),
        }
    }
}

impl Sink for NotifySink {
    fn poll_interval(&self) -> Duration {
        POLL_INTERVAL
    }

    fn poll(&mut self, context: &OutputContext) {
        self.take_settled(context);
        let quiet = self.is_quiet();
        let due = self.policy.due(self.begun.elapsed(), quiet);
        if !due.is_empty() {
            let warning = u32::from(context.snapshot.warning) << WARNING_KIND;
            let notice = self.writer.digest(&due, context.snapshot.alarms | warning);
            self.send(notice);
        }
        if self.desk.take_test() {
            // It waits for nothing: a person waits for it.
            let notice = self.writer.test();
            self.enqueue(&notice);
        }
        if self.store.is_due() {
            self.store.write(self.waiting());
        }
    }

    fn handle(&mut self, item: &Item, context: &OutputContext) {
        let (kind, active, state, moved) = match &item.event {
            Event::Alarm(alarm) if usize::from(alarm.cause) < WARNING_KIND => {
                (alarm.cause.into(), alarm.active, alarm.state, &alarm.explanation)
            }
            Event::Warning(warning) => (WARNING_KIND, warning.active, warning.state, &warning.explanation),
            _ => return,
        };
        self.changed(&Change { kind, active, state, moved, time_us: item.time_us }, context);
    }

    fn finish(&mut self, context: &OutputContext) {
        // The last clip is about to be written, too.
        while !self.awaiting.is_empty() && context.clips.may_have_more() && !context.hurry() {
            self.take_settled(context);
            std::thread::sleep(Duration::from_millis(5));
        }
        self.take_settled(context);
        self.awaiting.drain().for_each(|notice| self.enqueue(&notice));
        // Before the time runs out; nothing is written where nothing waits.
        self.store.write(self.waiting());
        // A message of the last moment may still be on its way.
        while self.channels.iter().any(|(_, queue)| queue.len() > 0) && !context.hurry() {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.channels.iter().for_each(|(_, queue)| queue.close());
        self.store.write(self.waiting());
        let lost: usize = self.channels.iter().map(|(_, queue)| queue.len()).sum();
        if lost > 0 && !self.store.is_there() {
            self.desk.dropped.fetch_add(lost as u64, Relaxed);
            warn(format!("notify: {lost} messages are lost with this end: listen.state_dir is empty"));
        }
        self.desk.set_channels(Vec::new());
    }
}

#[cfg(test)]
pub(super) mod tests;
