//! The serial line: frames of the wire format, or text; opened again whenever it vanishes.

mod serial_port;

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use monitor_model::line::Line;
use monitor_wire::{self as wire, LARGEST_FRAME, TextList};
use serde::{Deserialize, Serialize};

use super::writer::{InterruptibleWriter, WriteError};
use super::{Sink, SinkConfig};
use crate::reporting::{Event, Item, OutputContext};
use crate::setting::{InvalidSetting, within};
use crate::system::messages::warn;

/// Time between two attempts to open a line that is not there.
const RETRY: Duration = Duration::from_secs(1);

/// Time after which the hello is repeated, for readers that join late.
const HELLO_INTERVAL: Duration = Duration::from_secs(10);

/// `[serial]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The line's device; empty for none. It may be absent, and come and go.
    pub device: PathBuf,
    /// Bits per second, 50 to 4000000; 8 data bits, no parity, 1 stop bit.
    pub baud: u32,
    /// Frames for `host-tools monitor`, or text for people.
    pub format: SerialFormat,
    /// Events that may wait for a slow line, 4 to 1024; what comes on top is dropped and counted.
    pub queue: u16,
}

/// What is written on the serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SerialFormat {
    /// The frames of `docs/reference/wire.md`.
    #[default]
    Wire,
    /// Lines of text.
    Text,
}

impl Default for Config {
    fn default() -> Self {
        Self { device: PathBuf::new(), baud: 115_200, format: SerialFormat::Wire, queue: 64 }
    }
}

impl SinkConfig for Config {
    fn queue(&self) -> Option<usize> {
        (!self.device.as_os_str().is_empty()).then_some(self.queue.into())
    }

    fn validate(&self) -> Result<(), InvalidSetting> {
        within("serial.baud", self.baud, 50..=4_000_000)?;
        within("serial.queue", self.queue, 4..=1024)
    }

    fn start(&self, _: &OutputContext) -> Result<Box<dyn Sink>, String> {
        Ok(Box::new(Serial {
            config: self.clone(),
            port: None,
            next_try: Instant::now(),
            warned: false,
            buffer: vec![0; LARGEST_FRAME],
            hello: None,
            hello_due: false,
        }))
    }
}

/// The line, present or not.
struct Serial {
    config: Config,
    port: Option<InterruptibleWriter>,
    next_try: Instant,
    warned: bool,
    /// The bytes of one event.
    buffer: Vec<u8>,
    /// The newest hello, and when it was last sent.
    hello: Option<(Item, Instant)>,
    /// The line was opened, and no hello was sent on it.
    hello_due: bool,
}

impl Sink for Serial {
    fn poll_interval(&self) -> Duration {
        RETRY
    }

    /// Opens the line as soon as it is there. The hello follows with the next event, whose number it takes.
    fn poll(&mut self, context: &OutputContext) {
        if self.port.is_some() || Instant::now() < self.next_try {
            return;
        }
        self.next_try = Instant::now() + RETRY;
        let path = &self.config.device;
        match serial_port::open(path, self.config.baud) {
            Ok(file) => {
                self.port = Some(InterruptibleWriter::new(file));
                if std::mem::replace(&mut self.warned, false) {
                    warn(format!("serial line {}: there again", path.display()));
                }
                // Ends whatever the reader has received so far.
                self.buffer.clear();
                self.buffer.extend(boundary(self.config.format));
                let _ = self.write(self.buffer.len(), context);
                self.hello_due = true;
            }
            Err(error) => {
                if !std::mem::replace(&mut self.warned, true) {
                    warn(format!(
                        "serial line {}: {error}; trying again every second. Is it plugged in, and may this user open it \
                         (group dialout)?",
                        path.display()
                    ));
                }
            }
        }
    }

    fn handle(&mut self, item: &Item, context: &OutputContext) {
        if matches!(item.event, Event::Hello(_)) {
            self.hello = Some((item.clone(), Instant::now()));
        } else if let Some((hello, sent)) = &mut self.hello
            && (self.hello_due || sent.elapsed() >= HELLO_INTERVAL)
        {
            // It takes the number of the event before which it is repeated: a reader counts no loss.
            (hello.sequence, hello.time_us, *sent) = (item.sequence, item.time_us, Instant::now());
            let hello = hello.clone();
            let len = self.encode(&hello, context.snapshot.labels());
            let _ = self.write(len, context);
        }
        self.hello_due = false;
        let len = self.encode(item, context.snapshot.labels());
        if self.write(len, context).is_err() {
            context.count_dropped();
        }
    }
}

impl Serial {
    /// Encodes an event into the buffer; returns its length.
    fn encode(&mut self, item: &Item, labels: TextList<'_>) -> usize {
        let frame = item.frame();
        match self.config.format {
            SerialFormat::Wire => {
                self.buffer.resize(LARGEST_FRAME, 0);
                // The buffer takes every frame there is.
                wire::encode(&mut self.buffer, frame.sequence, frame.time_us, &frame.message)
                    .map_or(0, |bytes| bytes.len())
            }
            SerialFormat::Text => {
                self.buffer.clear();
                // Into memory: it cannot fail.
                let _ = write!(self.buffer, "{}\r\n", Line { frame, labels });
                self.buffer.len()
            }
        }
    }

    /// Writes the first `len` bytes of the buffer.
    fn write(&mut self, len: usize, context: &OutputContext) -> Result<(), ()> {
        let Some(port) = &mut self.port else { return Err(()) };
        port.write_all(&self.buffer[..len], || context.hurry()).map_err(|error| {
            if !matches!(error, WriteError::GivenUp) {
                warn(format!(
                    "serial line {}: {error}; it is opened again as soon as it is there",
                    self.config.device.display()
                ));
                self.warned = true;
                self.port = None;
            }
        })
    }
}

