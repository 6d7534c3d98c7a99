//! A connection that ends at a moment, however slowly the other side answers.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{IpAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// A connection over TCP.
pub(super) struct Timed {
    stream: TcpStream,
    end: Instant,
}

impl Timed {
    /// Connects to the first address of the host that answers.
    ///
    /// # Errors
    /// When the host is unknown, or no address answers before the end.
    pub(super) fn connect(host: &str, port: u16, end: Instant) -> Result<Self> {
        let mut failure = Error::new(ErrorKind::NotFound, "the host has no address");
        for address in (host, port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, left(end)?) {
                Ok(stream) => return Ok(Self { stream, end }),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// The address of this side.
    ///
    /// # Errors
    /// The error of the system.
    pub(super) fn own_address(&self) -> Result<IpAddr> {
        Ok(self.stream.local_addr()?.ip())
    }
}

/// The time that is left.
fn left(end: Instant) -> Result<Duration> {
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(late()) } else { Ok(left) }
}

fn late() -> Error {
    Error::new(ErrorKind::TimedOut, "the server takes too long")
}

/// A time-out has another name here.
fn renamed(error: Error) -> Error {
    if error.kind() == ErrorKind::WouldBlock { late() } else { error }
}

impl Read for Timed {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        self.stream.set_read_timeout(Some(left(self.end)?))?;
        self.stream.read(bytes).map_err(renamed)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.stream.set_write_timeout(Some(left(self.end)?))?;
        self.stream.write(bytes).map_err(renamed)
    }

    fn flush(&mut self) -> Result<()> {
        self.stream.flush()
    }
}
