//! From reports to records.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use monitor_model::line::{Causes, StateName, by_name, cause_name};

use super::record::{Event, Record, text};
use super::store::Store;
use crate::clips::Kept;
use crate::clock;
use crate::config::EventsConfig;
use crate::outbox::Item;
use crate::outputs::warn;
use crate::report::{Report, Who};
use crate::update::hex;

/// Time between two records of how long each state was reported.
const DURATIONS: Duration = Duration::from_secs(3600);

/// Time between two attempts to write to a disk that refuses.
const RETRY: Duration = Duration::from_secs(2);

/// Longest time that something written may be lost to a power cut; alarms and acknowledgements are safe at once.
const SYNC: Duration = Duration::from_secs(1);

/// Records that may wait for a disk that refuses.
const MOST_WAITING: usize = 256;

/// The log of a running program.
pub struct Log<'a> {
    config: &'a EventsConfig,
    store: Option<Store>,
    /// What is to be written. Its number it gets then.
    waiting: VecDeque<Record>,
    /// What found no room, and is yet to be told.
    dropped: u64,
    /// Of the next report.
    sequence: Option<u32>,
    who: Option<Arc<Who>>,
    clock: u8,
    up_ms: u64,
    seconds: BTreeMap<String, f64>,
    told: Instant,
    refused: Option<Instant>,
    unsafe_since: Option<Instant>,
}

impl<'a> Log<'a> {
    /// A log that begins with the program's start.
    pub fn new(config: &'a EventsConfig) -> Self {
        let mut log = Self {
            config,
            store: None,
            waiting: VecDeque::new(),
            dropped: 0,
            sequence: None,
            who: None,
            clock: 0,
            up_ms: 0,
            seconds: BTreeMap::new(),
            told: Instant::now(),
            refused: None,
            unsafe_since: None,
        };
        log.add(Record { version: Some(env!("CARGO_PKG_VERSION").into()), ..of(Event::Start) });
        log
    }

    /// Takes a report. Records that it makes wait until [`write`](Self::write).
    pub fn take(&mut self, item: &Item) {
        self.up_ms = item.time_us / 1000;
        // A jump is what found no room in the queue of this output.
        self.dropped += self.sequence.map_or(0, |expected| u64::from(item.sequence.wrapping_sub(expected)));
        self.sequence = Some(item.sequence.wrapping_add(1));
        match &item.report {
            Report::Hello(who) => {
                let same = |before: &Arc<Who>| (&before.model, before.model_sha256) == (&who.model, who.model_sha256);
                if !self.who.as_ref().is_some_and(same) {
                    self.tell_durations();
                    let (model, sha256) = (Some(text(&who.model)), Some(hex(&who.model_sha256)));
                    self.add(Record { model, sha256, ..of(Event::Model) });
                }
                self.who = Some(Arc::clone(who));
            }
            Report::Window(window) => {
                let hop_s = self.who.as_ref().map_or(0.0, |who| f64::from(who.hop_us) / 1e6);
                *self.seconds.entry(self.name(window.state)).or_default() += hop_s;
                if self.told.elapsed() >= DURATIONS {
                    self.tell_durations();
                }
            }
            Report::StateChange(change) => {
                let (previous, state) = (Some(self.name(change.previous)), Some(self.name(change.state)));
                self.add(Record { previous, state, confidence: Some(change.confidence), ..of(Event::State) });
            }
            Report::Alarm(alarm) => {
                let (cause, state) = (Some(cause_name(alarm.cause).into()), Some(self.name(alarm.state)));
                let (active, unacknowledged) = (Some(alarm.active), Some(alarm.unacknowledged));
                self.add(Record { active, cause, state, unacknowledged, ..of(Event::Alarm) });
            }
            Report::Acknowledged(told) => {
                let causes = Causes { bits: told.causes }.names().collect::<Vec<_>>().join(" ");
                let (causes, by) = (Some(causes), Some(by_name(told.by).into()));
                self.add(Record { causes, by, ..of(Event::Acknowledged) });
            }
            Report::Health(health) => {
                if std::mem::replace(&mut self.clock, health.clock) != health.clock {
                    self.add(of(Event::Clock));
                }
            }
            Report::Gap(_) => {}
        }
    }