/// What ends the bytes before, whatever they are.
fn boundary(format: SerialFormat) -> &'static [u8] {
    match format {
        SerialFormat::Wire => &[0],
        SerialFormat::Text => b"\r\n",
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read;
    use std::sync::Arc;
    use std::sync::atomic::Ordering::Relaxed;

    use monitor_wire::{Decoder, Gap};
    use nix::pty::openpty;

    use super::*;
    use crate::reporting::{DeviceInfo, Inbox, Outboxes};
    use crate::sinks::run;

    fn hello() -> Event<'static> {
        let labels = ["off_state", "on_state"].into_iter().collect();
        Event::Hello(Arc::new(DeviceInfo { model: "m.tflite".into(), labels, ..DeviceInfo::default() }))
    }

    fn spawn(config: Config, inbox: Inbox, context: &OutputContext) -> std::thread::JoinHandle<()> {
        let context = context.clone();
        std::thread::spawn(move || run(&mut *config.start(&context).unwrap(), &inbox, &context))
    }

    fn gap(index: u64) -> Event<'static> {
        Event::Gap(Gap { index, lost_frames: 1 })
    }

    /// A line under a name of its own, as a plugged adapter has one, and the end that the reader holds.
    fn plug(link: &std::path::Path) -> (File, std::os::fd::OwnedFd) {
        let pty = openpty(None, None).unwrap();
        let _ = std::fs::remove_file(link);
        std::os::unix::fs::symlink(nix::unistd::ttyname(&pty.slave).unwrap(), link).unwrap();
        (File::from(pty.master), pty.slave)
    }

    fn sequences(bytes: &[u8]) -> Vec<(u32, u8)> {
        let mut seen = Vec::new();
        let mut buffer = vec![0; LARGEST_FRAME];
        Decoder::new(&mut buffer).push(bytes, |frame| {
            let frame = frame.unwrap();
            seen.push((frame.sequence, frame.message.kind()));
        });
        seen
    }

    fn read_frames(master: &mut File, frames: usize) -> Vec<u8> {
        let (mut bytes, mut some) = (Vec::new(), [0; 4096]);
        // Frames are separated by zeros; the first zero comes before the first frame.
        while bytes.iter().filter(|byte| **byte == 0).count() < frames + 1 {
            let count = master.read(&mut some).unwrap();
            bytes.extend_from_slice(&some[..count]);
        }
        bytes
    }

    #[test]
    fn frames_arrive_over_a_pty() {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("ttyX");
        let (mut master, _slave) = plug(&device);
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(8, false);
        let config = Config { device, ..Config::default() };
        let thread = spawn(config, inbox, &OutputContext::default());
        outboxes.send(&hello());
        outboxes.send(&gap(1));
        let bytes = read_frames(&mut master, 2);
        assert_eq!(sequences(&bytes), [(0, 1), (1, 6)]);
        drop(outboxes);
        thread.join().unwrap();
    }

    #[test]
    fn text_arrives_for_people_with_a_terminal_program() {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("ttyX");
        let (mut master, _slave) = plug(&device);
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(8, false);
        let config = Config { device, format: SerialFormat::Text, ..Config::default() };
        let thread = spawn(config, inbox, &OutputContext::default());
        outboxes.send(&gap(3));
        let (mut text, mut some) = (String::new(), [0; 512]);
        while !text.contains("window 3\r\n") {
            let count = master.read(&mut some).unwrap();
            text.push_str(std::str::from_utf8(&some[..count]).unwrap());
        }
        assert!(text.contains("GAP 1 frames lost before window 3"), "{text}");
        drop(outboxes);
        thread.join().unwrap();
    }

    #[test]
    fn a_line_that_was_unplugged_is_opened_again_and_starts_with_a_hello() {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("ttyX");
        let (mut master, slave) = plug(&device);
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(8, false);
        let config = Config { device: device.clone(), ..Config::default() };
        let thread = spawn(config, inbox, &OutputContext::default());
        outboxes.send(&hello());
        read_frames(&mut master, 1);
        drop((master, slave));
        outboxes.send(&gap(1));
        let (mut master, _slave) = plug(&device);
        let again = std::thread::spawn(move || read_frames(&mut master, 2));
        while !again.is_finished() {
            std::thread::sleep(Duration::from_millis(20));
            outboxes.send(&gap(2));
        }
        let seen = sequences(&again.join().unwrap());
        assert_eq!((seen[0].1, seen[1].1), (1, 6));
        // The hello has the number of the event that follows, not its old one.
        assert_eq!(seen[0].0, seen[1].0);
        drop(outboxes);
        thread.join().unwrap();
    }

    #[test]
    fn a_line_without_a_reader_costs_events_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("ttyX");
        let (_master, _slave) = plug(&device);
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(8, false);
        let context = OutputContext::default();
        let config = Config { device, ..Config::default() };
        let thread = spawn(config, inbox, &context);
        let start = Instant::now();
        while outboxes.dropped() == 0 {
            outboxes.send(&hello());
            assert!(start.elapsed() < Duration::from_secs(10));
        }
        context.hurry.store(true, Relaxed);
        drop(outboxes);
        let end = Instant::now();
        thread.join().unwrap();
        assert!(end.elapsed() < Duration::from_secs(1));
    }
}
