//! What notifications count and report, for metrics and the page, and where a test of them is requested.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// One way that messages take: to a webhook, an ntfy server or a mail server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChannelReport {
    /// `webhook`, `ntfy` or `email`.
    pub channel: &'static str,
    /// The server's name. Not the whole address, which may contain a secret.
    pub host: String,
    /// Messages that wait.
    pub waiting: usize,
    /// When the last attempt ended, in milliseconds since 1970; 0 before the first.
    pub unix_ms: u64,
    /// Why it failed; empty when it did not.
    pub failure: String,
}

/// Counters, and the channels' reports; all stay 0 and empty without notifications.
#[derive(Debug, Default)]
pub struct NotifyDesk {
    /// Messages that a server has accepted.
    pub sent: AtomicU64,
    /// Attempts that failed and are repeated.
    pub failed: AtomicU64,
    /// Messages that were given up: refused by the server, too old, or too many.
    pub dropped: AtomicU64,
    /// Alarms and warnings that were held back, for the digest.
    pub held: AtomicU64,
    /// Messages that wait now, over all channels.
    pub waiting: AtomicU64,
    test: AtomicBool,
    channels: Mutex<Vec<ChannelReport>>,
}

impl NotifyDesk {
    /// Each counter with its name and a line for people. `waiting` is a gauge.
    pub fn list(&self) -> [(&'static str, &'static str, &AtomicU64); 5] {
        [
            ("sent", "Messages that a server has accepted.", &self.sent),
            ("failed", "Attempts to send a message that failed.", &self.failed),
            ("dropped", "Messages that were given up.", &self.dropped),
            ("held", "Alarms and warnings that were held back for a digest.", &self.held),
            ("waiting", "Messages that wait to be sent.", &self.waiting),
        ]
    }

    /// Requests a test message on every channel.
    pub fn request_test(&self) {
        self.test.store(true, Relaxed);
    }

    /// Whether a test was requested since the last call.
    pub fn take_test(&self) -> bool {
        self.test.swap(false, Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<ChannelReport>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The channels now.
    pub fn channels(&self) -> Vec<ChannelReport> {
        self.lock().clone()
    }

    /// Replaces all channels: none at the end.
    pub fn set_channels(&self, channels: Vec<ChannelReport>) {
        *self.lock() = channels;
        self.waiting.store(0, Relaxed);
    }

    /// Changes the report of one channel, if it is there.
    pub fn change(&self, channel: &str, change: impl FnOnce(&mut ChannelReport)) {
        let mut channels = self.lock();
        if let Some(report) = channels.iter_mut().find(|report| report.channel == channel) {
            change(report);
        }
        self.waiting.store(channels.iter().map(|report| report.waiting as u64).sum(), Relaxed);
    }
}
