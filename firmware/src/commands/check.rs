//! `firmware check`: does this model run on this machine, and what does it make of this recording? The self-test of an
//! installation; the lines are those of `host-tools predict`.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, ensure};
use monitor_core::decision::Decided;
use monitor_core::microphone;
use monitor_core::monitor::{AlarmCause, AudioBlock, Event};
use monitor_core::pipeline::Verdict;
use monitor_model::advice;
use monitor_model::document::{Document, LINE};
use monitor_model::explanation::{self, ExplanationText};
use monitor_model::names::shown;
use monitor_model::owned::Memory;
use monitor_model::report::{AnomalySummary, ConstantSound, DeadMicrophone, Line};
use monitor_wire as wire;

use crate::config::Config;
use crate::inference::{AudioFile, Setup, Times, now_ns};
use crate::reporting::Window;
use crate::system::messages::warn;

/// Most warnings and alarms that are explained.
const MOST_EXPLAINED: usize = 10;

/// Options of `firmware check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  firmware check shift.wav
  firmware check --model sound_classifier.tflite shift.wav
  firmware check --model sound_classifier.tflite --hop 0.48 --json shift.wav")]
pub(crate) struct Args {
    /// The recording
    #[arg(value_name = "WAV")]
    pub(crate) wav: PathBuf,
    /// The model; the configuration's unless given
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// The configuration [default: $ACOUSTIC_MONITOR_CONFIG, acoustic-monitor/monitor.toml in the user's configuration folder,
    /// /etc/acoustic-monitor/monitor.toml, or the defaults]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder of the baseline; the configuration's unless given
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Seconds between two windows
    #[arg(long, value_name = "S", default_value_t = 1.0, value_parser = super::device_args::hop)]
    pub(crate) hop: f32,
    /// Print each window as `firmware run` does: one JSON object, with what the decision makes of it; and one per change of
    /// the alarm by the anomaly score
    #[arg(long)]
    pub(crate) json: bool,
}

