//! Writing to something that may take its time: waits until there is room, in pieces, and can be told to give up.
//!
//! The wait is `poll`, so that a pipe or terminal whose reader sleeps is not entered (a pipe that polls as writable takes
//! [`PIECE`] bytes without blocking) and `O_NONBLOCK`, which other programs on the same terminal would notice, is not set.

use core::fmt;
use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Most that is written at once: what POSIX promises of a pipe (512), and about 45 ms of a serial line at 115200.
const PIECE: usize = 512;

/// How long one wait lasts before it is asked whether to give up.
const GLANCE_MS: u16 = 50;

/// Why bytes were not written. Some of them may have been.
#[derive(Debug)]
pub enum WriteError {
    /// The caller's `give_up` said so.
    GivenUp,
    /// The other end is gone for good: transient for a serial line (open it again), fatal for a pipe.
    Gone(std::io::Error),
    /// The bytes were refused, as on a full disk; later ones may not be.
    Refused(std::io::Error),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GivenUp => write!(f, "given up"),
            Self::Gone(error) => write!(f, "the other end is gone: {error}"),
            Self::Refused(error) => write!(f, "the bytes were refused: {error}"),
        }
    }
}

impl core::error::Error for WriteError {}

/// A file that is written with patience.
#[derive(Debug)]
pub struct PatientWriter {
    file: File,
}

impl PatientWriter {
    /// Takes over the file.
    pub fn new(file: File) -> Self {
        Self { file }
    }

    /// Writes all bytes, however long that takes, unless `give_up`, which is asked about every 50 ms.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn write_all(&mut self, mut bytes: &[u8], give_up: impl Fn() -> bool) -> Result<(), WriteError> {
        let mut hung_up_since = None;
        while !bytes.is_empty() {
            let mut polled = [PollFd::new(self.file.as_fd(), PollFlags::POLLOUT)];
            let glance = if give_up() { PollTimeout::ZERO } else { PollTimeout::from(GLANCE_MS) };
            let ready = poll(&mut polled, glance).unwrap_or(0);
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
