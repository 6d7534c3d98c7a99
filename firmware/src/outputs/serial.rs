//! The serial line: frames of the wire format, or text; opened again whenever it vanishes.

use std::io::Write;
use std::time::{Duration, Instant};

use monitor_model::line::Line;
use monitor_wire::{self as wire, LARGEST_FRAME};

use super::{PatientWriter, Signs, WriteError, serial_port, warn};
use crate::config::{SerialConfig, SerialFormat};
use crate::outbox::{Inbox, Item, Received};
use crate::report::Report;

/// Time between two attempts to open a line that is not there.
const RETRY: Duration = Duration::from_secs(1);

/// Time after which who speaks is said again, for readers that join late.
const HELLO_AGAIN: Duration = Duration::from_secs(10);

/// Writes reports until there will be no more.
pub fn run(inbox: &Inbox, config: &SerialConfig, signs: &Signs) {
    let mut line = Serial { config, port: None, next_try: Instant::now(), warned: false, signs };
    let mut text = Text::new(config.format);
    let mut hello: Option<(Item, Instant)> = None;
    // The line is open, but who speaks has not been said on it.
    let mut pending = false;
    loop {
        let item = match inbox.next(RETRY) {
            Received::Item(item) => item,
            // Also without anything to say the line is opened as soon as it is there; who speaks is said with the next
            // report, whose number it takes.
            Received::Nothing => {
                pending |= line.open_if_due(None, &mut text);
                continue;
            }
            Received::End => break,
        };
        if let Some((hello, _)) = &mut hello {
            // Its number is that of the report before which it is repeated: a reader sees no loss.
            (hello.sequence, hello.time_us) = (item.sequence, item.time_us);
        }
        let opened = line.open_if_due(hello.as_ref().map(|(hello, _)| hello), &mut text);
        match &mut hello {
            _ if matches!(item.report, Report::Hello(_)) => hello = Some(((*item).clone(), Instant::now())),
            Some((_, said)) if opened => *said = Instant::now(),
            Some((who, said)) if pending || said.elapsed() >= HELLO_AGAIN => {
                *said = Instant::now();
                let _ = line.write(text.of(who));
            }
            _ => {}
        }
        pending = false;
        if line.write(text.of(&item)).is_err() {
            inbox.count_dropped();
        }
    }
}

/// The line, present or not.
struct Serial<'a> {
    config: &'a SerialConfig,
    port: Option<PatientWriter>,
    next_try: Instant,
    warned: bool,
    signs: &'a Signs,
}