/// Runs the command.
///
/// # Errors
/// When the model does not run, or the recording cannot be read or is shorter than a window.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut config = Config::load_in(args.config.as_deref(), args.state_dir.as_deref())?;
    if let Some(model) = &args.model {
        config.listen.model.clone_from(model);
    }
    config.listen.hop_s = args.hop;
    config.validate()?;
    let begun = Instant::now();
    let setup = Setup::load(&config)?;
    let loaded = begun.elapsed();
    let mut sound = AudioFile::wav(&args.wav, &config.capture)?;
    let rate = sound.rate()?;
    let classifier = setup.classifier();
    let settings = setup.settings(&classifier);
    let rules = settings.anomaly.filter(|_| settings.anomaly_alarm);
    let judge = settings.judge()?;
    let mut memory = Memory::new(&classifier, rate)?;
    let mut monitor = memory.monitor(classifier, rate, setup.hop_columns, setup.microphone, judge)?;
    monitor.set_clock(now_ns);

    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut times = Vec::new();
    let (mut highest, mut warnings, mut alarms, mut dead) = (None, 0, 0, 0);
    let mut explained = Vec::new();
    let mut outcome = Ok(());
    let chunk = u64::from(setup.hop_columns) * 160;
    let mut on_event = |event: &Event<'_>| {
        match event {
            Event::Window { verdict, anomaly, microphone_dead, .. } => {
                dead += usize::from(*microphone_dead);
                times.push((verdict.inference_ns / 1000) as u32);
                highest = highest.into_iter().chain(*anomaly).reduce(f32::max);
            }
            Event::Warning { active: true, explanation, .. } => {
                warnings += 1;
                explained.push(("warning", explanation::wire(explanation)));
            }
            Event::Alarm { cause: AlarmCause::Anomaly, active: true, explanation, .. } => {
                alarms += 1;
                explained.push(("alarm", explanation::wire(explanation)));
            }
            _ => {}
        }
        let written = match event {
            _ if args.json => json(event, setup.device.labels.list(), &mut out),
            Event::Window { verdict, decided, .. } => {
                line(verdict, decided, chunk, setup.device.labels.list(), &mut out)
            }
            _ => Ok(()),
        };
        outcome = std::mem::replace(&mut outcome, Ok(())).and(written);
    };
    let mut samples = vec![0.0; (rate / 10) as usize];
    let (mut frames, mut replaced) = (0u64, 0);
    let (mut first, mut varies, mut faults) = (None, false, 0);
    loop {
        let count = sound.read(&mut samples).with_context(|| shown(&args.wav))?;
        if count == 0 {
            break;
        }
        frames += count as u64;
        let first = *first.get_or_insert(samples[0]);
        varies |= samples[..count].iter().any(|sample| *sample != first);
        let non_finite = u32::try_from(sound.replaced() - replaced).unwrap_or(u32::MAX);
        replaced = sound.replaced();
        monitor.process(AudioBlock { samples: &samples[..count], non_finite, lost_before: 0 }, &mut on_event);
        faults |= monitor.intake().microphone_faults() & !microphone::DEAD;
    }
    monitor.finish(&mut on_event);
    outcome.and_then(|()| out.flush()).context("cannot write to standard output")?;
    let seconds = frames as f64 / f64::from(rate);
    ensure!(
        !times.is_empty(),
        "{}: {seconds:.2} s of sound is shorter than one window of 0.975 s; give a longer recording",
        shown(&args.wav)
    );
    let windows = times.len();
    let gain = match monitor.gain().db() {
        0 => String::new(),
        db => format!(" (input gain {db} dB)"),
    };
    let ms = |us: u32| f64::from(us) / 1e3;
    let Times { p50, p99, max } = Times::of(&mut times);
    errln!(
        "{}{gain}: {windows} windows in {seconds:.2} s of sound, inference p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms, model loaded \
         in {:.1} ms: the model runs",
        setup.device.model,
        ms(p50),
        ms(p99),
        ms(max),
        loaded.as_secs_f64() * 1e3
    );
    if let (Some(value), false) = (first, varies) {
        warn(format!("{}: {}", shown(&args.wav), ConstantSound(value)));
    }
    if faults != 0 {
        let names: Vec<&str> = microphone::names(faults).collect();
        errln!("Microphone: {}, at least for a time; a device reports this as a fault", names.join(" and "));
    }
    if dead > 0 {
        let seconds = |windows: usize| windows as f64 * chunk as f64 / 16e3;
        errln!("{}", DeadMicrophone { dead_s: seconds(dead), of_s: seconds(windows) });
    }
    if let Some(rules) = rules {
        errln!("{}", AnomalySummary { highest, warnings, alarms, rules });
        for (what, explanation) in explained.iter().take(MOST_EXPLAINED) {
            errln!("{what}: {}", ExplanationText(explanation));
        }
    }
    let advice = setup
        .model
        .contents()
        .card
        .and_then(|card| advice::on_groups(card.training.groups as usize, card.training.within_recording));
    if let Some(advice) = advice {
        errln!("{advice}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The line that `predict` prints: the most probable class; of a model of one class, which has the same class and probability
/// for any sound, the reported state.
fn line(
    verdict: &Verdict<'_>,
    decided: &Decided,
    chunk: u64,
    labels: wire::TextList<'_>,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let best = (0u16..).zip(verdict.probabilities).fold((0, f32::MIN), |best, (class, &probability)| {
        if probability > best.1 { (class, probability) } else { best }
    });
    let (state, confidence) = match verdict.probabilities {
        [_] => (decided.state.class(), decided.confidence),
        _ => (Some(best.0), best.1),
    };
    let label = monitor_model::line::StateName { labels, state }.to_string();
    let line = Line {
        start_s: verdict.start_sample as f64 / 16e3,
        label: &label,
        confidence,
        chunk,
        inference_ms: verdict.inference_ns as f64 / 1e6,
    };
    writeln!(out, "{line}")
}

/// The lines that `run` writes: windows, and changes of warning and alarm by the anomaly score.
fn json(event: &Event<'_>, labels: wire::TextList<'_>, out: &mut impl Write) -> std::io::Result<()> {
    let window;
    let (index, message) = match *event {
        Event::Window { verdict, decided, anomaly, zone, .. } => {
            window = Window::new(verdict, decided, anomaly.zip(zone));
            (verdict.index, wire::Message::Verdict(window.verdict()))
        }
        Event::Warning { index, active, state, ref explanation } => {
            let (state, explanation) = (state.class(), explanation::wire(explanation));
            (index, wire::Message::Warning(wire::Warning { active, state, index, explanation }))
        }
        Event::Alarm { index, cause: AlarmCause::Anomaly, active, state, ref explanation } => {
            let (cause, state) = (wire::AlarmCause::Anomaly as u8, state.class());
            let explanation = explanation::wire(explanation);
            let alarm = wire::Alarm { active, cause, state, index, unacknowledged: false, explanation };
            (index, wire::Message::Alarm(alarm))
        }
        _ => return Ok(()),
    };
    let frame = wire::Frame { sequence: index as u32, time_us: 0, message };
    serde_json::to_writer(&mut *out, &Document::new(LINE, monitor_model::line::Line { frame, labels }))?;
    writeln!(out)
}
