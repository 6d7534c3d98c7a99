//! A Modbus TCP server for PLCs and SCADA: the current state in registers. The map: `docs/reference/modbus.md`.
//!
//! Source of the protocol: "MODBUS Application Protocol Specification V1.1b3" and "MODBUS Messaging on TCP/IP Implementation
//! Guide V1.0b", <https://www.modbus.org/modbus-specifications>.

pub mod frame;
pub mod map;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use monitor_wire::AcknowledgedBy;
use serde::{Deserialize, Serialize};

use super::server::{self, Server, Visit};
use super::{QUEUE, Sink, SinkConfig};
use crate::alarms::Alarms;
use crate::reporting::OutputContext;

/// Connections at a time.
const MOST: usize = 8;

/// How long a connection may wait before its first request, and a request or an answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long it may wait between two requests.
const IDLE: Duration = Duration::from_secs(60);

/// `[modbus]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether there is a server.
    pub enabled: bool,
    /// Address and port that it listens on.
    pub listen: SocketAddr,
    /// Whether alarms can be acknowledged by its coils.
    pub acknowledge: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: false, listen: (Ipv4Addr::LOCALHOST, 1502).into(), acknowledge: false }
    }
}

impl SinkConfig for Config {
    fn queue(&self) -> Option<usize> {
        self.enabled.then_some(QUEUE)
    }

    fn start(&self, context: &OutputContext) -> Result<Box<dyn Sink>, String> {
        // Acknowledging is only possible with the alarms at hand.
        let alarms = self.acknowledge.then(|| Arc::clone(&context.alarms));
        let server =
            Server::start("modbus", self.listen, MOST, move |stream, visit| serve(stream, visit, alarms.as_deref()))?;
        Ok(Box::new(server))
    }
}

/// Answers the requests of a connection until it ends.
fn serve(mut stream: TcpStream, visit: &Visit<'_>, alarms: Option<&Alarms>) {
    let mut timeout = TIMEOUT;
    let mut request = [0; frame::LONGEST];
    while let Some(request) = read(&mut stream, &mut request, timeout, visit) {
        visit.asked();
        let acknowledge = alarms.map(|alarms| move |causes| alarms.acknowledge(AcknowledgedBy::Modbus, causes));
        let acknowledge = acknowledge.as_ref().map(|acknowledge| acknowledge as &dyn Fn(u32));
        let Some(answer) = frame::answer(request, || map::image(&visit.now()), acknowledge) else { return };
        if stream.set_write_timeout(Some(TIMEOUT)).and_then(|()| stream.write_all(&answer)).is_err() {
            return;
        }
        timeout = IDLE;
    }
}

/// Reads one request; waits at most `idle` for its first byte. Returns `None` without a request, or if the connection ended.
fn read<'a>(
    stream: &mut TcpStream,
    into: &'a mut [u8; frame::LONGEST],
    idle: Duration,
    visit: &Visit<'_>,
) -> Option<&'a [u8]> {
    let mut end = Instant::now() + idle;
    let (mut len, mut wanted) = (0, frame::HEAD);
    while len < wanted {
        if visit.is_over() {
            return None;
        }
        // So short that the end of the program is not held up.
        stream.set_read_timeout(Some(Duration::from_millis(server::POLL_INTERVAL_MS.into()))).ok()?;
        match stream.read(&mut into[len..wanted]) {
            Ok(0) => return None,
            Ok(read) => {
                if len == 0 {
                    end = Instant::now() + TIMEOUT;
                }
                len += read;
            }
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                if Instant::now() >= end {
                    return None;
                }
            }
            Err(_) => return None,
        }
        if len == frame::HEAD {
            wanted = frame::whole(into)?;
        }
    }
    Some(&into[..len])
}
