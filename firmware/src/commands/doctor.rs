//! `firmware doctor`: checks all that the device needs, and prints a remedy for each fault.

mod gpio;
mod places;
mod report;
mod sound;

use std::path::PathBuf;
use std::process::ExitCode;

use monitor_model::document::DOCTOR;

use super::device_args::{DeviceArgs, number};
use super::devices;
use super::json_out::JsonOut;
use report::{Check, Report, Verdict};

/// Options of `firmware doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  firmware doctor
  firmware doctor --device hw:CARD=Device,DEV=0 --seconds 10
  firmware doctor --json doctor.json")]
pub(crate) struct Args {
    /// How long to listen, in seconds
    #[arg(long, default_value_t = 3.0, value_name = "S", value_parser = |text: &str| number(text, 0.5, 600.0))]
    pub seconds: f64,
    /// Folder whose free space matters, e.g. where recordings go
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub space: PathBuf,
    #[command(flatten)]
    pub json: JsonOut,
    /// The sound device
    #[command(flatten)]
    pub device: DeviceArgs,
}

/// Runs the command: 0 if nothing is broken, 1 otherwise; warnings are not broken.
///
/// # Errors
/// If the configuration cannot be read or an option makes no sense.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    args.json.check()?;
    let config = args.device.config()?;
    let mut checks = vec![cards()];
    checks.extend(sound::examine(&config.capture, args.seconds)?);
    checks.push(gpio::examine(&config.gpio));
    checks.push(places::serial(&config.serial));
    checks.push(places::free_space(&args.space));
    let report = Report::new(checks);
    args.json.write(DOCTOR, &report)?;
    if !args.json.takes_stdout() {
        out!("{report}");
    }
    Ok(if report.good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn cards() -> Check {
    let _said = alsa::Output::local_error_handler();
    let names: Vec<String> = devices::list().into_iter().map(|device| device.name).collect();
    if names.is_empty() {
        // The configured device may be a plugin that needs no card: that it is open or not is the next check.
        return Check::new("cards", Verdict::Warn, "no sound card that can record").remedy(
            "plug a microphone in; an I2S one needs its overlay in config.txt; a container needs --device /dev/snd",
        );
    }
    Check::new("cards", Verdict::Good, names.join(", "))
}
