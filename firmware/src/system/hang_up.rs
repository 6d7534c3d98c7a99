//! Whether the controlling terminal has hung up: a closed terminal window or a lost ssh connection.
//!
//! A hang-up sends SIGHUP, as does a request to reload. The kernel takes the terminal away from its session before it
//! sends the signal, so that `/dev/tty` no longer opens (ENXIO) when the signal arrives. A program started by systemd has no
//! terminal in the first place. `nohup` starts a program with SIGHUP ignored: it outlives its terminal.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;

use nix::libc;

/// The terminal that the program was started from, if any.
#[derive(Debug)]
pub(crate) struct ControllingTerminal {
    at_start: bool,
}

impl ControllingTerminal {
    /// Notes whether the program has a controlling terminal that it does not outlive. Call this once, at the start.
    pub(crate) fn at_start() -> Self {
        Self { at_start: open().is_ok() && !is_sighup_ignored() }
    }

    /// Whether there was a terminal and it is gone.
    pub(crate) fn has_hung_up(&self) -> bool {
        let gone = |error: std::io::Error| matches!(error.raw_os_error(), Some(libc::ENXIO | libc::EIO));
        self.at_start && open().is_err_and(gone)
    }
}

/// Whether the program was started with SIGHUP ignored.
fn is_sighup_ignored() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| is_ignored(&status, libc::SIGHUP))
}

/// Whether the kernel's `status` of a process has the signal in its mask of ignored ones.
fn is_ignored(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

fn open() -> std::io::Result<File> {
    File::options().read(true).custom_flags(libc::O_NOCTTY | libc::O_NONBLOCK | libc::O_CLOEXEC).open("/dev/tty")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_mask_of_ignored_signals_is_read() {
        let status = "Name:\tfirmware\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\n";
        assert!(is_ignored(status, libc::SIGHUP) && is_ignored(status, libc::SIGPIPE));
        assert!(!is_ignored(status, libc::SIGTERM) && !is_ignored("", libc::SIGHUP));
        assert!(!is_ignored("SigIgn:\t0000000000001000\n", libc::SIGHUP));
    }
}
