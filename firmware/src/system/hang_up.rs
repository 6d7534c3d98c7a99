//! Whether the controlling terminal has hung up: a closed terminal window or a lost ssh connection.
//!
//! A hang-up sends SIGHUP, as does a request to reload. The kernel takes the terminal away from its session before it
//! sends the signal, so that `/dev/tty` no longer opens (ENXIO) when the signal arrives. A program started by systemd has no
//! terminal in the first place.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;

use nix::libc;

/// The terminal that the program was started from, if any.
#[derive(Debug)]
pub(crate) struct ControllingTerminal {
    at_start: bool,
}

impl ControllingTerminal {
    /// Notes whether the program has a controlling terminal. Call this once, at the start.
    pub(crate) fn at_start() -> Self {
        Self { at_start: open().is_ok() }
    }

    /// Whether there was a terminal and it is gone.
    pub(crate) fn has_hung_up(&self) -> bool {
        let gone = |error: std::io::Error| matches!(error.raw_os_error(), Some(libc::ENXIO | libc::EIO));
        self.at_start && open().is_err_and(gone)
    }
}

fn open() -> std::io::Result<File> {
    File::options().read(true).custom_flags(libc::O_NOCTTY | libc::O_NONBLOCK | libc::O_CLOEXEC).open("/dev/tty")
}
