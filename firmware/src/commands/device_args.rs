//! The options by which a command that listens chooses its sound device.

use std::path::PathBuf;

use anyhow::Context;

use crate::capture::{CaptureConfig, ChannelChoice, FormatChoice};
use crate::config::Config;

/// Options of every command that listens to the device. Each overrides the configuration.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct DeviceArgs {
    /// The configuration [default: $ACOUSTIC_MONITOR_CONFIG, acoustic-monitor/monitor.toml in the user's configuration folder,
    /// /etc/acoustic-monitor/monitor.toml, or the defaults]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// ALSA device, e.g. hw:CARD=Device,DEV=0; `firmware devices` lists them
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub device: Option<String>,
    /// Rate to ask for, in Hz
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(8_000..=384_000))]
    pub rate: Option<u32>,
    /// Channels to ask for
    #[arg(long, value_name = "N")]
    pub channels: Option<u16>,
    /// Sample format to ask for
    #[arg(long, value_enum)]
    pub format: Option<FormatChoice>,
    /// Channel to listen to: `average` of all, or a number from 0
    #[arg(long, value_name = "CHANNEL", value_parser = channel)]
    pub channel: Option<ChannelChoice>,
}

fn channel(text: &str) -> Result<ChannelChoice, String> {
    match text {
        "average" => Ok(ChannelChoice::Average),
        number => number.parse().map(ChannelChoice::Pick).map_err(|_| "use `average` or a number from 0".to_owned()),
    }
}

/// A number from `least` to `most`.
pub(super) fn number(text: &str, least: f64, most: f64) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if (least..=most).contains(&value) => Ok(value),
        _ => Err(format!("give a number from {least} to {most}")),
    }
}

/// Seconds between two windows.
pub(super) fn hop(text: &str) -> Result<f32, String> {
    number(text, 0.1, 1.0).map(|hop| hop as f32)
}

fn name(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("`firmware devices` lists what there is".into()) } else { Ok(text.to_owned()) }
}

impl DeviceArgs {
    /// The configuration, with these options over it.
    ///
    /// # Errors
    /// If the file cannot be read, or a value is out of range.
    pub(crate) fn config(&self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref())?;
        self.apply(&mut config.capture)?;
        Ok(config)
    }

    /// Puts these options over `capture`.
    ///
    /// # Errors
    /// If a value is out of range.
    pub(crate) fn apply(&self, capture: &mut CaptureConfig) -> anyhow::Result<()> {
        if let Some(device) = &self.device {
            capture.device.clone_from(device);
        }
        capture.rate = self.rate.unwrap_or(capture.rate);
        capture.channels = self.channels.unwrap_or(capture.channels);
        capture.format = self.format.unwrap_or(capture.format);
        capture.channel = self.channel.unwrap_or(capture.channel);
        capture.validate().context("the options of capture")
    }
}
