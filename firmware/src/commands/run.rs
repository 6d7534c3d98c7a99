//! `firmware run`: listen, until SIGTERM or the recording's end.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::StdoutFormat;
use crate::run::{Input, Options};

/// Options of `firmware run`. SIGTERM stops, SIGHUP reads model and configuration again.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("recording").args(["wav", "stdin"]))]
pub struct Args {
    /// The model; the configuration's unless given
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// The configuration; /etc/monitor/monitor.toml where it exists, else every default
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The sound device, as `firmware devices` names it; the configuration's unless given
    #[arg(long, value_name = "NAME", conflicts_with_all = ["wav", "stdin"])]
    pub device: Option<String>,
    /// Listen to a WAV file instead of a device
    #[arg(long, value_name = "FILE", conflicts_with = "stdin")]
    pub wav: Option<PathBuf>,
    /// Listen to standard input: WAV, or raw frames as [capture] describes them (S16 unless it says otherwise)
    #[arg(long)]
    pub stdin: bool,
    /// Play a recording at its own pace instead of as fast as possible
    #[arg(long, requires = "recording")]
    pub realtime: bool,
    /// Seconds between two windows; the configuration's unless given
    #[arg(long, value_name = "S", value_parser = super::device_args::hop)]
    pub hop: Option<f32>,
    /// What is written on standard output; the configuration's unless given
    #[arg(long, value_name = "FORMAT")]
    pub stdout: Option<StdoutFormat>,
    /// What `firmware update` left: why something on the card is not used is told with the state
    #[arg(long, value_name = "FILE", default_value = crate::update::NOTE)]
    pub update_note: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// When there is no configuration, model or recording to begin with.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    crate::rt::settle_heap();
    let input = match (&args.wav, args.stdin) {
        (Some(path), _) => Input::Wav(path.clone()),
        (None, true) => Input::Stdin,
        (None, false) => Input::Device,
    };
    crate::run::run(&Options {
        config: args.config.clone(),
        model: args.model.clone(),
        device: args.device.clone(),
        hop_s: args.hop,
        stdout: args.stdout,
        input,
        realtime: args.realtime,
        update_note: args.update_note.clone(),
    })?;
    Ok(ExitCode::SUCCESS)
}
