//! The outputs: each is a thread with a queue of its own, and whatever happens to it stays there.

pub mod crash;
pub mod gpio;
mod json;
mod live;
mod patient;
pub mod safe;
mod serial;
mod serial_port;
mod status_file;
mod stdout;
mod words;

pub use gpio::{Pins, run as run_gpio};
pub use patient::{PatientWriter, WriteError};
pub use serial::run as run_serial;
pub use status_file::{StatusFile, boot_s, run as run_status_file};
pub use stdout::run as run_stdout;
pub use words::{flush as flush_words, warn};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::alarms::Alarms;
use crate::capture::CaptureStatus;
use crate::clips::{self, Kept, Tap};
use crate::config::{Config, StdoutFormat};
use crate::events;
use crate::net;
use crate::outbox::{Inbox, Outbox, Outboxes};

/// Reports that may wait for standard output and for the pins.
const QUEUE: usize = 32;

/// Reports that may wait for a disk, which may be busy for seconds.
const DISK_QUEUE: usize = 64;

/// What outputs share with the rest of the program.
#[derive(Debug, Clone, Default)]
pub struct Signs {
    /// Set when the program's end is near: no more patience with a slow line.
    pub hurry: Arc<AtomicBool>,
    /// What capture counts: the heartbeat follows its frames.
    pub capture: Arc<CaptureStatus>,
    /// The sound that inference hands on.
    pub tap: Tap,
    /// The clips that were kept of it.
    pub kept: Kept,
    /// Where acknowledgements are asked for.
    pub alarms: Arc<Alarms>,
    /// Set for one output when another takes its place: no more patience either.
    pub replaced: Arc<AtomicBool>,
}

impl Signs {
    /// Frames captured so far.
    pub fn frames(&self) -> u64 {
        self.capture.counters.frames.load(Relaxed)
    }

    /// Whether there is no more time to wait for a slow line.
    pub fn hurry(&self) -> bool {
        self.hurry.load(Relaxed) || self.is_replaced()
    }

    /// Whether another output takes the place of the one that asks, or none does.
    pub fn is_replaced(&self) -> bool {
        self.replaced.load(Relaxed)
    }
}

/// The kinds of output. Each is started, and replaced at a reload, on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gpio,
    Stdout,
    Serial,
    Status,
    Mqtt,
    Prometheus,
    Modbus,
    Events,
    Clips,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Gpio,
        Self::Stdout,
        Self::Serial,
        Self::Status,
        Self::Mqtt,
        Self::Prometheus,
        Self::Modbus,
        Self::Events,
        Self::Clips,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Gpio => "gpio",
            Self::Stdout => "stdout",
            Self::Serial => "serial",
            Self::Status => "status",
            Self::Mqtt => "mqtt",
            Self::Prometheus => "prometheus",
            Self::Modbus => "modbus",
            Self::Events => "events",
            Self::Clips => "clips",
        }
    }

    /// Whether `config` wants it, and how many reports may wait for it.
    fn queue(self, config: &Config) -> Option<usize> {
        match self {
            Self::Gpio => config.gpio.is_used().then_some(QUEUE),
            Self::Stdout => (config.stdout.format != StdoutFormat::None).then_some(QUEUE),
            Self::Serial => (!config.serial.device.as_os_str().is_empty()).then_some(config.serial.queue.into()),
            Self::Status => (!config.status.file.as_os_str().is_empty()).then_some(QUEUE),
            Self::Mqtt => (!config.mqtt.host.is_empty()).then_some(QUEUE),
            Self::Prometheus => config.prometheus.enabled.then_some(QUEUE),
            Self::Modbus => config.modbus.enabled.then_some(QUEUE),
            Self::Events => (!config.events.folder.as_os_str().is_empty()).then_some(DISK_QUEUE),
            Self::Clips => config.clips.is_on().then_some(DISK_QUEUE),
        }
    }

    /// Stack of its thread in bytes: a TLS handshake takes more than writing a line.
    const fn stack(self) -> usize {
        if matches!(self, Self::Mqtt) { 1024 * 1024 } else { 128 * 1024 }
    }

    fn same(self, a: &Config, b: &Config) -> bool {
        match self {
            Self::Gpio => a.gpio == b.gpio,
            Self::Stdout => a.stdout == b.stdout,
            Self::Serial => a.serial == b.serial,
            Self::Status => a.status == b.status,
            Self::Mqtt => a.mqtt == b.mqtt,
            Self::Prometheus => a.prometheus == b.prometheus,
            Self::Modbus => a.modbus == b.modbus,
            Self::Events => a.events == b.events,
            Self::Clips => a.clips == b.clips,
        }
    }

    /// What its thread does.
    fn run(self, inbox: &Inbox, config: &Config, signs: &Signs) {
        match self {
            Self::Gpio => run_gpio(inbox, &config.gpio, &gpio::chip::CharacterDevice, signs),
            Self::Stdout => run_stdout(inbox, config.stdout.format, signs),
            Self::Serial => run_serial(inbox, &config.serial, signs),
            Self::Status => run_status_file(inbox, &config.status),
            #[cfg(feature = "mqtt")]
            Self::Mqtt => net::run_mqtt(inbox, &config.mqtt, signs),
            // The configuration's check has refused it.
            #[cfg(not(feature = "mqtt"))]
            Self::Mqtt => {}
            Self::Prometheus => net::run_prometheus(inbox, &config.prometheus),
            Self::Modbus => net::run_modbus(inbox, &config.modbus, signs),
            Self::Events => events::run(inbox, &config.events, signs),
            Self::Clips => clips::run(inbox, &config.clips, config.capture.channel, signs),
        }
    }
}

