//! Where the state is told: `[stdout]`, `[serial]`, `[gpio]`, `[status]`, `[events]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Error, range};

/// `[stdout]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StdoutConfig {
    /// What is written.
    pub format: StdoutFormat,
}

/// What is written on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum StdoutFormat {
    /// A live line on a terminal, JSON lines otherwise.
    #[default]
    Auto,
    /// One line that is written over and over.
    Live,
    /// One JSON object per line.
    Json,
    /// Nothing.
    None,
}

/// `[serial]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SerialConfig {
    /// The line's device; empty for none. It may be absent, and come and go.
    pub device: PathBuf,
    /// Bits per second, 50 to 4000000; 8 data bits, no parity, 1 stop bit.
    pub baud: u32,
    /// Frames for `host-tools monitor`, or text for people.
    pub format: SerialFormat,
    /// Reports that may wait for a slow line, 4 to 1024; what comes on top is dropped and counted.
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

impl Default for SerialConfig {
    fn default() -> Self {
        Self { device: PathBuf::new(), baud: 115_200, format: SerialFormat::Wire, queue: 64 }
    }
}

impl SerialConfig {
    /// Checks the ranges.
    pub(super) fn validate(&self) -> Result<(), Error> {
        range::within("serial.baud", self.baud as f32, 50.0, 4_000_000.0)?;
        range::within("serial.queue", f32::from(self.queue), 4.0, 1024.0)?;
        Ok(())
    }
}

/// `[gpio]`: numbers are line offsets of the chip, as `gpioinfo` lists them (on a Pi, the BCM numbers).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GpioConfig {
    /// The chip's device.
    pub chip: PathBuf,
    /// Whether active is the low level, on all lines but that of `acknowledge`.
    pub active_low: bool,
    /// Active while there is an alarm: a cause holds, or is yet to be acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<u32>,
    /// Active while an alarm is yet to be acknowledged: a horn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unacknowledged: Option<u32>,
    /// Input of a button that acknowledges every alarm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledge: Option<u32>,
    /// Whether that line is active, the button pressed, at the low level.
    pub acknowledge_active_low: bool,
    /// Changes its level every `heartbeat_s` as long as sound arrives, and stands still when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<u32>,
    /// Seconds between two changes of the heartbeat, 0.05 to 60.
    pub heartbeat_s: f32,
    /// Level of the alarm line when the program is not running: true is active.
    pub alarm_when_stopped: bool,
    /// A line for a state: active while it is the reported one, all others inactive. `unknown` is a state as well.
    pub states: BTreeMap<String, u32>,
}

impl Default for GpioConfig {
    fn default() -> Self {
        Self {
            chip: "/dev/gpiochip0".into(),
            active_low: false,
            alarm: None,
            unacknowledged: None,
            acknowledge: None,
            acknowledge_active_low: true,
            heartbeat: None,
            heartbeat_s: 0.5,
            alarm_when_stopped: false,
            states: BTreeMap::new(),
        }
    }
}

impl GpioConfig {
    /// Whether any line is used.
    pub fn is_used(&self) -> bool {
        self.lines().next().is_some()
    }

    /// Every line in use.
    pub fn lines(&self) -> impl Iterator<Item = u32> + '_ {
        self.outputs().chain(self.acknowledge)
    }

    /// Every line that has a level set.
    pub fn outputs(&self) -> impl Iterator<Item = u32> + '_ {
        self.states.values().copied().chain(self.alarm).chain(self.unacknowledged).chain(self.heartbeat)
    }

    /// Checks the ranges, and that no line has two meanings.
    pub(super) fn validate(&self) -> Result<(), Error> {
        range::within("gpio.heartbeat_s", self.heartbeat_s, 0.05, 60.0)?;
        let mut seen: Vec<u32> = self.lines().collect();
        seen.sort_unstable();
        match seen.windows(2).find(|two| two[0] == two[1]) {
            Some(two) => Err(Error::LineTwice { line: two[0] }),
            None if seen.len() > 64 => Err(Error::TooManyLines { lines: seen.len() }),
            None => Ok(()),
        }
    }
}

/// `[status]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatusConfig {
    /// File that the state is written to; empty for none. Best on a file system in memory.
    pub file: PathBuf,
    /// Seconds between two writes, 0.1 to 3600.
    pub every_s: f32,
}

impl Default for StatusConfig {
    fn default() -> Self {
        Self { file: PathBuf::new(), every_s: 1.0 }
    }
}

/// `[events]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventsConfig {
    /// Folder of the event log; empty for none.
    pub folder: PathBuf,
    /// Most KiB that the log takes, 64 to 1048576; the oldest is deleted first.
    pub max_kib: u32,
}

impl Default for EventsConfig {
    fn default() -> Self {
        Self { folder: PathBuf::new(), max_kib: 1024 }
    }
}

impl EventsConfig {
    /// Checks the range.
    pub(super) fn validate(&self) -> Result<(), Error> {
        range::within("events.max_kib", self.max_kib as f32, 64.0, 1_048_576.0)?;
        Ok(())
    }
}
