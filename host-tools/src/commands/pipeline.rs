//! `host-tools pipeline`: trains a model, then verifies the newest model file.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use monitor_core::log_mel::{HOP, RATE_HZ};
use monitor_core::model_card;
use monitor_model::contents::ModelContents;
use monitor_model::owned::OwnedModel;
use monitor_model::report::Line;
use monitor_recording::RecordingReader;
use serde::Serialize;

use crate::console::{JsonOut, Ui, check_files, check_folder, json, shown};
use crate::data::dataset::Dataset;
use crate::evaluate::measured::MIN_F1;
use crate::evaluate::measured::Measured;
use crate::evaluate::model::named_contents;
use crate::evaluate::pictures;
use crate::evaluate::predict::{Summary, Window, predict_recording};
use crate::evaluate::predictions::predict_all;
use crate::evaluate::self_check::self_check;
use crate::train::artifacts::{MODEL, RUNS};
use crate::train::gate::{Verdict, verdict};
use crate::train::report_text;
use crate::train::run::{Trained, TrainingOptions, run as train};
use crate::train::timestamp;
use crate::train::training_report::TrainingReport;

/// Options of `host-tools pipeline`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  host-tools pipeline --data recordings
  host-tools pipeline --data recordings --out artifacts --min-f1 0.9 --test shift.wav")]
pub(crate) struct Args {
    #[command(flatten)]
    pub options: TrainingOptions,
    /// Recording to predict [default: the first held-out one]
    #[arg(long, value_name = "WAV")]
    pub test: Option<PathBuf>,
    /// Minimum macro-F1 by window on recordings that were not trained on (0 to 1); the command fails below it, and if the
    /// macro-F1 is not above that of guessing
    #[arg(long, value_name = "F1", default_value_t = MIN_F1, value_parser = part)]
    pub min_f1: f64,
    #[command(flatten)]
    pub json: JsonOut,
}

fn part(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(part) if (0.0..=1.0).contains(&part) => Ok(part),
        _ => Err("give a number from 0 to 1".into()),
    }
}

/// Step between printed windows in columns of 10 ms: the original's chunks of one second.
const PREDICT_HOP_COLUMNS: u32 = 100;
/// States listed in the summary of the test recording.
const MOST_STATES: usize = 10;

#[derive(Debug, Serialize)]
struct Figures<'a> {
    training: &'a TrainingReport,
    #[serde(serialize_with = "json::path")]
    model: PathBuf,
    held_out: Option<&'a Measured>,
    instruction_sets: Vec<&'static str>,
    #[serde(serialize_with = "json::path")]
    test: &'a Path,
    prediction: Summary,
    /// `pass`, `not_proven` or `fail`, with the reason.
    #[serde(flatten)]
    verdict: &'a Verdict,
}

/// Runs the command.
///
/// # Errors
/// When training fails, the model file fails a check, or its figures do not show that it is good enough.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    check_files(&[args.json.output()])?;
    check_folder("--out", &args.options.out)?;
    let ui = Ui::new(&args.json);
    ensure!(
        !args.options.input.is_tables(),
        "--data: pipeline reads the recordings again to verify the model; name their folder, or use train with tables"
    );
    if let Some(path) = &args.test {
        RecordingReader::open(path).with_context(|| format!("--test {}: name a recording", shown(path)))?;
    }
    ui.print("== 1/5 Training");
    let trained = train(&args.options, &ui)?;

    ui.print("\n== 2/5 The newest model");
    let path = newest(&args.options.out)?;
    let model = OwnedModel::load(&path)?;
    let contents = named_contents(&model)?;
    check(contents, &trained).with_context(|| format!("{} is not the model that was trained", path.display()))?;
    ui.print(format!("{}: loads; labels, card and bytes match this training", path.display()));

    ui.print("\n== 3/5 Held-out recordings");
    let held_out = held_out(contents, &trained, &ui)?;
    match &held_out {
        _ if contents.labels.len() == 1 => {
            report_text::one_class(&contents.labels[0], trained.report.left_out.as_ref())
                .iter()
                .for_each(|line| ui.print(line));
        }
        Some(measured) => {
            measured.lines().iter().for_each(|line| ui.print(line));
            let picture = args.options.out.join(pictures::CONFUSION);
            pictures::confusion(measured, &path)?.save(&picture)?;
            ui.print(picture.display().to_string());
        }
        None => ui.print("No recording was held out."),
    }

    ui.print("\n== 4/5 Self-check");
    let test = test_recording(args, &trained)?;
    let instruction_sets = self_check(model.bytes(), &test)?;
    ui.print(format!("{}: equal bits with {}, in chunks of any size", test.display(), instruction_sets.join(" and ")));

    ui.print(format!("\n== 5/5 Prediction for {}", test.display()));
    let prediction = predict(contents, &test, &ui)?;
    let verdict = verdict(&trained.report, args.min_f1);
    args.json.write(
        "acoustic-monitor/pipeline/1",
        &Figures {
            training: &trained.report,
            model: path.clone(),
            held_out: held_out.as_ref(),
            instruction_sets,
            test: &test,
            prediction,
            verdict: &verdict,
        },
    )?;
    match verdict {
        Verdict::Pass(why) => {
            ui.print(format!("\nPASS: {} is ready to deploy: {why}.", args.options.out.join(MODEL).display()));
            Ok(())
        }
        Verdict::NotProven(why) => bail!("NOT PROVEN: {why}"),
        Verdict::Fail(why) => bail!("FAIL: {why}"),
    }
}

