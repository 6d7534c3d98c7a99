//! `firmware devices`: which sound devices there are, by names that stay, and what each can do.

use std::process::ExitCode;

use alsa::card;
use alsa::ctl::{Ctl, DeviceIter};
use alsa::pcm::{HwParams, PCM};
use alsa::{Direction, Output};
use monitor_core::pcm::SampleFormat;
use monitor_model::document::DEVICES;
use serde::Serialize;

use super::json_out::JsonOut;
use crate::capture::PcmError;
use crate::capture::alsa_pcm::{alsa_format, pcm_error};

/// Options of `firmware devices`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  firmware devices
  firmware devices hw:CARD=Device,DEV=0
  firmware devices --json devices.json")]
pub(crate) struct Args {
    /// Devices to look at by name, instead of every card's; any ALSA name will do
    pub names: Vec<String>,
    #[command(flatten)]
    pub json: JsonOut,
}

/// Rates that are asked after: those of microphones, sound cards and WAV files.
const RATES: [u32; 10] = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000, 384_000];

/// A capture device.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Device {
    /// ALSA name; by the card's name, not its number, so that it stays when other cards come and go.
    pub name: String,
    /// What the driver calls it.
    pub description: String,
    /// Its capabilities, or why they cannot be determined.
    #[serde(flatten)]
    pub abilities: Abilities,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Found<'a> {
    devices: &'a [Device],
}

/// What a device can do.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Abilities {
    /// It was probed.
    Known {
        /// ALSA names of those of its formats that capture can take.
        formats: Vec<String>,
        /// Those of the usual rates that it has, in Hz.
        rates: Vec<u32>,
        /// Least and most channels.
        channels: [u32; 2],
    },
    /// It cannot be opened.
    Unknown {
        /// Why, and what to do.
        error: String,
    },
}

/// Runs the command.
///
/// # Errors
/// Only if the result cannot be written: a device that cannot be opened is part of it.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    // The result contains libasound's messages in plain words, so they are not printed.
    let _said = Output::local_error_handler();
    let devices = if args.names.is_empty() { list() } else { args.names.iter().map(|name| named(name)).collect() };
    args.json.write(DEVICES, &Found { devices: &devices })?;
    if !args.json.takes_stdout() {
        out!("{}", table(&devices));
    }
    Ok(ExitCode::SUCCESS)
}

/// Every capture device of every card.
#[must_use]
pub(crate) fn list() -> Vec<Device> {
    // A card that goes while it is looked at is left out.
    card::Iter::new().flatten().filter_map(|card| of_card(&card).ok()).flatten().collect()
}

fn of_card(card: &alsa::Card) -> alsa::Result<Vec<Device>> {
    let ctl = Ctl::from_card(card, true)?;
    let info = ctl.card_info()?;
    let (id, card_name) = (info.get_id()?.to_owned(), info.get_name()?.to_owned());
    let capture = |device| ctl.pcm_info(device, 0, Direction::Capture).ok().map(|info| (device, info));
    let devices = DeviceIter::new(&ctl).filter_map(|device| capture(device as u32));
    Ok(devices
        .map(|(device, info)| Device {
            description: format!("{card_name}, {}", info.get_name().unwrap_or("no name")),
            ..named(&format!("hw:CARD={id},DEV={device}"))
        })
        .collect())
}

/// The device with the ALSA name `name`.
fn named(name: &str) -> Device {
    let abilities = probe(name).unwrap_or_else(|error| Abilities::Unknown { error: error.to_string() });
    Device { name: name.to_owned(), description: String::new(), abilities }
}

fn probe(name: &str) -> Result<Abilities, PcmError> {
    let c_name = std::ffi::CString::new(name).map_err(|_| PcmError::new("device name", nix::errno::Errno::EINVAL))?;
    let pcm = PCM::open(&c_name, Direction::Capture, true).map_err(pcm_error)?;
    let hw = HwParams::any(&pcm).map_err(pcm_error)?;
    let formats = SampleFormat::ALL.into_iter().filter(|&format| hw.test_format(alsa_format(format)).is_ok());
    Ok(Abilities::Known {
        formats: formats.map(|format| format.to_string()).collect(),
        rates: RATES.into_iter().filter(|&rate| hw.test_rate(rate).is_ok()).collect(),
        channels: [hw.get_channels_min().map_err(pcm_error)?, hw.get_channels_max().map_err(pcm_error)?],
    })
}

fn table(devices: &[Device]) -> String {
    if devices.is_empty() {
        return "no capture device: is a microphone plugged in? I2S microphones need their overlay in config.txt; a container \
                needs --device /dev/snd\n"
            .to_owned();
    }
    let mut out = String::new();
    for Device { name, description, abilities } in devices {
        out += &if description.is_empty() { format!("{name}\n") } else { format!("{name}   {description}\n") };
        match abilities {
            Abilities::Known { formats, rates, channels: [least, most] } => {
                let rates: Vec<String> = rates.iter().map(u32::to_string).collect();
                let channels = if least == most { least.to_string() } else { format!("{least} to {most}") };
                out += &format!(
                    "  formats   {}\n",
                    if formats.is_empty() { "none of use".into() } else { formats.join(" ") }
                );
                out += &format!("  rates     {}\n", rates.join(" "));
                out += &format!("  channels  {channels}\n");
            }
            Abilities::Unknown { error } => out += &format!("  {error}\n"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_device_is_reported_with_the_remedy() {
        let _said = Output::local_error_handler();
        let text = table(&[named("hw:CARD=NoSuchCard,DEV=0")]);
        assert!(
            text.starts_with("hw:CARD=NoSuchCard,DEV=0\n  snd_pcm_open: ") && text.contains("plugged in"),
            "{text}"
        );
    }

    #[test]
    fn a_device_shows_formats_rates_and_channels() {
        let text = table(&[named("null")]);
        assert!(text.contains("S16_LE") && text.contains("48000") && text.contains("1 to "), "{text}");
    }

    #[test]
    fn without_any_device_there_is_advice() {
        assert!(table(&[]).contains("plugged in"));
    }
}
