//! From events to records.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use monitor_model::explanation::ExplanationText;
use monitor_model::line::{Causes, by_name, cause_name};
use monitor_model::trend_line::{drift_name, shift_name};
use monitor_wire::{Drift, Explanation};

use super::Config;
use super::record::{Record, RecordKind, text};
use super::store::Store;
use crate::reporting::{ClipQueue, Event, Item, Snapshot};
use crate::sinks::clips::store::PICTURE;
use crate::system::clock;
use crate::system::hex::hex;
use crate::system::messages::warn;

/// Time between two records of how long each state was reported.
const DURATIONS: Duration = Duration::from_secs(3600);

/// Time between two attempts to write to a failing disk.
const RETRY: Duration = Duration::from_secs(2);

/// Longest time before written records are safe from a power cut; alarms and acknowledgements are safe at once.
const SYNC: Duration = Duration::from_secs(1);

/// Most records that wait for a failing disk.
const MOST_WAITING: usize = 256;

/// The log of a running program.
pub(super) struct Log {
    config: Config,
    store: Option<Store>,
    /// Records to be written; they are numbered then.
    waiting: VecDeque<Record>,
    /// Records and events dropped, and not yet recorded as such.
    dropped: u64,
    /// Sequence number of the next event.
    sequence: Option<u32>,
    /// Name and hash of the model of the last record.
    model: Option<(String, [u8; 32])>,
    hop_s: f64,
    clock: u8,
    /// Drift and shift that were recorded last, as numbers of the wire format.
    drift: (u8, u8),
    up_ms: u64,
    seconds: BTreeMap<String, f64>,
    durations_recorded: Instant,
    refused: Option<Instant>,
    unsynced_since: Option<Instant>,
}

impl Log {
    /// A log that begins with the program's start.
    pub(super) fn new(config: Config) -> Self {
        let mut log = Self {
            config,
            store: None,
            waiting: VecDeque::new(),
            dropped: 0,
            sequence: None,
            model: None,
            hop_s: 0.0,
            clock: 0,
            drift: (0, 0),
            up_ms: 0,
            seconds: BTreeMap::new(),
            durations_recorded: Instant::now(),
            refused: None,
            unsynced_since: None,
        };
        log.add(Record { version: Some(env!("CARGO_PKG_VERSION").into()), ..of(RecordKind::Start) });
        log
    }

