//! `firmware record`: labelled training data, with the same samples that inference receives.
//!
//! A recording is one or more files `OUT/LABEL/STAMP_NNN.wav`: a new part begins where sound was lost, so that no file joins
//! what did not belong together, and `host-tools train` takes parts that differ only in `_NNN` as one recording.

mod name;
mod part;
mod terminal;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use monitor_core::microphone;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::device_args::{DeviceArgs, number};
use crate::capture;
use part::Recorder;

/// Options of `firmware record`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  firmware record --label on_state --out recordings
  firmware record --label off_state --out recordings --seconds 600 --part-seconds 60
  firmware record --label on_state --out recordings --device hw:CARD=Device,DEV=0 --channel 1")]
pub(crate) struct Args {
    /// The state of the machine: the class to train
    #[arg(long, value_parser = name::label)]
    pub label: String,
    /// Folder of the data set; the sound goes to a folder of the label's name in it
    #[arg(long, value_name = "DIR")]
    pub out: std::path::PathBuf,
    /// How long, in seconds of sound
    #[arg(long, default_value_t = 60.0, value_name = "S", value_parser = |text: &str| number(text, 1.0, 1e6))]
    pub seconds: f64,
    /// Begin a new part after so many seconds, at least 1; 0 for never
    #[arg(long, default_value_t = 0.0, value_name = "S", value_parser = part_seconds)]
    pub part_seconds: f64,
    /// The sound device
    #[command(flatten)]
    pub device: DeviceArgs,
}

/// Seconds of a part. One shorter than a window of the classifier would be left out, and the recording would never be complete.
fn part_seconds(text: &str) -> Result<f64, String> {
    if text.parse() == Ok(0.0) {
        return Ok(0.0);
    }
    number(text, part::SHORTEST.ceil(), 1e6).map_err(|problem| format!("{problem}, or 0 for one part"))
}

/// How long a device may take to deliver its first sound.
const NO_SOUND_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest wait without a look at whether to stop.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Part of clipped samples from which on a recording is better made again.
const TOO_MUCH_CLIPPING: f64 = 1e-5;

/// Runs the command: 0 if all the sound that was asked for is recorded.
///
/// # Errors
/// If an option makes no sense, no sound arrives, or a file cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut config = args.device.config()?.capture;
    // A disk may be slow for seconds: nothing is to be dropped for it.
    config.backlog_ms = 60_000;
    config.ring_kib = config.ring_kib.max(16_384);
    // Before the capture thread is there, so that it inherits the mask.
    let signals = stop_signals().context("signals cannot be caught")?;
    let (capture, mut reader) = capture::start(&config)?;
    let status = capture.status();
    if let Some(warning) = status.real_time().and_then(crate::system::real_time::RealTime::warning) {
        errln!("warning: {warning}");
    }
    let begun = Instant::now();
    while !reader.wait(POLL_INTERVAL) {
        if signals.read_signal()?.is_some() {
            bail!(
                "stopped before there was any sound from `{}`: {}; nothing is recorded",
                config.device,
                status.device()
            );
        }
        if begun.elapsed() > NO_SOUND_TIMEOUT {
            bail!("no sound from `{}` within {} s: {}", config.device, NO_SOUND_TIMEOUT.as_secs(), status.device());
        }
    }
    errln!("{}: {}", config.device, status.device());
    let folder = args.out.join(&args.label);
    let mut recorder = Recorder::new(&folder, &config, args.seconds, args.part_seconds)?;
    let mut terminal = terminal::Terminal::new();
    let mut last_sound = Instant::now();
    let mut stopped = false;
    let mut faults = 0;
    while !recorder.done() && !stopped {
        if reader.wait(POLL_INTERVAL) {
            last_sound = Instant::now();
        } else if last_sound.elapsed() > NO_SOUND_TIMEOUT {
            terminal.clear();
            recorder.finish()?;
            bail!(
                "no sound from `{}` for {} s: {}; what came before is kept",
                config.device,
                NO_SOUND_TIMEOUT.as_secs(),
                status.device()
            );
        }
        recorder.take(&mut reader, &mut |level| terminal.show(level))?;
        if recorder.faults() & !faults != 0 {
            terminal.clear();
            report_faults(recorder.faults() & !faults);
            faults |= recorder.faults();
        }
        stopped = signals.read_signal()?.is_some();
    }
    terminal.clear();
    recorder.finish()?;
    let counters = capture.stop();
    for (path, seconds) in recorder.files() {
        outln!("{} {seconds:.2} s", path.display());
    }
    let sound = recorder.measured();
    errln!("level {:.1} dBFS, peak {:.1} dBFS", sound.level_dbfs, sound.peak_dbfs);
    if sound.peak_dbfs <= capture::meter::FLOOR_DBFS {
        errln!("warning: every sample is 0: {DEAD_REMEDY}; record again");
    }
    if recorder.clipped() as f64 > TOO_MUCH_CLIPPING * sound.samples as f64 {
        errln!(
            "warning: {} samples are clipped: turn the gain down (alsamixer) or move the microphone away, and record again",
            recorder.clipped()
        );
    }
    if recorder.left_out() > 0.0 {
        errln!("{:.2} s came in pieces shorter than a window of the classifier and were left out", recorder.left_out());
    }
    if counters.lost_frames + counters.dropped_frames > 0 {
        errln!(
            "warning: {} frames were lost in {} gaps ({} overruns): a new part was begun after each",
            counters.lost_frames + counters.dropped_frames,
            counters.gaps,
            counters.xruns
        );
    }
    if stopped && !recorder.done() {
        errln!("stopped early: what was recorded until then is kept");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// What to do about a dead microphone.
const DEAD_REMEDY: &str = "the microphone is muted, not connected or on the other channel (alsamixer, --channel, the L/R pin \
    of an I2S microphone)";

/// Prints new faults of the microphone with their remedies.
fn report_faults(faults: u8) {
    let names = microphone::names(faults).collect::<Vec<_>>().join(", ");
    let remedy = if faults & microphone::DEAD != 0 {
        DEAD_REMEDY
    } else if faults & microphone::CLIPPED != 0 {
        "turn the gain down (alsamixer) or move the microphone away"
    } else {
        "a constant offset: a missing coupling capacitor, or a microphone without its bias"
    };
    errln!("warning: the microphone is {names}: {remedy}");
}

/// Catches Ctrl-C and `kill`, to be asked for.
fn stop_signals() -> nix::Result<SignalFd> {
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
    signals.thread_block()?;
    SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}
