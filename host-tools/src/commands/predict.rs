//! `host-tools predict`: predicts the state in recordings, window by window.
//!
//! A single recording is printed while it is processed. Several are processed at once, one per core, and each is printed when
//! it and all before it are done.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Context;
use indicatif::ProgressBar;
use monitor_core::log_mel::{HOP, RATE_HZ};
use monitor_core::monitor::Judge;
use monitor_model::contents::ModelContents;
use monitor_model::owned::OwnedModel;
use monitor_model::report::{AnomalySummary, Line};
use serde::Serialize;

use crate::console::{JsonOut, Ui, check_files, check_folder, is_stdout, json, shown, write_output};
use crate::data::hash::sha256;
use crate::evaluate::in_order::in_order;
use crate::evaluate::model::named_contents;
use crate::evaluate::predict::{
    AnomalyAlarms, Judged, LabelTrack, MEMORY, Speed, Summary, Window, batch_log, parent_name, predict_recording,
    track_paths, wav_files,
};

/// Options of `host-tools predict`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  host-tools predict --model artifacts/sound_classifier.tflite shift.wav
  host-tools predict --model artifacts/sound_classifier.tflite --hop 0.48 --json - shift.wav
  host-tools predict --model artifacts/sound_classifier.tflite --log batch.log other_recordings
  host-tools predict --model artifacts/sound_classifier.tflite --labels shift.txt shift.wav")]
pub(crate) struct Args {
    /// Model by `train`, or the plain base model with its AudioSet classes
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    /// Recordings, or folders of recordings
    #[arg(required = true, value_name = "WAV")]
    pub recordings: Vec<PathBuf>,
    /// Step between windows, in seconds (0.01 to 3600)
    #[arg(long, value_name = "S", default_value = "1.0", value_parser = hop_columns)]
    pub hop: u32,
    /// Batch log to write (`-` for standard output): true class (the folder's name), predicted class, mean confidence,
    /// PASS or FAIL per file
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Write the classes of the windows as an Audacity label track to this file (`-` for standard output); of several
    /// recordings, one per recording into this folder
    #[arg(long, value_name = "FILE|DIR")]
    pub labels: Option<PathBuf>,
    #[command(flatten)]
    pub json: JsonOut,
}

impl Args {
    /// Whether there is output beside the lines of the windows.
    fn has_files(&self) -> bool {
        self.log.is_some() || self.json.json.is_some() || self.labels.is_some()
    }
}

/// States listed in a summary.
const MOST_STATES: usize = 10;

#[derive(Debug, Serialize)]
struct Report<'a> {
    #[serde(serialize_with = "json::path")]
    model: &'a Path,
    hop_s: f64,
    classes: &'a [String],
    /// All recordings together.
    speed: Speed,
    files: Vec<FileReport>,
}

#[derive(Debug, Serialize)]
struct FileReport {
    #[serde(flatten)]
    judged: Judged,
    /// What the user should know of the recording: damage, contradictions, faults of the microphone.
    remarks: Vec<String>,
    summary: Option<Summary>,
    /// Alarms by the anomaly score, as the device raises them; absent if the model has no score.
    anomaly_alarms: Option<AnomalyAlarms>,
    windows: Vec<WindowReport>,
    #[serde(skip)]
    track: LabelTrack,
}

/// A window before and after the decision, as the device reports it.
#[derive(Debug, Serialize)]
struct WindowReport {
    #[serde(flatten)]
    window: Window,
    /// The class probabilities, in the order of the classes.
    probabilities: Vec<f32>,
    /// The state that is reported after smoothing, hysteresis and dwell, by the model's settings.
    state: String,
    /// Its smoothed probability, or that of the leading class while the state is unknown.
    state_confidence: f32,
    /// Whether there is an alarm by the anomaly score; absent if the model has no score.
    anomaly_alarm: Option<bool>,
}

