//! `firmware baseline`: record the machine's normal sound, and refit the anomaly score to it.
//!
//! The model is never changed: the baseline goes to a file in the state directory ([`crate::refit::baseline`]), which
//! `run` and `check` read. Sound about which the model itself warns is refused ([`screening`]). Run it while the machine does all
//! that is normal, each of its states for a minute or more.

mod screening;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use monitor_core::anomaly::WindowValues;
use monitor_core::microphone::Microphone;
use monitor_model::anomaly::baseline::{Baseline, LEAST_OF_STATE_S};
use monitor_model::owned::Memory;

use super::device_args::number;
use super::options::Options;
use crate::inference::audio::{Input, open};
use crate::inference::{AudioBlock, AudioInput, Progress, Setup};
use crate::refit::baseline as file;
use screening::Screening;

/// Options of `firmware baseline`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  firmware baseline
  firmware baseline --minutes 20 --device hw:CARD=Device,DEV=0
  firmware baseline --model sound_classifier.tflite --wav normal.wav --state-dir state")]
pub(crate) struct Args {
    /// Length in minutes of sound (1 to 60); a recording may end sooner
    #[arg(long, value_name = "MINUTES", default_value_t = 10.0, value_parser = |text: &str| number(text, 1.0, 60.0))]
    pub minutes: f64,
    /// The model; the configuration's unless given
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// The configuration [default: $ACOUSTIC_MONITOR_CONFIG, acoustic-monitor/monitor.toml in the user's configuration folder,
    /// /etc/acoustic-monitor/monitor.toml, or the defaults]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The sound device, as `firmware devices` names it; the configuration's unless given
    #[arg(long, value_name = "NAME", conflicts_with = "wav")]
    pub device: Option<String>,
    /// Folder that the baseline is written to; the configuration's unless given. `run` and `check` take the same option
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Read a WAV file instead of the device
    #[arg(long, value_name = "FILE")]
    pub wav: Option<PathBuf>,
    /// Use the sound even where the model raises a warning or an alarm on it: for a machine that is known to be healthy, such
    /// as another one of the kind that the model was trained on
    #[arg(long)]
    pub force: bool,
}

/// How often sound is waited for, and how long each time: 10 s in all.
const ATTEMPTS: u32 = 100;
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Runs the command.
///
/// # Errors
/// When the model has no anomaly score or may not be refitted, no sound comes or too little, the model warns about it, or the
/// file cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let options = Options {
        config: args.config.clone(),
        model: args.model.clone(),
        device: args.device.clone(),
        state_dir: args.state_dir.clone(),
        hop_s: None,
        stdout: None,
        input: args.wav.clone().map_or(Input::Device, Input::Wav),
        realtime: false,
        update_note: PathBuf::new(),
    };
    let config = options.load()?;
    let place = config.refit();
    ensure!(
        place.allowed,
        "listen.require_signature is set, and a baseline bears no signature; set listen.allow_baseline = true"
    );
    // Before minutes of sound are recorded in vain.
    file::check_writable(&place)?;
    let setup = Setup::load(&config)?;
    // The model's own tables, not those of an earlier baseline.
    let classifier = &setup.model.contents().classifier;
    let tables = classifier.anomaly().map(|detector| *detector.tables());
    let tables = tables.with_context(|| {
        format!(
            "{}: the model has no anomaly score to refit; train it again with recordings of normal sound",
            setup.device.model
        )
    })?;
    let progress = Arc::new(Progress::default());
    let (producer, mut sound) = open(&options.input, options.realtime, &config.capture, &progress)?;
    let mut baseline = Baseline::new(tables);
    let mut screening = Screening::new(setup.settings(classifier).judge()?, classifier.classes());
    let mut microphone = Microphone::new(setup.microphone);
    let mut seconds = 0.0;
    let silent = || anyhow!("no sound from `{}` for 10 s: {}", config.capture.device, producer.status.device());
    // One turn per rate of the input: mostly one.
    while seconds < args.minutes * 60.0 {
        let Some(rate) = next_rate(&mut sound, silent)? else { break };
        let mut memory = Memory::new(classifier, rate)?;
        let mut pipeline = memory.pipeline(classifier.clone(), rate, setup.hop_columns)?;
        let (begun, mut reported) = (seconds, seconds);
        while seconds < args.minutes * 60.0 && next_rate(&mut sound, silent)? == Some(rate) {
            let AudioBlock::Samples { samples, non_finite, lost_before, .. } = sound.next(POLL_INTERVAL) else {
                continue;
            };
            if lost_before > 0 {
                pipeline.gap(lost_before);
            }
            seconds += samples.len() as f64 / f64::from(rate);
            microphone.process(samples, non_finite, rate, |part, dead| {
                // The sound of a dead microphone is not the machine's.
                pipeline.push(part, |verdict| {
                    screening.add(verdict, dead, begun);
                    if !dead && !verdict.spans_gap {
                        baseline.add(&WindowValues {
                            patch: verdict.patch,
                            features: verdict.features,
                            rumble: verdict.rumble,
                        });
                    }
                });
            });
            if seconds - reported >= 60.0 {
                reported = seconds;
                errln!("{:.0} of {:.0} minutes recorded", seconds / 60.0, args.minutes);
            }
        }
    }
    progress.control.stop.store(true, Relaxed);
    if let Some(capture) = producer.capture {
        capture.stop();
    }
    let hop_s = f64::from(setup.hop_columns) / 100.0;
    let tables = baseline.fit(hop_s)?;
    let labels = setup.device.labels.list();
    let too_short = screening.too_short(labels, hop_s, LEAST_OF_STATE_S);
    if let Some(warned) = screening.finish(labels) {
        ensure!(
            args.force,
            "the model raises a warning or an alarm on this sound, and a baseline of it would make a fault normal:\n{warned}\
             nothing was written: look at the machine; if it is known to be healthy, record again with --force"
        );
        errln!(
            "with --force this sound becomes normal, though the model raises a warning or an alarm on it:\n{warned}"
        );
    }
    let path = file::path(&place);
    file::save(&place, setup.model.bytes(), &tables).with_context(|| {
        format!(
            "cannot write {}; give --state-dir or set listen.state_dir to a folder that can be written to",
            path.display()
        )
    })?;
    if !too_short.is_empty() {
        errln!(
            "there was less than a minute of {}, of which the baseline therefore says nothing; record again with a minute of each, \
             unless the machine is never in them",
            too_short.join(", ")
        );
    }
    outln!("{}: {} windows in {seconds:.0} s of normal sound", path.display(), baseline.windows());
    errln!("`run` uses it from its next start or SIGHUP on; delete the file to go back to the model's own tables");
    Ok(ExitCode::SUCCESS)
}

/// The rate of the next block of sound; `None` at the end, and `silent` when none comes for 10 s.
fn next_rate(sound: &mut AudioInput, silent: impl Fn() -> anyhow::Error) -> anyhow::Result<Option<u32>> {
    for _ in 0..ATTEMPTS {
        match sound.next(POLL_INTERVAL) {
            AudioBlock::Samples { rate, .. } => {
                sound.unread();
                return Ok(Some(rate));
            }
            AudioBlock::Nothing => {}
            AudioBlock::End => return Ok(None),
            AudioBlock::Failed(why) => bail!(why),
        }
    }
    Err(silent())
}
