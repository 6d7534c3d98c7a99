//! The Modbus server of the real program.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use common::place::Place;
use common::program::wait;
use nix::sys::signal::Signal;

/// A master that sends one request after another.
struct Master(TcpStream);

impl Master {
    fn connect(port: u16) -> Option<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        Some(Self(stream))
    }

    /// Sends a request PDU; returns the response PDU, or `None` if the connection was closed.
    fn ask(&mut self, pdu: &[u8]) -> Option<Vec<u8>> {
        let mut frame = vec![0, 7, 0, 0, 0, pdu.len() as u8 + 1, 1];
        frame.extend(pdu);
        self.0.write_all(&frame).ok()?;
        let mut head = [0; 7];
        self.0.read_exact(&mut head).ok()?;
        assert_eq!((&head[..4], head[6]), (&frame[..4], 1));
        let mut answer = vec![0; usize::from(head[5]) - 1];
        self.0.read_exact(&mut answer).ok()?;
        Some(answer)
    }

    fn registers(&mut self, address: u16, count: u8) -> Option<Vec<u16>> {
        let [high, low] = address.to_be_bytes();
        let answer = self.ask(&[4, high, low, 0, count])?;
        assert_eq!(answer[..2], [4, 2 * count]);
        Some(answer[2..].chunks(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect())
    }
}

fn device() -> (Place, u16) {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let config = format!("[alarm]\nstates = [\"on_state\"]\n[modbus]\nenabled = true\nlisten = \"127.0.0.1:{port}\"\n");
    (Place::new(&config, 8, 3.0), port)
}

#[test]
fn a_master_reads_state_alarm_names_and_a_heartbeat_and_can_write_nothing() {
    let (place, port) = device();
    let program = place.run_on_stdin();
    let mut master = None;
    wait(
        || {
            master = Master::connect(port);
            master.is_some()
        },
        || "the server".into(),
    );
    let mut master = master.unwrap();
    wait(|| master.registers(0, 6).unwrap()[..3] == [1, 1, 2], || "state 1 of 2".into());
    wait(|| master.registers(5, 1).unwrap() == [1], || "the alarm".into());
    assert_eq!(master.ask(&[2, 0, 0, 0, 2]).unwrap(), [2, 1, 0b11]);
    let name: Vec<u8> = master.registers(1016, 4).unwrap().iter().flat_map(|two| two.to_be_bytes()).collect();
    assert_eq!(name, b"on_state");
    let beat = master.registers(10, 1).unwrap();
    wait(|| master.registers(10, 1).unwrap() != beat, || "a heartbeat".into());
    for write in [&[5, 0, 0, 0xFF, 0][..], &[6, 0, 0, 0, 1], &[15, 0, 0, 0, 1, 1, 1], &[16, 0, 0, 0, 1, 2, 0, 1]] {
        assert_eq!(master.ask(write).unwrap(), [write[0] | 0x80, 1]);
    }
    program.signal(Signal::SIGTERM);
    let (status, took, _, stderr) = program.end();
    assert!(status.success() && took < Duration::from_secs(1), "{took:?} {stderr}");
}

#[test]
fn eight_idle_connections_make_room_for_another_within_seconds_and_one_that_asks_keeps_its_place() {
    let (place, port) = device();
    let program = place.run_on_stdin();
    wait(|| Master::connect(port).is_some(), || "the server".into());
    // All eight connections: each has sent one request and may stay idle for a minute.
    let mut idle = Vec::new();
    wait(
        || {
            let asked = |mut master: Master| master.registers(0, 1).map(|_| master);
            idle.extend(Master::connect(port).and_then(asked));
            idle.len() == 8
        },
        || "eight places".into(),
    );
    let mut busy = idle.pop().unwrap();
    let begun = Instant::now();
    wait(
        || {
            assert!(busy.registers(0, 1).is_some(), "an active connection was closed");
            Master::connect(port).is_some_and(|mut master| master.registers(0, 1).is_some())
        },
        || "a ninth's answer".into(),
    );
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(4) && took < Duration::from_secs(15), "{took:?}");
    // Only the connection that was idle longest was closed.
    assert!(idle[0].registers(0, 1).is_none());
    assert!(idle[6].registers(0, 1).is_some() && busy.registers(0, 1).is_some());
    program.signal(Signal::SIGTERM);
    assert!(program.end().0.success());
}

#[test]
fn malformed_frames_random_bytes_and_too_many_connections_do_not_affect_monitoring() {
    let (place, port) = device();
    let program = place.run_on_stdin();
    wait(|| Master::connect(port).is_some(), || "the server".into());
    // Truncated writes and function codes of 128 and more, on which the library would panic.
    let bad: [&[u8]; 8] =
        [&[15], &[16, 0, 0], &[15, 0, 0, 0, 1, 255], &[16, 0, 0, 0, 1, 246, 1], &[5, 0], &[128], &[255, 0], &[0]];
    wait(
        || Master::connect(port).is_some_and(|mut master| bad.iter().all(|pdu| master.ask(pdu).is_some())),
        || "refusals".into(),
    );
    let mut state = 5u32;
    for _ in 0..50 {
        let mut bytes = [0; 300];
        for byte in &mut bytes {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (state >> 24) as u8;
        }
        if let Some(Master(mut stream)) = Master::connect(port) {
            // The server may close the connection before it has read everything.
            let _ = stream.write_all(&bytes);
        }
    }
    let idle: Vec<_> = (0..50).map(|_| Master::connect(port)).collect();
    program.wait("the change", |program| program.reports("state").iter().any(|line| line["state"] == "on_state"));
    drop(idle);
    wait(
        || Master::connect(port).is_some_and(|mut master| master.registers(0, 1).is_some()),
        || "an answer after all that".into(),
    );
    program.signal(Signal::SIGTERM);
    let (status, _, lines, stderr) = program.end();
    assert!(status.success() && stderr.is_empty(), "{stderr}");
    let health = lines.iter().rfind(|line| line["kind"] == "health").unwrap();
    assert_eq!(health["dropped_windows"].as_u64(), Some(0));
}
