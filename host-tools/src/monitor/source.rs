//! Where the bytes come from: a serial line, standard input or a file, read by a thread of its own.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use anyhow::Context;

/// Time between two attempts to open a line that is gone.
const RETRY: Duration = Duration::from_secs(1);

/// Longest wait for bytes of a serial line before looking whether anybody still listens.
const GLANCE: Duration = Duration::from_millis(200);

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// A serial line by its name, at so many bits per second; opened again whenever it vanishes.
    Serial(String, u32),
    /// Standard input.
    Stdin,
    /// A file, or a device that reads like one.
    File(PathBuf),
}

/// What comes from the thread.
#[derive(Debug)]
pub enum Event {
    /// Bytes.
    Bytes(Vec<u8>),
    /// The line is gone, and why; it is waited for.
    Gone(String),
    /// The line is there (again).
    There,
    /// Nothing will come any more.
    End,
}

/// The bytes as they come.
#[derive(Debug)]
pub struct Source {
    events: Receiver<Event>,
}

impl Source {
    /// Begins to read.
    ///
    /// # Errors
    /// When there is no such file or serial line at the start: later, a line is waited for.
    pub fn open(from: &From) -> anyhow::Result<Self> {
        let (sender, events) = sync_channel(64);
        match from {
            From::Serial(name, baud) => {
                let (name, baud) = (name.clone(), *baud);
                let port = serial(&name, baud).with_context(|| {
                    format!("the serial line {name} cannot be opened; is it plugged in, and may this user open it?")
                })?;
                std::thread::spawn(move || read_serial(port, &name, baud, &sender));
            }
            From::Stdin => {
                std::thread::spawn(move || read_to_end(std::io::stdin(), &sender));
            }
            From::File(path) => {
                let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
                std::thread::spawn(move || read_to_end(file, &sender));
            }
        }
        Ok(Self { events })
    }

    /// The next event, if one comes within the time.
    pub fn next(&self, timeout: Duration) -> Option<Event> {
        match self.events.recv_timeout(timeout) {
            Ok(event) => Some(event),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => None,
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Some(Event::End),
        }
    }
}

fn serial(name: &str, baud: u32) -> serialport::Result<Box<dyn serialport::SerialPort>> {
    serialport::new(name, baud).timeout(GLANCE).open()
}

/// Reads until nobody listens any more.
fn read_serial(mut port: Box<dyn serialport::SerialPort>, name: &str, baud: u32, events: &SyncSender<Event>) {
    let mut buffer = [0; 4096];
    loop {
        let why = match port.read(&mut buffer) {
            Ok(0) => "it gives nothing any more".to_string(),
            Ok(count) => match events.send(Event::Bytes(buffer[..count].to_vec())) {
                Ok(()) => continue,
                Err(_) => return,
            },
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => continue,
            Err(error) => error.to_string(),
        };
        if events.send(Event::Gone(why)).is_err() {
            return;
        }
        port = loop {
            std::thread::sleep(RETRY);
            if let Ok(port) = serial(name, baud) {
                break port;
            }
        };
        if events.send(Event::There).is_err() {
            return;
        }
    }
}

fn read_to_end(mut input: impl Read, events: &SyncSender<Event>) {
    let mut buffer = [0; 4096];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                if events.send(Event::Bytes(buffer[..count].to_vec())).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                let _ = events.send(Event::Gone(error.to_string()));
                break;
            }
        }
    }
    let _ = events.send(Event::End);
}
