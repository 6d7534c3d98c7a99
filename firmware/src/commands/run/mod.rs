//! `firmware run`: listen, until SIGTERM or the recording's end.
//!
//! Threads: *capture* copies frames from the device into a ring ([`crate::capture`]); *inference* reads them, and decides
//! ([`crate::inference`]); one per sink ([`crate::sinks`]) writes events; the *main* thread ([`supervisor`]) waits for
//! signals, counts, and notifies systemd. Bounded queues that drop and count connect them: producers never block on
//! consumers.

mod end;
mod first_model;
#[cfg(feature = "page")]
mod operator;
mod reload;
mod supervisor;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use super::options::Options;
use crate::inference::audio::Input;
use crate::sinks::stdout::StdoutFormat;

/// Options of `firmware run`. SIGTERM stops, SIGHUP reads model and configuration again (if the terminal hangs up, it stops).
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("recording").args(["wav", "stdin"]))]
#[command(after_help = "Examples:
  firmware run
  firmware run --config monitor.toml
  firmware run --model sound_classifier.tflite --device hw:CARD=Device,DEV=0
  firmware run --model sound_classifier.tflite --wav shift.wav --stdout json
  arecord -q -f S16_LE -r 48000 -c 1 -t raw | firmware run --model sound_classifier.tflite --stdin --realtime")]
pub(crate) struct Args {
    /// The model; the configuration's unless given
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// The configuration [default: $ACOUSTIC_MONITOR_CONFIG, acoustic-monitor/monitor.toml in the user's configuration folder,
    /// /etc/acoustic-monitor/monitor.toml, or the defaults]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The sound device, as `firmware devices` names it; the configuration's unless given
    #[arg(long, value_name = "NAME", conflicts_with_all = ["wav", "stdin"])]
    pub device: Option<String>,
    /// Listen to a WAV file instead of a device
    #[arg(long, value_name = "FILE", conflicts_with = "stdin")]
    pub wav: Option<PathBuf>,
    /// Listen to standard input: WAV, or raw frames as [capture] describes them (S16 unless it sets a format)
    #[arg(long)]
    pub stdin: bool,
    /// Play a recording at its own pace instead of as fast as possible
    #[arg(long, requires = "recording")]
    pub realtime: bool,
    /// Folder of all that the device stores, such as the baseline, the alarms that are kept over a restart and the page's changes; the
    /// configuration's unless given
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Seconds between two windows; the configuration's unless given
    #[arg(long, value_name = "S", value_parser = super::device_args::hop)]
    pub hop: Option<f32>,
    /// Format of standard output; the configuration's unless given
    #[arg(long, value_name = "FORMAT")]
    pub stdout: Option<StdoutFormat>,
    /// File with the result of `firmware update`; rejected updates are reported with the state
    #[arg(long, value_name = "FILE", default_value = crate::update::NOTE)]
    pub update_note: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// When there is no configuration, model or recording to begin with.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    crate::system::real_time::settle_heap();
    let input = match (&args.wav, args.stdin) {
        (Some(path), _) => Input::Wav(path.clone()),
        (None, true) => Input::Stdin,
        (None, false) => Input::Device,
    };
    supervisor::run(&Options {
        config: args.config.clone(),
        model: args.model.clone(),
        device: args.device.clone(),
        state_dir: args.state_dir.clone(),
        hop_s: args.hop,
        stdout: args.stdout,
        input,
        realtime: args.realtime,
        update_note: args.update_note.clone(),
    })?;
    Ok(ExitCode::SUCCESS)
}
