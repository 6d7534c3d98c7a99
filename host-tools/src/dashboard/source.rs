//! The source of bytes: a serial line, standard input or a file, read by a thread of its own.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use anyhow::Context;

/// Time between two attempts to reconnect.
const RETRY: Duration = Duration::from_secs(1);

/// Longest wait for bytes of a serial line before checking whether the receiver still exists.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Where to read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// A serial line by name and bits per second; reconnected when it disappears.
    Serial(String, u32),
    /// Standard input.
    Stdin,
    /// A file, or a device that is read like one.
    File(PathBuf),
}

/// Event of the reading thread.
#[derive(Debug)]
pub(crate) enum Event {
    /// Bytes.
    Bytes(Vec<u8>),
    /// The connection is lost, with the reason; the thread reconnects.
    Disconnected(String),
    /// The connection is back.
    Connected,
    /// The data has ended.
    End,
}

/// The receiving end of the thread.
#[derive(Debug)]
pub(crate) struct Source {
    events: Receiver<Event>,
    is_live: bool,
}

impl Source {
    /// Opens `input` and starts the thread.
    ///
    /// # Errors
    /// When the file or serial line does not exist at the start; later, a lost line is reconnected.
    pub(crate) fn open(input: &Input) -> anyhow::Result<Self> {
        let (sender, events) = sync_channel(64);
        match input {
            Input::Serial(name, baud) => {
                let (name, baud) = (name.clone(), *baud);
                let port = serial(&name, baud).with_context(|| {
                    format!("the serial line {name} cannot be opened; check that it is plugged in and that this user may open it")
                })?;
                std::thread::spawn(move || read_serial(port, &name, baud, &sender));
            }
            Input::Stdin => {
                std::thread::spawn(move || read_to_end(std::io::stdin(), &sender));
            }
            Input::File(path) => {
                // A folder can be opened, and reading it fails only later.
                anyhow::ensure!(!path.is_dir(), "{} is a folder; name a file", path.display());
                let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
                std::thread::spawn(move || read_to_end(file, &sender));
            }
        }
        // A device is opened like a file and delivers data as they arise.
        let is_live = match input {
            Input::File(path) => !path.is_file(),
            Input::Serial(..) | Input::Stdin => true,
        };
        Ok(Self { events, is_live })
    }

    /// Whether data arrive as the device sends them, so that a pause means silence.
    pub(crate) fn is_live(&self) -> bool {
        self.is_live
    }

    /// The next event; `None` if there is none within `timeout`.
    pub(crate) fn next(&self, timeout: Duration) -> Option<Event> {
        match self.events.recv_timeout(timeout) {
            Ok(event) => Some(event),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => None,
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Some(Event::End),
        }
    }
}

fn serial(name: &str, baud: u32) -> serialport::Result<Box<dyn serialport::SerialPort>> {
    serialport::new(name, baud).timeout(POLL_INTERVAL).open()
}

/// Reads until the receiver is gone.
fn read_serial(mut port: Box<dyn serialport::SerialPort>, name: &str, baud: u32, events: &SyncSender<Event>) {
    let mut buffer = [0; 4096];
    loop {
        let why = match port.read(&mut buffer) {
            Ok(0) => "it returns no data".to_string(),
            Ok(count) => match events.send(Event::Bytes(buffer[..count].to_vec())) {
                Ok(()) => continue,
                Err(_) => return,
            },
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => continue,
            Err(error) => error.to_string(),
        };
        if events.send(Event::Disconnected(why)).is_err() {
            return;
        }
        port = loop {
            std::thread::sleep(RETRY);
            if let Ok(port) = serial(name, baud) {
                break port;
            }
        };
        if events.send(Event::Connected).is_err() {
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
                let _ = events.send(Event::Disconnected(error.to_string()));
                break;
            }
        }
    }
    let _ = events.send(Event::End);
}