    /// Adds the records of an event, which `now` already includes. They wait until [`write`](Self::write).
    pub(super) fn take(&mut self, item: &Item, now: &Snapshot) {
        self.up_ms = item.time_us / 1000;
        // A jump in the numbers: events that were dropped because the queue of this sink was full.
        self.dropped += self.sequence.map_or(0, |expected| u64::from(item.sequence.wrapping_sub(expected)));
        self.sequence = Some(item.sequence.wrapping_add(1));
        match &item.event {
            Event::Hello(device) => {
                let model = (device.model.clone(), device.model_sha256);
                if self.model.as_ref() != Some(&model) {
                    self.record_durations();
                    let (name, sha256) = (Some(text(&model.0)), Some(hex(&model.1)));
                    self.add(Record { model: name, sha256, ..of(RecordKind::Model) });
                    self.model = Some(model);
                }
                self.hop_s = f64::from(device.hop_us) / 1e6;
            }
            Event::Window(window) => {
                *self.seconds.entry(name(now, window.state)).or_default() += self.hop_s;
                if self.durations_recorded.elapsed() >= DURATIONS {
                    self.record_durations();
                }
            }
            Event::StateChange(change) => {
                let (previous, state) = (Some(name(now, change.previous)), Some(name(now, change.state)));
                self.add(Record { previous, state, confidence: Some(change.confidence), ..of(RecordKind::State) });
            }
            Event::Alarm(alarm) => {
                let (cause, state) = (Some(cause_name(alarm.cause).into()), Some(name(now, alarm.state)));
                let (active, unacknowledged) = (Some(alarm.active), Some(alarm.unacknowledged));
                let explanation = explained(&alarm.explanation);
                self.add(Record { active, cause, state, unacknowledged, explanation, ..of(RecordKind::Alarm) });
            }
            Event::Warning(warning) => {
                let (cause, state) = (Some("anomaly".into()), Some(name(now, warning.state)));
                let (active, explanation) = (Some(warning.active), explained(&warning.explanation));
                self.add(Record { active, cause, state, explanation, ..of(RecordKind::Warning) });
            }
            Event::Acknowledged(acknowledged) => {
                let causes = Causes { bits: acknowledged.causes }.names().collect::<Vec<_>>().join(" ");
                let (causes, by) = (Some(causes), Some(by_name(acknowledged.by).into()));
                self.add(Record { causes, by, ..of(RecordKind::Acknowledged) });
            }
            Event::Health(health) => {
                if std::mem::replace(&mut self.clock, health.clock) != health.clock {
                    self.add(of(RecordKind::Clock));
                }
            }
            Event::Trend(report) => {
                let trend = report.summary;
                let shifted = |drift| drift == Drift::All as u8 || drift == Drift::Single as u8;
                let before = std::mem::replace(&mut self.drift, (trend.drift, trend.shift));
                if (shifted(trend.drift) || shifted(before.0)) && before != self.drift {
                    let cause = format!("{} {}", drift_name(trend.drift), shift_name(trend.shift));
                    let (active, cause) = (Some(shifted(trend.drift)), Some(cause));
                    self.add(Record { active, cause, ..of(RecordKind::Drift) });
                }
            }
            Event::Gap(_) => {}
        }
    }

    /// Adds records of the clips that were written.
    pub(super) fn take_clips(&mut self, clips: &ClipQueue) {
        while let Some(clip) = clips.pop() {
            let explanation = explained(&clip.explanation);
            // A picture is stored only in place of sound in which somebody speaks.
            let withheld = clip.file.ends_with(PICTURE).then(|| "speech".into());
            let (clip, cause) = (Some(clip.file), Some(clip.cause.into()));
            self.add(Record { clip, cause, withheld, explanation, ..of(RecordKind::Clip) });
        }
    }

    /// Adds the records of the end: of the program, or only of this log.
    pub(super) fn end(&mut self, of_program: bool) {
        self.record_durations();
        if of_program {
            self.add(of(RecordKind::Stop));
        }
        self.refused = None;
        self.write();
        if let Some(store) = &mut self.store {
            // An error cannot be reported any more.
            let _ = store.sync();
        }
    }

    /// Writes the waiting records, unless the last attempt has just failed.
    pub(super) fn write(&mut self) {
        if self.refused.is_some_and(|at| at.elapsed() < RETRY) {
            return;
        }
        match self.try_write() {
            Ok(()) => {
                if self.refused.take().is_some() {
                    warn(format!("event log {}: there again", self.config.folder.display()));
                }
            }
            Err(error) => {
                // Reopening the log checks its files again.
                self.store = None;
                if self.refused.replace(Instant::now()).is_none() {
                    warn(format!(
                        "event log {}: {error}; trying again until it can be written. Is there space, and may this user \
                         write there?",
                        self.config.folder.display()
                    ));
                }
            }
        }
    }

    fn try_write(&mut self) -> std::io::Result<()> {
        if self.waiting.is_empty() && self.unsynced_since.is_none() {
            return Ok(());
        }
        let store = match &mut self.store {
            Some(store) => store,
            none => none.insert(Store::open(&self.config.folder, u64::from(self.config.max_kib) * 1024)?),
        };
        let mut urgent = false;
        while let Some(next) = self.waiting.front() {
            if self.dropped > 0 {
                let Record { unix_ms, synchronised, up_ms, .. } = *next;
                let count = Some(self.dropped);
                store.append(&Record { unix_ms, synchronised, up_ms, count, ..of(RecordKind::Dropped) })?;
                self.dropped = 0;
            }
            store.append(next)?;
            urgent |= matches!(next.event, RecordKind::Alarm | RecordKind::Acknowledged);
            self.unsynced_since.get_or_insert_with(Instant::now);
            self.waiting.pop_front();
        }
        if urgent || self.unsynced_since.is_some_and(|since| since.elapsed() >= SYNC) {
            store.sync()?;
            self.unsynced_since = None;
        }
        Ok(())
    }