    /// Takes the clips that were kept.
    pub fn take_clips(&mut self, kept: &Kept) {
        while let Some(clip) = kept.pop() {
            let (clip, cause) = (Some(clip.file), Some(clip.cause.into()));
            self.add(Record { clip, cause, ..of(Event::Clip) });
        }
    }

    /// Takes the end: of the program, or of this log alone.
    pub fn end(&mut self, of_program: bool) {
        self.tell_durations();
        if of_program {
            self.add(of(Event::Stop));
        }
        self.refused = None;
        self.write();
        if let Some(store) = &mut self.store {
            // There is nobody left to tell.
            let _ = store.sync();
        }
    }

    /// Writes what waits, unless the disk has just refused.
    pub fn write(&mut self) {
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
                // Opened anew, it is looked at anew.
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
        if self.waiting.is_empty() && self.unsafe_since.is_none() {
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
                store.append(&Record { unix_ms, synchronised, up_ms, count, ..of(Event::Dropped) })?;
                self.dropped = 0;
            }
            store.append(next)?;
            urgent |= matches!(next.event, Event::Alarm | Event::Acknowledged);
            self.unsafe_since.get_or_insert_with(Instant::now);
            self.waiting.pop_front();
        }
        if urgent || self.unsafe_since.is_some_and(|since| since.elapsed() >= SYNC) {
            store.sync()?;
            self.unsafe_since = None;
        }
        Ok(())
    }

    fn tell_durations(&mut self) {
        self.told = Instant::now();
        for (state, seconds) in std::mem::take(&mut self.seconds) {
            let seconds = Some((seconds * 1e3).round() / 1e3);
            self.add(Record { state: Some(state), seconds, ..of(Event::Duration) });
        }
    }

    fn name(&self, state: Option<u16>) -> String {
        let labels = self.who.as_ref().map_or("", |who| &who.labels);
        text(&StateName { labels, state }.to_string())
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

/// A record of this event that says nothing else yet.
fn of(event: Event) -> Record {
    Record { event, ..Record::default() }
}

#[cfg(test)]
mod tests {
    use monitor_wire::{Alarm, StateChange};

    use super::*;
    use crate::events::read;

    fn take(log: &mut Log<'_>, sequence: u32, report: Report) {
        log.take(&Item { sequence, time_us: u64::from(sequence) * 1000, report });
    }

    fn alarm() -> Report {
        Report::Alarm(Alarm { active: true, cause: 0, state: None, index: 0, unacknowledged: false })
    }

    #[test]
    fn a_folder_that_comes_later_gets_what_waited_and_the_count_of_what_was_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("log");
        // Not a folder: nothing can be written there.
        std::fs::write(&place, "").unwrap();
        let config = EventsConfig { folder: place.clone(), ..EventsConfig::default() };
        let mut log = Log::new(&config);
        for sequence in 0..300 {
            take(&mut log, sequence, alarm());
            log.write();
        }
        std::fs::remove_file(&place).unwrap();
        log.end(true);
        let (records, damaged) = read(&place).unwrap();
        assert_eq!((records.len(), damaged), (257, 0));
        // The start, 300 alarms and the stop, of which 256 could wait.
        assert_eq!((records[0].event, records[0].count), (Event::Dropped, Some(302 - 256)));
        assert_eq!(records[256].event, Event::Stop);
    }

    #[test]
    fn reports_that_never_reached_the_log_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let config = EventsConfig { folder: folder.path().into(), ..EventsConfig::default() };
        let mut log = Log::new(&config);
        log.write();
        let change = Report::StateChange(StateChange { index: 0, previous: None, state: Some(1), confidence: 0.5 });
        take(&mut log, u32::MAX, change.clone());
        log.write();
        take(&mut log, 2, change);
        log.end(true);
        let records = read(folder.path()).unwrap().0;
        let events: Vec<Event> = records.iter().map(|record| record.event).collect();
        assert_eq!(events, [Event::Start, Event::State, Event::Dropped, Event::State, Event::Stop]);
        assert_eq!(records[2].count, Some(2));
    }
}