impl Serial<'_> {
    /// Opens the line if it is not open and the time has come; then says who speaks. Returns whether it was opened.
    fn open_if_due(&mut self, hello: Option<&Item>, text: &mut Text) -> bool {
        if self.port.is_some() || Instant::now() < self.next_try {
            return false;
        }
        self.next_try = Instant::now() + RETRY;
        let path = &self.config.device;
        match serial_port::open(path, self.config.baud) {
            Ok(file) => {
                self.port = Some(PatientWriter::new(file));
                if std::mem::replace(&mut self.warned, false) {
                    warn(format!("serial line {}: there again", path.display()));
                }
                // Ends whatever the reader has heard so far.
                let _ = self.write(text.boundary());
                if let Some(hello) = hello {
                    let _ = self.write(text.of(hello));
                }
                true
            }
            Err(error) => {
                if !std::mem::replace(&mut self.warned, true) {
                    warn(format!(
                        "serial line {}: {error}; trying again every second. Is it plugged in, and may this user open it \
                         (group dialout)?",
                        path.display()
                    ));
                }
                false
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ()> {
        let Some(port) = &mut self.port else { return Err(()) };
        let signs = self.signs;
        port.write_all(bytes, || signs.hurry()).map_err(|error| {
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

/// Items as the bytes of the line.
struct Text {
    format: SerialFormat,
    buffer: Vec<u8>,
    labels: String,
}

impl Text {
    fn new(format: SerialFormat) -> Self {
        Self { format, buffer: vec![0; LARGEST_FRAME], labels: String::new() }
    }

    /// What ends whatever came before.
    fn boundary(&self) -> &'static [u8] {
        match self.format {
            SerialFormat::Wire => &[0],
            SerialFormat::Text => b"\r\n",
        }
    }

    fn of(&mut self, item: &Item) -> &[u8] {
        if let Report::Hello(who) = &item.report {
            self.labels.clone_from(&who.labels);
        }
        let frame = item.frame();
        match self.format {
            // The buffer takes every frame there is.
            SerialFormat::Wire => match wire::encode(&mut self.buffer, frame.sequence, frame.time_us, &frame.message) {
                Ok(bytes) => bytes,
                Err(_) => &[],
            },
            SerialFormat::Text => {
                self.buffer.clear();
                // Into memory: it cannot fail.
                let _ = write!(self.buffer, "{}\r\n", Line { frame, labels: &self.labels });
                &self.buffer
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read;
    use std::sync::Arc;
    use std::sync::atomic::Ordering::Relaxed;

    use monitor_wire::{Decoder, Gap, Message};
    use nix::pty::openpty;

    use super::*;
    use crate::outbox::Outboxes;
    use crate::report::Who;

    fn who() -> Report {
        Report::Hello(Arc::new(Who {
            model: "m.tflite".into(),
            model_sha256: [7; 32],
            labels: "off_state\non_state".into(),
            rate_hz: 48_000,
            hop_us: 480_000,
            not_used: String::new(),
        }))
    }

    fn gap(index: u64) -> Report {
        Report::Gap(Gap { index, lost_frames: 1 })
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
    fn frames_arrive_over_a_pty_and_the_first_names_the_labels() {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("ttyX");
        let (mut master, _slave) = plug(&device);
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(8, false);
        let config = SerialConfig { device, ..SerialConfig::default() };
        let thread = std::thread::spawn(move || run(&inbox, &config, &Signs::default()));
        outboxes.send(&who());
        outboxes.send(&gap(1));
        let bytes = read_frames(&mut master, 2);
        assert_eq!(sequences(&bytes), [(0, 1), (1, 6)]);
        let (mut buffer, mut labels) = (vec![0; LARGEST_FRAME], Vec::new());
        Decoder::new(&mut buffer).push(&bytes, |frame| {
            if let Message::Hello(hello) = frame.unwrap().message {
                labels.push(hello.labels.to_string());
            }
        });
        assert_eq!(labels, ["off_state\non_state"]);
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
        let config = SerialConfig { device, format: SerialFormat::Text, ..SerialConfig::default() };
        let thread = std::thread::spawn(move || run(&inbox, &config, &Signs::default()));
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
    fn a_line_that_was_unplugged_is_opened_again_and_starts_with_who_speaks() {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("ttyX");
        let (mut master, slave) = plug(&device);
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(8, false);
        let config = SerialConfig { device: device.clone(), ..SerialConfig::default() };
        let thread = std::thread::spawn(move || run(&inbox, &config, &Signs::default()));
        outboxes.send(&who());
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
        // Who speaks has the number of what follows: not that of long ago.
        assert_eq!(seen[0].0, seen[1].0);
        drop(outboxes);
        thread.join().unwrap();
    }

    #[test]
    fn a_line_that_nobody_reads_costs_reports_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("ttyX");
        let (_master, _slave) = plug(&device);
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(8, false);
        let signs = Signs::default();
        let config = SerialConfig { device, ..SerialConfig::default() };
        let thread = {
            let signs = signs.clone();
            std::thread::spawn(move || run(&inbox, &config, &signs))
        };
        let start = Instant::now();
        while outboxes.dropped() == 0 {
            outboxes.send(&who());
            assert!(start.elapsed() < Duration::from_secs(10));
        }
        signs.hurry.store(true, Relaxed);
        drop(outboxes);
        let end = Instant::now();
        thread.join().unwrap();
        assert!(end.elapsed() < Duration::from_secs(1));
    }
}
