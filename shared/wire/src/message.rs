//! The payloads of frames. The order of the fields is the order on the wire; new fields are added at the end.

use serde::{Deserialize, Serialize};

use super::{Explanation, Floats, TextList, Trend, kind};

/// The payload of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Message<'a> {
    /// The model and the program: sent first, after a reload, and at intervals for readers that join late.
    Hello(Hello<'a>),
    /// One window.
    Verdict(Verdict<'a>),
    /// The reported state changed.
    StateChange(StateChange),
    /// The alarm was raised or has ended.
    Alarm(Alarm),
    /// The counters, every second.
    Health(Health),
    /// Frames of sound were lost.
    Gap(Gap),
    /// Alarms were acknowledged.
    Acknowledged(Acknowledged),
    /// The anomaly score rose above the warning level, or fell below it.
    Warning(Warning),
    /// The course of the daily medians: when it changes, and every hour.
    Trend(Trend),
    /// A kind of a newer sender that this reader does not support.
    Other {
        /// The kind.
        kind: u8,
        /// Its bytes.
        payload: &'a [u8],
    },
}

impl Message<'_> {
    /// The number of the kind on the wire.
    pub fn kind(&self) -> u8 {
        match self {
            Self::Hello(_) => kind::HELLO,
            Self::Verdict(_) => kind::VERDICT,
            Self::StateChange(_) => kind::STATE_CHANGE,
            Self::Alarm(_) => kind::ALARM,
            Self::Health(_) => kind::HEALTH,
            Self::Gap(_) => kind::GAP,
            Self::Acknowledged(_) => kind::ACKNOWLEDGED,
            Self::Warning(_) => kind::WARNING,
            Self::Trend(_) => kind::TREND,
            Self::Other { kind, .. } => *kind,
        }
    }
}

/// The model and the program.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Hello<'a> {
    /// Name of the model's file.
    pub model: &'a str,
    /// SHA-256 of the model's file.
    pub model_sha256: [u8; 32],
    /// Version of the program.
    pub build: &'a str,
    /// The class names in order.
    #[serde(borrow)]
    pub labels: TextList<'a>,
    /// Rate of the captured sound in Hz.
    pub rate_hz: u32,
    /// Time between two windows in microseconds.
    pub hop_us: u32,
    /// Updates that were offered to the device and rejected: one text each, with name and reason.
    #[serde(borrow)]
    pub rejected_updates: TextList<'a>,
}

/// One window: before (`probabilities`) and after (`state`, `confidence`) the decision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Verdict<'a> {
    /// Windows since the start, dropped ones counted.
    pub index: u64,
    /// First sample of the window, in samples of 16 kHz since the start.
    pub start_sample: u64,
    /// The reported state as index into the labels; `None` is unknown.
    pub state: Option<u16>,
    /// Smoothed probability of the state, or of the leading class while unknown.
    pub confidence: f32,
    /// Level of the window in dB of full scale.
    pub level_dbfs: f32,
    /// Whether sound was lost within the window.
    pub spans_gap: bool,
    /// Time that the window took to compute, in microseconds.
    pub inference_us: u32,
    /// Anomaly score, 1 at the alarm level; `None` if the model has no anomaly detector, the microphone is dead, and for the first
    /// seconds of sound after a start or a gap.
    pub anomaly: Option<f32>,
    /// The classifier's probabilities, one per label.
    #[serde(borrow)]
    pub probabilities: Floats<'a>,
}

/// The reported state changed with this window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StateChange {
    /// The window.
    pub index: u64,
    /// The state before it; `None` is unknown.
    pub previous: Option<u16>,
    /// The state from it on; `None` is unknown.
    pub state: Option<u16>,
    /// Smoothed probability of the new state, or of the leading class when unknown.
    pub confidence: f32,
}

/// The alarm was raised or has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// Whether there is an alarm from now on.
    pub active: bool,
    /// Why, as a number of [`AlarmCause`]; a plain number so that a new cause is no new version.
    pub cause: u8,
    /// The reported state; `None` is unknown.
    pub state: Option<u16>,
    /// The newest window.
    pub index: u64,
    /// Whether this cause is not yet acknowledged; a latched alarm stays unacknowledged after it has ended.
    pub unacknowledged: bool,
    /// What moved in the sound, if the anomaly score raised it.
    pub explanation: Explanation,
}

impl Alarm {
    /// The bit of a cause's number; numbers above 31 share bit 31.
    #[must_use]
    pub const fn bit(cause: u8) -> u32 {
        1 << if cause < 31 { cause } else { 31 }
    }

    /// Updates the bits of the active and of the unacknowledged causes.
    pub const fn enter(&self, alarms: &mut u32, unacknowledged: &mut u32) {
        let bit = Self::bit(self.cause);
        if self.active {
            *alarms |= bit;
        } else {
            *alarms &= !bit;
        }
        if self.unacknowledged {
            *unacknowledged |= bit;
        }
    }
}

