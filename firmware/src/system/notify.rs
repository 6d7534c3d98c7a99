//! Notifications to systemd: ready when sound arrives, alive as long as it does.
//!
//! Without systemd these functions do nothing. A message that cannot be sent is ignored.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;

/// The watchdog and the moment of being ready, both gated on progress.
pub(crate) struct Notify {
    ready: bool,
    under_systemd: bool,
    every: Option<Duration>,
    last: Instant,
    seen: u64,
}

impl Notify {
    /// Reads from the environment whether systemd expects messages, and which.
    pub(crate) fn new() -> Self {
        // Twice per period, as sd_watchdog_enabled(3) recommends.
        let every = sd_notify::watchdog_enabled().map(|period| period / 2);
        let under_systemd = std::env::var_os("NOTIFY_SOCKET").is_some();
        Self { ready: false, under_systemd, every, last: Instant::now(), seen: 0 }
    }

    /// Call this repeatedly. `progress` grows while sound is captured and processed.
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

    /// Whether systemd has started the program and waits until it is ready.
    pub(crate) fn is_under_systemd(&self) -> bool {
        self.under_systemd
    }

    /// One line for `systemctl status`.
    pub(crate) fn status(&self, line: &str) {
        let _ = sd_notify::notify(&[NotifyState::Status(line)]);
    }

    /// A reload begins; [`reloaded`](Self::reloaded) follows.
    pub(crate) fn reloading(&self) {
        // A program that never became ready must not announce a reload: systemd would wait for its end.
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
