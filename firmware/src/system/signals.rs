//! Signals as requests that are waited for, so that no code runs inside a signal handler.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::hang_up::ControllingTerminal;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// SIGTERM, SIGINT, or SIGHUP because the controlling terminal has hung up: stop.
    Stop,
    /// Any other SIGHUP: read model and configuration again.
    Reload,
    /// SIGUSR1: acknowledge every alarm.
    Acknowledge,
}

/// The signals, blocked for the calling thread and all that it starts afterwards.
pub(crate) struct Signals {
    descriptor: SignalFd,
    terminal: ControllingTerminal,
}

impl Signals {
    /// To be called before any thread is started.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub(crate) fn new() -> nix::Result<Self> {
        let mut set = SigSet::empty();
        for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGUSR1] {
            set.add(signal);
        }
        set.thread_block()?;
        let descriptor = SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        Ok(Self { descriptor, terminal: ControllingTerminal::at_start() })
    }

    /// Waits for a signal, at most `timeout`.
    pub(crate) fn wait(&self, timeout: Duration) -> Option<Request> {
        let mut polled = [PollFd::new(self.descriptor.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::ZERO);
        poll(&mut polled, timeout).ok().filter(|ready| *ready > 0)?;
        let info = self.descriptor.read_signal().ok()??;
        Some(match info.ssi_signo {
            number if number == Signal::SIGHUP as u32 && !self.terminal.has_hung_up() => Request::Reload,
            number if number == Signal::SIGUSR1 as u32 => Request::Acknowledge,
            _ => Request::Stop,
        })
    }
}