/// One running output.
#[derive(Debug)]
struct Running {
    kind: Kind,
    outbox: Outbox,
    replaced: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// The running outputs.
#[derive(Debug)]
pub struct Outputs {
    running: Vec<Running>,
    /// Outputs that the configuration no longer has, until they have ended.
    ending: Vec<JoinHandle<()>>,
    lossless: bool,
}

impl Outputs {
    /// Starts the outputs that the configuration names. `lossless`: standard output is waited for.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(config: &Config, signs: &Signs, lossless: bool, start: Instant) -> std::io::Result<(Self, Outboxes)> {
        let mut outputs = Self { running: Vec::new(), ending: Vec::new(), lossless };
        let none = Outboxes::new(start);
        for kind in Kind::ALL {
            outputs.running.extend(outputs.begin(kind, config, signs, &none, None)?);
        }
        let outboxes = outputs.outboxes(&none);
        Ok((outputs, outboxes))
    }

    /// Goes over from one configuration to another: only what has changed is replaced, and what takes a place begins
    /// when the one before has left it, so that no two ever have the same line, file or terminal.
    ///
    /// The ones before end as soon as all copies of `outboxes`, which the returned ones replace, are dropped.
    pub fn change(&mut self, from: &Config, to: &Config, signs: &Signs, outboxes: &Outboxes) -> Outboxes {
        for kind in Kind::ALL.into_iter().filter(|kind| !kind.same(from, to)) {
            let place = self.running.iter().position(|running| running.kind == kind);
            let before = place.map(|place| {
                let Running { replaced, thread, .. } = self.running.remove(place);
                // What it still has to write it may, but it waits for nobody.
                replaced.store(true, Relaxed);
                thread
            });
            if kind.queue(to).is_none() {
                self.ending.extend(before);
                continue;
            }
            match self.begin(kind, to, signs, outboxes, before) {
                Ok(running) => self.running.extend(running),
                Err(error) => warn(format!("{}: no thread for it: {error}; it stays off", kind.name())),
            }
        }
        self.outboxes(outboxes)
    }

    fn outboxes(&self, before: &Outboxes) -> Outboxes {
        before.with(self.running.iter().map(|running| running.outbox.clone()).collect())
    }

    /// Starts one output, if the configuration has it, to begin when the one `before` has ended.
    fn begin(
        &self,
        kind: Kind,
        config: &Config,
        signs: &Signs,
        outboxes: &Outboxes,
        before: Option<JoinHandle<()>>,
    ) -> std::io::Result<Option<Running>> {
        let Some(capacity) = kind.queue(config) else { return Ok(None) };
        let (outbox, inbox) = outboxes.queue(capacity, self.lossless && kind == Kind::Stdout);
        let replaced = Arc::new(AtomicBool::new(false));
        let signs = Signs { replaced: Arc::clone(&replaced), ..signs.clone() };
        let config = config.clone();
        let body = move || {
            if let Some(before) = before {
                // One that panicked has ended as well.
                let _ = before.join();
            }
            kind.run(&inbox, &config, &signs);
        };
        let thread = std::thread::Builder::new().name(kind.name().into()).stack_size(kind.stack()).spawn(body)?;
        Ok(Some(Running { kind, outbox, replaced, thread }))
    }

    /// Gives up the own ends of the queues, so that the outputs end when the reporting threads have done so as well.
    pub fn close(self) -> Ending {
        let threads = self.running.into_iter().map(|running| running.thread);
        Ending { threads: threads.chain(self.ending).collect() }
    }
}

/// Outputs that are about to end.
#[derive(Debug)]
pub struct Ending {
    threads: Vec<JoinHandle<()>>,
}

impl Ending {
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
