//! `firmware learn`: listen to the machine running well, and refit the anomaly score to it.
//!
//! The model is never changed: what was learned goes to a file in the state directory ([`crate::enrolment`]), which `run`
//! and `check` take up. Run it while the machine does all that is normal, each of its states for a minute or more.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use monitor_core::microphone::Microphone;
use monitor_model::anomaly::enrol::Enrolment;
use monitor_model::owned::Memory;

use super::device_args::number;
use crate::enrolment;
use crate::run::{Input, Options, Piece, Progress, Setup, Sound, open};

/// Options of `firmware learn`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How long to listen, in minutes of sound (1 to 60); a recording is heard to its end if that is sooner
    #[arg(long, value_name = "MINUTES", default_value_t = 10.0, value_parser = |text: &str| number(text, 1.0, 60.0))]
    pub minutes: f64,
    /// The model; the configuration's unless given
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// The configuration; /etc/monitor/monitor.toml where it exists, else every default
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The sound device, as `firmware devices` names it; the configuration's unless given
    #[arg(long, value_name = "NAME", conflicts_with = "wav")]
    pub device: Option<String>,
    /// Learn from a WAV file instead of a device
    #[arg(long, value_name = "FILE")]
    pub wav: Option<PathBuf>,
}

/// How often sound is waited for, and how long each time: 10 s in all.
const GLANCES: u32 = 100;
const GLANCE: Duration = Duration::from_millis(100);

/// Runs the command.
///
/// # Errors
/// When the model has no anomaly score or may not be refitted, no sound comes or too little, or the file cannot be written.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let options = Options {
        config: args.config.clone(),
        model: args.model.clone(),
        device: args.device.clone(),
        hop_s: None,
        stdout: None,
        input: args.wav.clone().map_or(Input::Device, Input::Wav),
        realtime: false,
        update_note: PathBuf::new(),
    };
    let config = options.load()?;
    ensure!(
        enrolment::allowed(&config.listen),
        "listen.require_signature is set, and what is learned here bears no signature; set listen.allow_enrolment = true"
    );
    let setup = Setup::load(&config)?;
    // The model's own tables, not those of an enrolment before.
    let classifier = setup.model.classifier()?;
    let tables = classifier.anomaly().map(|detector| *detector.tables());
    let tables = tables.with_context(|| {
        format!(
            "{}: the model has no anomaly score to refit; train it again with recordings of normal sound",
            setup.who.model
        )
    })?;
    let progress = Arc::new(Progress::default());
    let (source, mut sound) = open(&options, &config, &progress)?;
    let mut enrolment = Enrolment::new(tables);
    let mut microphone = Microphone::new(setup.microphone);
    let mut seconds = 0.0;
    let silent = || anyhow!("no sound from `{}` for 10 s: {}", config.capture.device, source.status.device());
    // One turn per rate of the input: mostly one.
    while seconds < args.minutes * 60.0 {
        let Some(rate) = next_rate(&mut sound, silent)? else { break };
        let mut memory = Memory::new(&classifier, rate)?;
        let mut pipeline = memory.pipeline(classifier.clone(), rate, setup.hop_columns)?;
        let mut told = seconds;
        while seconds < args.minutes * 60.0 && next_rate(&mut sound, silent)? == Some(rate) {
            let Piece::Samples { samples, no_numbers, lost_before, .. } = sound.next(GLANCE) else { continue };
            if lost_before > 0 {
                pipeline.gap(lost_before);
            }
            seconds += samples.len() as f64 / f64::from(rate);
            microphone.process(samples, no_numbers, rate, |part, dead| {
                // A dead microphone says nothing of the machine.
                pipeline.push(part, |verdict| {
                    if !dead && !verdict.spans_gap {
                        enrolment.hear(verdict.patch, verdict.features);
                    }
                });
            });
            if seconds - told >= 60.0 {
                told = seconds;
                errln!("{:.0} of {:.0} minutes heard", seconds / 60.0, args.minutes);
            }
        }
    }
    progress.stop.store(true, Relaxed);
    if let Some(capture) = source.capture {
        capture.stop();
    }
    let hop_s = f64::from(setup.hop_columns) / 100.0;
    let learned = enrolment.learn(hop_s)?;
    let path = enrolment::path(&config.listen);
    enrolment::save(&path, setup.model.bytes(), &learned).with_context(|| {
        format!("cannot write {}; set listen.state_dir to a folder that can be written to", path.display())
    })?;
    outln!("{}: {} windows in {seconds:.0} s of normal sound", path.display(), enrolment.windows());
    errln!("`run` takes it up at its next start or SIGHUP; delete the file to go back to what the model knows");
    Ok(ExitCode::SUCCESS)
}

/// The rate of the piece of sound that comes next; `None` at the end, and `silent` when none comes for 10 s.
fn next_rate(sound: &mut Sound, silent: impl Fn() -> anyhow::Error) -> anyhow::Result<Option<u32>> {
    for _ in 0..GLANCES {
        match sound.next(GLANCE) {
            Piece::Samples { rate, .. } => {
                sound.unread();
                return Ok(Some(rate));
            }
            Piece::Nothing => {}
            Piece::End => return Ok(None),
            Piece::Failed(why) => bail!(why),
        }
    }
    Err(silent())
}