/// Runs the command.
///
/// # Errors
/// When the model cannot be used, a recording cannot be read (the others are processed first), or an output cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let (log, labels) = (args.log.as_deref(), args.labels.as_deref());
    let files = wav_files(&args.recordings)?;
    let track = labels.filter(|path| is_one_track(path, files.len()));
    check_files(&[("--log", log), ("--labels", track), args.json.output()])?;
    if let (None, Some(folder)) = (track, labels) {
        anyhow::ensure!(!is_stdout(folder), "--labels -: {} recordings need a folder; name one", files.len());
        check_folder("--labels", folder)?;
    }
    let model = OwnedModel::load(&args.model).context("cannot use the model")?;
    let context = || format!("cannot use the model {}", args.model.display());
    let contents = named_contents(&model).with_context(context)?;
    let mut output = Output {
        ui: Ui::beside(&args.json, [log, labels].into_iter().flatten().any(is_stdout)),
        closed: false,
        failed: None,
    };
    let hop_s = f64::from(args.hop) * HOP as f64 / f64::from(RATE_HZ);
    // Each recording begins as unknown.
    let judge = contents.judge(args.hop).with_context(context)?;
    // Seconds of a single recording, whose length is known once it is open; recordings of several.
    let of_one = files.len() == 1;
    let progress = output.ui.progress_beside_lines("predicting", if of_one { 0 } else { files.len() as u64 });
    let run = Run { contents, labels: &contents.labels, args, judge: &judge, progress: &progress, of_one };

    let started = Instant::now();
    let mut reports = Vec::new();
    if let [file] = &files[..] {
        reports.push(run.file(file, |line| output.print(line)));
    } else {
        let closed = AtomicBool::new(false);
        let work = |file: &PathBuf| {
            let mut text = format!("== {}", shown(file));
            let report = run.file(file, |line| {
                text.push('\n');
                text.push_str(line);
                !closed.load(Ordering::Relaxed)
            });
            (report, text)
        };
        in_order(&files, work, |(report, text)| {
            closed.store(!output.print(&text), Ordering::Relaxed);
            reports.push(report);
            progress.inc(1);
        });
    }
    progress.finish_and_clear();
    let total_s = reports.iter().filter_map(|report| report.summary.as_ref()).map(|summary| summary.seconds).sum();
    let speed = Speed::new(total_s, started.elapsed().as_secs_f64());
    if files.len() > 1 {
        output.print(&format!("{} recordings, {speed}", files.len()));
    }
    if let Some(error) = output.failed {
        return Err(error).context("cannot write to standard output");
    }
    let judged: Vec<Judged> = reports.iter().map(|report| report.judged.clone()).collect();
    if let Some(path) = &args.labels {
        write_tracks(path, &files, &reports)?;
        output.print(&format!("labels: {}", shown(path)));
    }
    let trained_on = judged.iter().filter(|file| file.trained_on == Some(true)).count();
    if trained_on > 0 && args.log.is_some() {
        tracing::warn!("the model was trained on {trained_on} of {} files: {MEMORY}", judged.len());
    }
    if let Some(path) = &args.log {
        write_output(path, batch_log(&args.model, hop_s, &contents.labels, &judged).as_bytes(), "the log")?;
        output.print(&format!("log: {}", shown(path)));
    }
    args.json.write(
        "acoustic-monitor/predict/1",
        &Report { model: &args.model, hop_s, classes: &contents.labels, speed, files: reports },
    )?;
    let errors: Vec<String> =
        judged.iter().filter_map(|file| Some(format!("{}: {}", shown(&file.file), file.error.as_deref()?))).collect();
    match errors.len() {
        0 => Ok(()),
        count => anyhow::bail!("{count} of {} recordings have no prediction:\n  {}", files.len(), errors.join("\n  ")),
    }
}

/// Whether `--labels` of so many recordings names one file, and not the folder of several.
fn is_one_track(path: &Path, recordings: usize) -> bool {
    recordings == 1 && !path.is_dir()
}

/// Writes the label tracks: of a single recording to `path`, of several into the folder `path`.
fn write_tracks(path: &Path, files: &[PathBuf], reports: &[FileReport]) -> anyhow::Result<()> {
    let one = is_one_track(path, files.len());
    let paths = if one { vec![path.to_path_buf()] } else { track_paths(path, files) };
    for (path, report) in paths.iter().zip(reports).filter(|(_, report)| report.judged.error.is_none()) {
        let seconds = report.summary.as_ref().map_or(0.0, |summary| summary.seconds);
        write_output(path, report.track.text(seconds).as_bytes(), "the label track")?;
    }
    Ok(())
}

/// Model and settings for every recording.
struct Run<'a> {
    contents: &'a ModelContents<'a>,
    labels: &'a [String],
    args: &'a Args,
    judge: &'a Judge,
    progress: &'a ProgressBar,
    /// Whether the progress is that within the only recording.
    of_one: bool,
}

