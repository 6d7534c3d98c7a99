//! Writing to a file that may be slow: waits until there is room, writes in pieces, and gives up when the caller wants that.
//!
//! The wait is `poll`, so that a pipe or terminal whose reader sleeps is not entered (a pipe that polls as writable takes
//! [`PIECE`] bytes without blocking) and `O_NONBLOCK`, which other programs on the same terminal would notice, is not set.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Most that is written at once: what POSIX promises of a pipe (512), and about 45 ms of a serial line at 115200.
const PIECE: usize = 512;

/// How long one wait lasts before `give_up` is called again.
const POLL_INTERVAL_MS: u16 = 50;

/// Why bytes were not written. Some of them may have been.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// The caller's `give_up` returned true.
    #[error("given up")]
    GivenUp,
    /// The other end is gone for good: transient for a serial line (open it again), fatal for a pipe.
    #[error("the other end is gone: {0}")]
    Gone(std::io::Error),
    /// The bytes were refused, as on a full disk; later ones may not be.
    #[error("the bytes were refused: {0}")]
    Refused(std::io::Error),
}

/// A file that is written in pieces.
#[derive(Debug)]
pub(super) struct InterruptibleWriter {
    file: File,
}

impl InterruptibleWriter {
    /// Takes over the file.
    pub(super) fn new(file: File) -> Self {
        Self { file }
    }

    /// Writes all bytes, however long that takes, unless `give_up`, called about every 50 ms, returns true.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub(super) fn write_all(&mut self, mut bytes: &[u8], give_up: impl Fn() -> bool) -> Result<(), WriteError> {
        let mut hung_up_since = None;
        while !bytes.is_empty() {
            let mut polled = [PollFd::new(self.file.as_fd(), PollFlags::POLLOUT)];
            let timeout = if give_up() { PollTimeout::ZERO } else { PollTimeout::from(POLL_INTERVAL_MS) };
            let ready = poll(&mut polled, timeout).unwrap_or(0);
            let flags = polled[0].revents().unwrap_or(PollFlags::empty());
            if ready == 0 || flags.is_empty() {
                if give_up() {
                    return Err(WriteError::GivenUp);
                }
                continue;
            }
            match self.file.write(&bytes[..bytes.len().min(PIECE)]) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) => match error.kind() {
                    std::io::ErrorKind::Interrupted => {}
                    std::io::ErrorKind::WouldBlock => {
                        // A line that has hung up polls at once and for ever.
                        let since = *hung_up_since.get_or_insert_with(Instant::now);
                        if flags.intersects(PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL)
                            && since.elapsed() > Duration::from_secs(1)
                        {
                            return Err(WriteError::Gone(error));
                        }
                        if give_up() {
                            return Err(WriteError::GivenUp);
                        }
                        std::thread::sleep(Duration::from_millis(5));
                    }
                    std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                        return Err(WriteError::Refused(error));
                    }
                    _ => return Err(WriteError::Gone(error)),
                },
            }
        }
        Ok(())
    }
}
