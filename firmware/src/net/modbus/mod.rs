//! A Modbus TCP server for PLCs and SCADA: what is so now in registers. The map: `docs/reference/modbus.md`.
//!
//! Source of the protocol: "MODBUS Application Protocol Specification V1.1b3" and "MODBUS Messaging on TCP/IP Implementation
//! Guide V1.0b", <https://www.modbus.org/modbus-specifications>.

pub mod frame;
pub mod map;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use monitor_wire::AcknowledgedBy;

use super::server::{self, Visit};
use crate::config::ModbusConfig;
use crate::outbox::Inbox;
use crate::outputs::Signs;

/// Connections at a time.
const MOST: usize = 8;

/// How long a connection may wait before its first request, and a request or an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it may wait between two requests.
const IDLE: Duration = Duration::from_secs(60);

/// Serves what the reports say until there will be no more.
pub fn run(inbox: &Inbox, config: &ModbusConfig, signs: &Signs) {
    server::run("modbus", inbox, config.listen, MOST, |mut stream, visit| {
        let mut patience = PATIENCE;
        let mut request = [0; frame::LONGEST];
        while let Some(request) = read(&mut stream, &mut request, patience, visit) {
            visit.asked();
            let acknowledge = |causes| signs.alarms.acknowledge(AcknowledgedBy::Modbus, causes);
            let acknowledge = config.acknowledge.then_some(&acknowledge as &dyn Fn(u32));
            let Some(answer) = frame::answer(request, || map::image(&visit.now()), acknowledge) else { return };
            if stream.set_write_timeout(Some(PATIENCE)).and_then(|()| stream.write_all(&answer)).is_err() {
                return;
            }
            patience = IDLE;
        }
    });
}

/// Reads one request, whose first byte is waited for `idle` long; `None` when there is none or never will be.
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
        stream.set_read_timeout(Some(Duration::from_millis(server::GLANCE_MS.into()))).ok()?;
        match stream.read(&mut into[len..wanted]) {
            Ok(0) => return None,
            Ok(read) => {
                if len == 0 {
                    end = Instant::now() + PATIENCE;
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