impl Run<'_> {
    /// Whether the model was trained on the file; `None` if that is unknown or nothing shows it.
    fn trained_on(&self, file: &Path) -> Option<bool> {
        let card = self.contents.card.as_ref().filter(|_| self.args.has_files())?;
        Some(card.training.contains(&sha256(file).ok()?))
    }

    /// Predicts one file: prints a line per window, then its summary. `print` returns whether the output is still read.
    fn file(&self, file: &Path, mut print: impl FnMut(&str) -> bool) -> FileReport {
        let Self { labels, args, .. } = *self;
        let folder = parent_name(file);
        let chunk = u64::from(args.hop) * HOP as u64;
        let mut windows = Vec::new();
        let mut track = LabelTrack::default();
        let hop_s = chunk as f64 / f64::from(RATE_HZ);
        let classifier = &self.contents.classifier;
        let prediction = predict_recording(file, classifier, args.hop, self.judge.clone(), |concluded| {
            let Window { start_s, inference_ms, .. } = *concluded.window;
            let (label, confidence) = concluded.window.shown(labels, &concluded.decided);
            track.push(start_s, start_s + hop_s, if concluded.window.microphone_dead { "unknown" } else { label });
            // Windows of many classes take much memory: they are kept only for --json.
            if args.json.json.is_some() {
                let state = concluded.decided.state.class().and_then(|class| labels.get(usize::from(class)));
                windows.push(WindowReport {
                    window: concluded.window.clone(),
                    probabilities: concluded.probabilities.to_vec(),
                    state: state.map_or("unknown", String::as_str).to_owned(),
                    state_confidence: concluded.decided.confidence,
                    anomaly_alarm: concluded.anomaly_alarm,
                });
            }
            if self.of_one {
                self.progress.set_length(concluded.recording_s.ceil() as u64);
                self.progress.set_position((start_s + hop_s) as u64);
            }
            let read = print(&Line { start_s, label, confidence, chunk, inference_ms }.to_string());
            if read || args.has_files() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let prediction = match prediction {
            Ok(prediction) => prediction,
            Err(error) => {
                let judged = Judged::failed(file, folder, format!("{error:#}"));
                return FileReport {
                    judged,
                    remarks: Vec::new(),
                    summary: None,
                    anomaly_alarms: None,
                    windows: Vec::new(),
                    track,
                };
            }
        };
        let remarks: Vec<String> = prediction.remarks.iter().map(ToString::to_string).collect();
        self.progress.suspend(|| {
            for remark in &remarks {
                tracing::warn!("{}: {remark}", shown(file));
            }
        });
        let summary = Summary::new(&prediction, labels, hop_s);
        let mut lines = summary.lines(&shown(file), MOST_STATES);
        let anomaly_alarms = prediction.alarms.clone();
        if let (Some(alarms), Some(detector)) = (&anomaly_alarms, classifier.anomaly()) {
            let at: Vec<String> = alarms.at_s.iter().take(MOST_STATES).map(|at| format!("{at:.1} s")).collect();
            let first = if at.is_empty() { String::new() } else { format!("; alarm at {}", at.join(", ")) };
            let summary = AnomalySummary {
                highest: alarms.highest_score,
                warnings: alarms.warnings_at_s.len(),
                alarms: alarms.at_s.len(),
                rules: detector.tables().rules(),
            };
            lines.push_str(&format!("  {summary}{first}\n"));
            for explained in alarms.explanations.iter().take(MOST_STATES) {
                let what = if explained.alarm { "alarm" } else { "warning" };
                lines.push_str(&format!("  {what} at {:.1} s: {}\n", explained.at_s, explained.text));
            }
        }
        print(&lines);
        let mut judged = match &summary.predicted {
            Some(predicted) => Judged::verdict(file, folder, labels, predicted, summary.mean_confidence),
            None => {
                let seconds = summary.seconds;
                let reason =
                    format!("{seconds:.2} s of sound is shorter than one window of 0.975 s; give a longer recording");
                Judged::failed(file, folder, reason)
            }
        };
        judged.trained_on = self.trained_on(file);
        FileReport { judged, remarks, summary: Some(summary), anomaly_alarms, windows, track }
    }
}

/// Prints lines until the output is closed.
struct Output {
    ui: Ui,
    /// Whether the output is closed.
    closed: bool,
    /// The error, unless the reader closed the pipe.
    failed: Option<io::Error>,
}

impl Output {
    /// Prints a line; returns whether the output is still open.
    fn print(&mut self, line: &str) -> bool {
        if self.closed {
            return false;
        }
        if let Err(error) = self.ui.try_print(line) {
            self.closed = true;
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.failed = Some(error);
            }
        }
        !self.closed
    }
}

/// Seconds as columns of 10 ms.
fn hop_columns(text: &str) -> Result<u32, String> {
    let seconds: f64 = text.parse().map_err(|_| "give seconds, such as 1.0".to_string())?;
    let columns = (seconds * 100.0).round();
    // Written so that NaN is refused too.
    if !(1.0..=360_000.0).contains(&columns) {
        return Err("give 0.01 to 3600 seconds".to_string());
    }
    Ok(columns as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_is_a_number_of_seconds_within_bounds() {
        assert_eq!(hop_columns("1.0"), Ok(100));
        assert_eq!(hop_columns("0.48"), Ok(48));
        for bad in ["0", "-1", "nan", "inf", "1e9", "one"] {
            assert!(hop_columns(bad).is_err(), "{bad}");
        }
    }
}