/// The anomaly score rose above the warning level, or fell below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Raised or ended.
    pub active: bool,
    /// The reported state; `None` is unknown.
    pub state: Option<u16>,
    /// The newest window.
    pub index: u64,
    /// What moved in the sound, if it was raised.
    pub explanation: Explanation,
}

/// Alarms were acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// The causes that were unacknowledged until now: bit *n* is the cause of number *n* of [`AlarmCause`].
    pub causes: u32,
    /// The source, as a number of [`AcknowledgedBy`].
    pub by: u8,
    /// The newest window.
    pub index: u64,
}

/// The source of an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AcknowledgedBy {
    /// A signal to the program.
    Signal = 0,
    /// A button on a GPIO line.
    Gpio = 1,
    /// A message from the MQTT broker.
    Mqtt = 2,
    /// A coil of the Modbus server.
    Modbus = 3,
    /// The device's page.
    Page = 4,
}

impl AcknowledgedBy {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Signal, Self::Gpio, Self::Mqtt, Self::Modbus, Self::Page];
}

/// Why there is an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AlarmCause {
    /// The reported state is one that was configured as an alarm.
    State = 0,
    /// The anomaly score is above its threshold.
    Anomaly = 1,
    /// No sound arrives.
    NoSound = 2,
    /// The microphone is dead: the samples that arrive cannot come from a working microphone.
    Microphone = 3,
}

/// The counters since the start, and the inference times of the last 512 windows.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Health {
    /// Frames captured.
    pub frames: u64,
    /// Overruns of the sound device.
    pub xruns: u32,
    /// Times that the device was recovered or opened again.
    pub recoveries: u32,
    /// Gaps in the sound, whatever their cause.
    pub gaps: u32,
    /// Frames lost in those gaps.
    pub lost_frames: u64,
    /// Windows computed.
    pub windows: u64,
    /// Windows dropped because inference was behind.
    pub dropped_windows: u32,
    /// Reports dropped because an output was behind.
    pub dropped_reports: u32,
    /// Reports that wait for the slowest output.
    pub queue_depth: u16,
    /// Median of the inference time in microseconds.
    pub inference_p50_us: u32,
    /// 99th percentile of the inference time in microseconds.
    pub inference_p99_us: u32,
    /// Maximum of the inference time in microseconds.
    pub inference_max_us: u32,
    /// Temperature of the processor in thousandths of a degree Celsius, where it can be read.
    pub cpu_millidegrees: Option<i32>,
    /// Whether capture runs with real-time priority.
    pub realtime: bool,
    /// What capture is doing, as a number of [`CaptureState`].
    pub capture: u8,
    /// The alarms that are raised: bit *n* is the cause of number *n* of [`AlarmCause`].
    pub alarms: u32,
    /// Privileges that capture was refused, as bits of [`refused`].
    pub refused: u8,
    /// Blocks of sound dropped because inference was far behind; their frames are in `lost_frames`.
    pub dropped_blocks: u32,
    /// Times that capture woke up late without losing sound.
    pub late: u32,
    /// Times that the sound device delivered nothing for too long.
    pub stalls: u32,
    /// Times that the system was suspended.
    pub suspends: u32,
    /// Faults of the microphone, as bits of `monitor_core::microphone`.
    pub microphone: u8,
    /// Latched alarms that are not acknowledged, by cause as in `alarms`; they may have ended.
    pub unacknowledged: u32,
    /// Whether the device's clock is synchronised, as a number of [`ClockState`].
    pub clock: u8,
    /// Whether the warning is raised.
    pub warning: bool,
}

/// Whether the device's clock is synchronised: a Pi has no clock that runs without power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ClockState {
    /// An older sender does not report it.
    Unknown = 0,
    /// It was not set since the start, or not recently: times of day may be wrong.
    Unsynchronised = 1,
    /// It follows a time server.
    Synchronised = 2,
}

/// The bits of [`Health::refused`].
pub mod refused {
    /// Real-time priority.
    pub const SCHEDULING: u8 = 1;
    /// Locked memory.
    pub const MEMORY: u8 = 2;
    /// The core to run on.
    pub const CORE: u8 = 4;
    /// The bits with their names.
    pub const NAMES: [(u8, &str); 3] =
        [(SCHEDULING, "real-time priority"), (MEMORY, "locked memory"), (CORE, "its core")];
}

/// What capture is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum CaptureState {
    /// The device is being opened.
    Opening = 0,
    /// Sound arrives.
    Running = 1,
    /// The device is there, but is being recovered or gives no sound.
    Recovering = 2,
    /// The device is absent or busy.
    Absent = 3,
    /// The recording has ended.
    Ended = 4,
}

/// Frames of sound were lost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// The window that is next.
    pub index: u64,
    /// Frames lost, at the captured rate.
    pub lost_frames: u64,
}