    fn record_durations(&mut self) {
        self.durations_recorded = Instant::now();
        for (state, seconds) in std::mem::take(&mut self.seconds) {
            let seconds = Some((seconds * 1e3).round() / 1e3);
            self.add(Record { state: Some(state), seconds, ..of(RecordKind::Duration) });
        }
    }

    /// Adds a record, with the times of now.
    fn add(&mut self, record: Record) {
        if self.waiting.len() == MOST_WAITING {
            self.waiting.pop_front();
            self.dropped += 1;
        }
        let (unix_ms, synchronised) = (clock::unix_ms(), clock::is_synchronised());
        self.waiting.push_back(Record { unix_ms, synchronised, up_ms: self.up_ms, ..record });
    }
}

/// The name of a state, in a bounded length.
fn name(now: &Snapshot, state: Option<u16>) -> String {
    text(&now.name(state))
}

/// What moved in the sound; `None` if nothing is named. Its length is bounded.
fn explained(explanation: &Explanation) -> Option<String> {
    ExplanationText::if_any(explanation).map(|text| text.to_string())
}

/// A record of this kind without any field.
fn of(event: RecordKind) -> Record {
    Record { event, ..Record::default() }
}

#[cfg(test)]
mod tests {
    use monitor_wire::{Alarm, StateChange};

    use super::*;
    use crate::sinks::events::read;

    fn take(log: &mut Log, sequence: u32, event: Event<'static>) {
        log.take(&Item { sequence, time_us: u64::from(sequence) * 1000, event }, &Snapshot::default());
    }

    fn alarm() -> Event<'static> {
        Event::Alarm(Alarm { active: true, cause: 0, state: None, index: 0, unacknowledged: false, ..Alarm::default() })
    }

    #[test]
    fn a_folder_that_comes_later_gets_what_waited_and_the_count_of_what_was_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("log");
        // Not a folder: nothing can be written there.
        std::fs::write(&place, "").unwrap();
        let config = Config { folder: place.clone(), ..Config::default() };
        let mut log = Log::new(config);
        for sequence in 0..300 {
            take(&mut log, sequence, alarm());
            log.write();
        }
        std::fs::remove_file(&place).unwrap();
        log.end(true);
        let (records, damaged) = read(&place).unwrap();
        assert_eq!((records.len(), damaged), (257, 0));
        // The start, 300 alarms and the stop, of which 256 could wait.
        assert_eq!((records[0].event, records[0].count), (RecordKind::Dropped, Some(302 - 256)));
        assert_eq!(records[256].event, RecordKind::Stop);
    }

    #[test]
    fn events_that_never_reached_the_log_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { folder: folder.path().into(), ..Config::default() };
        let mut log = Log::new(config);
        log.write();
        let change = Event::StateChange(StateChange { index: 0, previous: None, state: Some(1), confidence: 0.5 });
        take(&mut log, u32::MAX, change.clone());
        log.write();
        take(&mut log, 2, change);
        log.end(true);
        let records = read(folder.path()).unwrap().0;
        let events: Vec<RecordKind> = records.iter().map(|record| record.event).collect();
        assert_eq!(
            events,
            [RecordKind::Start, RecordKind::State, RecordKind::Dropped, RecordKind::State, RecordKind::Stop]
        );
        assert_eq!(records[2].count, Some(2));
    }
}
