//! The `[capture]` section of `monitor.toml`.
//!
//! Every key has a default, unknown keys are errors; [`CaptureConfig::validate`] checks the ranges that types cannot.

use serde::{Deserialize, Serialize};

use crate::setting::{InvalidSetting, within};

/// Options of capture, in the units of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaptureConfig {
    /// ALSA device name. `hw:CARD=...,DEV=n` stays the same when other cards come and go; `firmware devices` lists them.
    pub device: String,
    /// Rate to ask for, in Hz (8000 to 384000). What the device gives instead is taken and resampled.
    pub rate: u32,
    /// Channels to ask for (1 to 32). What the device gives instead is taken.
    pub channels: u16,
    /// Sample format to ask for; `auto` takes the first the device has of S32, S24, S24_3LE, S16, F32.
    pub format: FormatChoice,
    /// Which channel is listened to: `average` of all, or the number of one, from 0.
    pub channel: ChannelChoice,
    /// Time between two wake-ups, in milliseconds (1 to 500).
    pub period_ms: u32,
    /// Length of the device's own buffer, in milliseconds (at least two periods, up to 5000): how late capture may be.
    pub buffer_ms: u32,
    /// SCHED_FIFO priority of the capture thread (1 to 99); 0 asks for no real-time scheduling.
    pub priority: u8,
    /// Core to pin the capture thread to, from 0; left out: any.
    pub cpu: Option<usize>,
    /// Whether to lock the program's memory, so that no page fault delays capture.
    pub lock_memory: bool,
    /// Periods without a single frame after which the device counts as stalled and is restarted (4 to 10000).
    pub stall_periods: u32,
    /// Size of the ring between capture and inference, in KiB (64 to 65536).
    pub ring_kib: u32,
    /// Oldest sound inference still gets, in milliseconds (100 to 60000): blocks that waited longer are dropped, oldest first.
    pub backlog_ms: u32,
    /// Longest pause between two attempts to open an absent device, in milliseconds (100 to 60000); the first is 100 ms.
    pub reopen_max_ms: u32,
}

impl Default for CaptureConfig {
    fn default() -> Self {
        Self {
            device: "default".into(),
            rate: 48_000,
            channels: 1,
            format: FormatChoice::Auto,
            channel: ChannelChoice::Average,
            period_ms: 40,
            buffer_ms: 400,
            priority: 80,
            cpu: None,
            lock_memory: true,
            stall_periods: 50,
            ring_kib: 2048,
            backlog_ms: 2000,
            reopen_max_ms: 5000,
        }
    }
}

/// Sample format to ask the device for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[clap(rename_all = "snake_case")]
pub enum FormatChoice {
    /// The first the device has.
    Auto,
    /// 16 bit integer.
    S16,
    /// 24 bit integer in the low three of four bytes.
    S24,
    /// 24 bit integer in three bytes.
    #[serde(rename = "s24_3le")]
    #[clap(name = "s24_3le")]
    S24Packed,
    /// 32 bit integer.
    S32,
    /// 32 bit float.
    F32,
}

/// Which of the device's channels is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ChannelChoice {
    /// The one of this number, from 0.
    Pick(u16),
    /// The mean of all.
    #[serde(with = "average")]
    Average,
}

/// `average` as the text that stands for [`ChannelChoice::Average`].
mod average {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("average")
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "average" => Ok(()),
            other => Err(D::Error::custom(format!("channel = \"{other}\": use \"average\" or a number from 0"))),
        }
    }
}

impl CaptureConfig {
    /// Checks every range.
    ///
    /// # Errors
    /// The first key whose value is outside its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        within("capture.rate", self.rate, 8_000..=384_000)?;
        within("capture.channels", self.channels, 1..=32)?;
        within("capture.period_ms", self.period_ms, 1..=500)?;
        within("capture.buffer_ms", self.buffer_ms, 2 * self.period_ms..=5_000)?;
        within("capture.priority", self.priority, 0..=99)?;
        within("capture.cpu", self.cpu.unwrap_or(0), 0..=1023)?;
        within("capture.stall_periods", self.stall_periods, 4..=10_000)?;
        within("capture.ring_kib", self.ring_kib, 64..=65_536)?;
        within("capture.backlog_ms", self.backlog_ms, 100..=60_000)?;
        within("capture.reopen_max_ms", self.reopen_max_ms, 100..=60_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_within_their_ranges() {
        CaptureConfig::default().validate().unwrap();
    }

    #[test]
    fn the_defaults_survive_toml() {
        let text = toml::to_string(&CaptureConfig::default()).unwrap();
        assert_eq!(toml::from_str::<CaptureConfig>(&text).unwrap(), CaptureConfig::default(), "{text}");
    }

    #[test]
    fn an_empty_table_is_the_defaults() {
        assert_eq!(toml::from_str::<CaptureConfig>("").unwrap(), CaptureConfig::default());
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        assert!(toml::from_str::<CaptureConfig>("rat = 1").unwrap_err().to_string().contains("rat"));
    }

    #[test]
    fn a_channel_is_average_or_a_number() {
        let channel = |text| toml::from_str::<CaptureConfig>(text).map(|config| config.channel);
        assert_eq!(channel("channel = 3").unwrap(), ChannelChoice::Pick(3));
        assert_eq!(channel("channel = \"average\"").unwrap(), ChannelChoice::Average);
        assert!(channel("channel = \"left\"").is_err());
    }

    #[test]
    fn a_value_out_of_range_is_named_with_its_range() {
        let config = CaptureConfig { period_ms: 0, ..CaptureConfig::default() };
        let message = config.validate().unwrap_err().to_string();
        assert_eq!(message, "capture.period_ms = 0 is out of range: give a value from 1 to 500");
    }
}
