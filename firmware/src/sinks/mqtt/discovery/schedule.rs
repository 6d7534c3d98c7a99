//! When the device is announced.

use std::time::{Duration, Instant};

/// Pause after a connection: the broker sends what it has retained of an earlier version first.
const SETTLE: Duration = Duration::from_millis(500);

/// Pause after Home Assistant's start, shortened at random, so that a fleet does not announce itself at one moment.
const AFTER_START: Duration = Duration::from_secs(2);

/// The next announcement.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    due: Option<Instant>,
    /// Topics of an earlier version's messages.
    former: Vec<String>,
}

impl Schedule {
    /// A connection begins: what came before it is out of date.
    pub(crate) fn connected(&mut self, now: Instant) {
        *self = Self { due: Some(now + SETTLE), former: Vec::new() };
    }

    /// Home Assistant has started. `jitter` shortens the pause.
    pub(crate) fn started(&mut self, now: Instant, jitter: impl Fn(Duration) -> Duration) {
        self.due.get_or_insert(now + jitter(AFTER_START));
    }

    /// The broker has retained a message of an earlier version on `topic`.
    pub(crate) fn found(&mut self, topic: String, now: Instant) {
        self.due.get_or_insert(now + SETTLE);
        if !self.former.contains(&topic) {
            self.former.push(topic);
        }
    }

    /// The topics to migrate, once an announcement is due.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Vec<String>> {
        self.due.take_if(|due| now >= *due).map(|_| std::mem::take(&mut self.former))
    }
}
