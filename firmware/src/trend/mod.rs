//! The weeks behind the score: daily medians of every state, kept in the state directory, and what follows from them
//! ([`monitor_core::trend`]).
//!
//! Inference counts windows ([`WindowCounts`]); the main thread takes the counts once a minute, closes the day when it is over,
//! and reports. The files are written once an hour, when a day ends and at an orderly end: at most 25 small writes a day. A power
//! cut loses at most the last hour.

mod counts;
mod day;
pub mod file;
mod history;
mod report;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use counts::WindowCounts;
pub(crate) use file::Place;
use history::Date;
pub use history::History;
pub use report::{Limits, report};
use store::{Contents, Store};

use crate::reporting::TrendReport;
use crate::system::clock;

/// Time between two readings of the counts.
const TAKE: Duration = Duration::from_secs(60);

/// Time between two writes and two reports without news.
const WRITE: Duration = Duration::from_secs(3600);

/// How long a change of the model waits for the disk.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(1);

/// Follows the days of one model.
#[derive(Debug)]
pub(crate) struct TrendFollower {
    place: Place,
    store: Option<Store>,
    history: History,
    hop_s: f64,
    /// When counts were taken last, and files written.
    taken: Option<Instant>,
    written: Instant,
    /// Whether days are not written yet.
    days_changed: bool,
    reported: Option<Arc<TrendReport>>,
}

impl TrendFollower {
    /// Goes on from the days at `place`. `hop_s`: seconds between two windows.
    pub(crate) fn start(place: Place, hop_s: f64) -> Self {
        let history = place.read();
        let store = if place.is_kept() { Store::start(place.clone()) } else { None };
        let written = Instant::now();
        Self { place, store, history, hop_s, taken: None, written, days_changed: false, reported: None }
    }

    /// Follows another model, place or hop from now on. Waits, at most a second, until the days so far are written.
    pub(crate) fn change(&mut self, place: Place, hop_s: f64, counts: &WindowCounts) {
        if self.place != place {
            let new = Self::start(place, self.hop_s);
            let before = std::mem::replace(self, new);
            let (begun, thread) = (Instant::now(), before.close(counts));
            while thread.as_ref().is_some_and(|thread| !thread.is_finished()) && begun.elapsed() < CHANGE_TIMEOUT {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        self.hop_s = hop_s;
    }

    /// Called often: takes the counts once a minute. Returns a report when its result has changed and once an hour, unless there is
    /// no state with a median yet.
    pub(crate) fn update(&mut self, counts: &WindowCounts, limits: Option<Limits>) -> Option<Arc<TrendReport>> {
        if self.taken.is_some_and(|at| at.elapsed() < TAKE) {
            return None;
        }
        self.taken = Some(Instant::now());
        let today = clock::is_synchronised().then(|| (clock::unix_ms() / 86_400_000) as u32);
        let hour = self.written.elapsed() >= WRITE;
        let ended = self.take(counts, today);
        if ended || hour {
            self.write();
        }
        let report = report(&self.history, limits);
        let same = self.reported.as_ref().is_some_and(|last| last.summary == report.summary);
        (!report.states.is_empty() && (!same || ended || hour)).then(|| {
            let report = Arc::new(report);
            self.reported = Some(Arc::clone(&report));
            report
        })
    }

    /// The last report: for outputs that begin later.
    pub(crate) fn reported(&self) -> Option<Arc<TrendReport>> {
        self.reported.clone()
    }

    fn take(&mut self, counts: &WindowCounts, today: Date) -> bool {
        let ended = self.history.add(counts, self.hop_s, today);
        self.days_changed |= ended;
        ended
    }

    fn write(&mut self) {
        self.written = Instant::now();
        let Some(store) = &self.store else { return };
        let days = self.days_changed.then(|| self.place.content(&self.history.days));
        if store.write(Contents { days, today: self.place.content([&self.history.open]) }) {
            self.days_changed = false;
        }
    }

    /// Writes what was counted last. The returned thread ends when it is written.
    pub(crate) fn close(mut self, counts: &WindowCounts) -> Option<JoinHandle<()>> {
        self.take(counts, None);
        self.write();
        self.store.map(Store::close)
    }
}
