//! The outputs: each is a thread with a queue of its own, and whatever happens to it stays there.

mod gpio;
pub mod gpio_chip;
mod json;
mod live;
mod patient;
pub mod safe;
mod serial;
mod serial_port;
mod status_file;
mod stdout;

pub use gpio::{Pins, run as run_gpio};
pub use patient::{PatientWriter, WriteError};
pub use serial::run as run_serial;
pub use status_file::{StatusFile, run as run_status_file};
pub use stdout::run as run_stdout;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::capture::CaptureStatus;
use crate::config::{Config, StdoutFormat};
use crate::outbox::Outboxes;

/// Reports that may wait for standard output and for the pins.
const QUEUE: usize = 32;

/// What outputs share with the rest of the program.
#[derive(Debug, Clone, Default)]
pub struct Signs {
    /// Set when the program's end is near: no more patience with a slow line.
    pub hurry: Arc<AtomicBool>,
    /// What capture counts: the heartbeat follows its frames.
    pub capture: Arc<CaptureStatus>,
}

impl Signs {
    /// Frames captured so far.
    pub fn frames(&self) -> u64 {
        self.capture.counters.frames.load(Relaxed)
    }

    /// Whether there is no more time to wait for a slow line.
    pub fn hurry(&self) -> bool {
        self.hurry.load(Relaxed)
    }
}

/// The running outputs.
#[derive(Debug)]
pub struct Outputs {
    threads: Vec<JoinHandle<()>>,
}

impl Outputs {
    /// Starts the outputs that the configuration names. `lossless`: standard output is waited for.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(config: &Config, signs: &Signs, lossless: bool, start: Instant) -> std::io::Result<(Self, Outboxes)> {
        let mut outboxes = Outboxes::new(start);
        let mut threads = Vec::new();
        let mut thread = |name: &str, body: Box<dyn FnOnce() + Send>| -> std::io::Result<()> {
            threads.push(std::thread::Builder::new().name(name.into()).stack_size(128 * 1024).spawn(body)?);
            Ok(())
        };
        if config.gpio.is_used() {
            let (inbox, signs, config) = (outboxes.open(QUEUE, false), signs.clone(), config.gpio.clone());
            let body = move || run_gpio(&inbox, &config, &gpio_chip::CharacterDevice, &signs);
            thread("gpio", Box::new(body))?;
        }
        if config.stdout.format != StdoutFormat::None {
            let (inbox, signs, format) = (outboxes.open(QUEUE, lossless), signs.clone(), config.stdout.format);
            thread("stdout", Box::new(move || run_stdout(&inbox, format, &signs)))?;
        }
        if !config.serial.device.as_os_str().is_empty() {
            let config = config.serial.clone();
            let (inbox, signs) = (outboxes.open(config.queue.into(), false), signs.clone());
            thread("serial", Box::new(move || run_serial(&inbox, &config, &signs)))?;
        }
        if !config.status.file.as_os_str().is_empty() {
            let (inbox, config) = (outboxes.open(QUEUE, false), config.status.clone());
            thread("status", Box::new(move || run_status_file(&inbox, &config)))?;
        }
        Ok((Self { threads }, outboxes))
    }

    /// Whether all have ended.
    pub fn finished(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// Waits for the outputs to write what is queued and end, at most `patience`. A thread that still hangs in a write is
    /// left behind: the program's end takes it along.
    pub fn finish(self, patience: Duration) {
        let end = Instant::now() + patience;
        while !self.finished() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// One line on standard error for people; whether anybody reads it is not our concern.
pub fn warn(line: impl AsRef<str>) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "firmware: {}", line.as_ref());
}
