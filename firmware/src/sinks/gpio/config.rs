//! `[gpio]`: which line shows what.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::chip::CharacterDevice;
use super::{GpioSink, Sink};
use crate::reporting::OutputContext;
use crate::setting::{InvalidSetting, within};
use crate::sinks::{QUEUE, SinkConfig};

/// `[gpio]`: numbers are line offsets of the chip, as `gpioinfo` lists them (on a Pi, the BCM numbers).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
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

impl Default for Config {
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

impl Config {
    /// Whether any line is used.
    pub(crate) fn is_used(&self) -> bool {
        self.lines().next().is_some()
    }

    /// Every line in use.
    pub(crate) fn lines(&self) -> impl Iterator<Item = u32> + '_ {
        self.outputs().chain(self.acknowledge)
    }

    /// Every line that has a level set.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = u32> + '_ {
        self.states.values().copied().chain(self.alarm).chain(self.unacknowledged).chain(self.heartbeat)
    }
}

impl SinkConfig for Config {
    fn queue(&self) -> Option<usize> {
        self.is_used().then_some(QUEUE)
    }

    fn validate(&self) -> Result<(), InvalidSetting> {
        within("gpio.heartbeat_s", self.heartbeat_s, 0.05..=60.0)?;
        let mut seen: Vec<u32> = self.lines().collect();
        seen.sort_unstable();
        let conflict = match seen.windows(2).find(|two| two[0] == two[1]) {
            Some(two) => format!("gpio: line {} has two meanings; give each its own", two[0]),
            None if seen.len() > 64 => format!("gpio: {} lines; at most 64 can be used", seen.len()),
            None => return Ok(()),
        };
        Err(InvalidSetting::Conflict(conflict))
    }

    fn start(&self, _: &OutputContext) -> Result<Box<dyn Sink>, String> {
        Ok(Box::new(GpioSink::new(self.clone(), CharacterDevice)))
    }
}
