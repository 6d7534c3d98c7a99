//! Notifications to systemd: ready when sound arrives, alive as long as it does.
//!
//! All of it does nothing where there is no systemd. A message that it does not take is no reason to stop.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;

/// The watchdog and the moment of being ready, both gated on progress.
pub(crate) struct Notify {
    ready: bool,
    every: Option<Duration>,
    last: Instant,
    seen: u64,
}

impl Notify {
    /// Looks whether there is a watchdog to be fed.
    pub(crate) fn new() -> Self {
        // Twice per period, as sd_watchdog_enabled(3) recommends.
        let every = sd_notify::watchdog_enabled().map(|period| period / 2);
        Self { ready: false, every, last: Instant::now(), seen: 0 }
    }

    /// To be called again and again. `progress` grows as long as sound is captured and listened to.
    pub(crate) fn progress(&mut self, progress: u64) {
        if progress == self.seen {
            return;
        }
        if !std::mem::replace(&mut self.ready, true) {
            let _ = sd_notify::notify(&[NotifyState::Ready]);
        }
        if self.every.is_some_and(|every| self.last.elapsed() >= every) {
            let _ = sd_notify::notify(&[NotifyState::Watchdog]);
            self.last = Instant::now();
        }
        self.seen = progress;
    }

    /// One line for `systemctl status`.
    pub(crate) fn status(&self, line: &str) {
        let _ = sd_notify::notify(&[NotifyState::Status(line)]);
    }

    /// A reload begins; [`reloaded`](Self::reloaded) follows.
    pub(crate) fn reloading(&self) {
        // Who was never ready cannot be so again: systemd would wait for it in vain.
        if !self.ready {
            return;
        }
        if let Ok(now) = NotifyState::monotonic_usec_now() {
            let _ = sd_notify::notify(&[NotifyState::Reloading, now]);
        }
    }

    /// The reload is done, well or not.
    pub(crate) fn reloaded(&self) {
        if self.ready {
            let _ = sd_notify::notify(&[NotifyState::Ready]);
        }
    }

    /// The program is about to end.
    pub(crate) fn stopping(&self) {
        let _ = sd_notify::notify(&[NotifyState::Stopping]);
    }
}