/// The model of the newest run, which must equal the one in the output folder.
fn newest(out: &Path) -> anyhow::Result<PathBuf> {
    let run = timestamp::newest(&out.join(RUNS), MODEL)
        .with_context(|| format!("there is no run in {}", out.join(RUNS).display()))?;
    let path = run.join(MODEL);
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    ensure!(read(&path)? == read(&out.join(MODEL))?, "{} and the newest run differ", out.join(MODEL).display());
    Ok(path)
}

/// Checks that the file is that of this training.
fn check(model: &ModelContents<'_>, trained: &Trained) -> anyhow::Result<()> {
    ensure!(model.labels == trained.set.dataset.classes, "it has other labels");
    let card = model.card.as_ref().context("it has no card")?;
    let training = &trained.report.trained_on;
    ensure!(card.feature_kind == trained.set.kind, "its features are {}", card.feature_kind);
    ensure!(card.training.windows as usize == training.windows, "it was trained on another number of windows");
    let hashes = card.training.recording_hashes.len() / model_card::HASH_LEN;
    ensure!(hashes == training.files, "it was trained on another number of files");
    Ok(())
}

/// The file's figures on held-out recordings, which must equal those that training reported.
fn held_out(model: &ModelContents<'_>, trained: &Trained, ui: &Ui) -> anyhow::Result<Option<Measured>> {
    let Some(reported) = &trained.report.held_out else { return Ok(None) };
    let set = &trained.set;
    let recordings: std::collections::BTreeSet<usize> =
        trained.held_out.iter().map(|row| set.rows[*row].recording).collect();
    let dataset = Dataset {
        recordings: recordings.iter().map(|recording| set.dataset.recordings[*recording].clone()).collect(),
        skipped: Vec::new(),
        ..set.dataset.clone()
    };
    let predictions = predict_all(model, dataset, model.hop_columns(), ui)?;
    if let Some(skipped) = predictions.dataset.skipped.first() {
        bail!("{} can no longer be read: {}", skipped.path.display(), skipped.reason);
    }
    let rows: Vec<usize> = (0..predictions.rows.len()).collect();
    let measured = predictions.measured(&rows, reported.sample_size.note);
    ensure!(
        measured.by_window.confusion == reported.by_window.confusion,
        "the file's figures on held-out recordings differ from those of training: accuracy {:.3} instead of {:.3}",
        measured.by_window.accuracy,
        reported.by_window.accuracy
    );
    Ok(Some(measured))
}

/// The recording named by the user, else the first held-out one, else the first of all.
fn test_recording(args: &Args, trained: &Trained) -> anyhow::Result<PathBuf> {
    let first = trained.held_out.first().copied().unwrap_or(0);
    match (&args.test, trained.set.rows.get(first)) {
        (Some(path), _) => Ok(path.clone()),
        (None, Some(row)) => Ok(trained.set.dataset.recordings[row.recording].path.clone()),
        (None, None) => bail!("there is no recording to predict"),
    }
}

fn predict(model: &ModelContents<'_>, path: &Path, ui: &Ui) -> anyhow::Result<Summary> {
    let labels = &model.labels;
    let chunk = u64::from(PREDICT_HOP_COLUMNS) * HOP as u64;
    let judge = model.judge(PREDICT_HOP_COLUMNS)?;
    let prediction = predict_recording(path, &model.classifier, PREDICT_HOP_COLUMNS, judge, |concluded| {
        let Window { start_s, inference_ms, .. } = *concluded.window;
        let (label, confidence) = concluded.window.shown(labels, &concluded.decided);
        ui.print(Line { start_s, label, confidence, chunk, inference_ms }.to_string());
        ControlFlow::Continue(())
    })?;
    let summary = Summary::new(&prediction, labels, chunk as f64 / f64::from(RATE_HZ));
    ui.print(summary.lines(&path.display().to_string(), MOST_STATES));
    Ok(summary)
}
