//! `host-tools pipeline`: train, find the newest model, verify it; from recordings to a file that is known to work.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use monitor_core::log_mel::{HOP, RATE_HZ};
use monitor_core::model_card::{self, ModelCard};
use monitor_model::owned::OwnedModel;
use monitor_model::report::Line;
use serde::Serialize;

use super::evaluate::{PICTURE, draw, hop_of};
use super::train::{Options, Trained, execute};
use crate::dataset::Dataset;
use crate::evaluate::hear_all;
use crate::json::JsonOut;
use crate::measured::Measured;
use crate::predict::{Summary, Window, judge, labels, listen};
use crate::selfcheck::selfcheck;
use crate::train::artifacts::{MODEL, RUNS};
use crate::train::report::Report;
use crate::train::timestamp;
use crate::ui::Ui;

/// Options of `host-tools pipeline`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub options: Options,
    /// A recording to say what the model hears in it [default: the first that it never heard]
    #[arg(long, value_name = "WAV")]
    pub test: Option<PathBuf>,
    /// Fail if the macro-F1 on held-out recordings is below this (0 to 1)
    #[arg(long, value_name = "F1", default_value_t = 0.0, value_parser = part)]
    pub min_f1: f64,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonOut,
}

fn part(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(part) if (0.0..=1.0).contains(&part) => Ok(part),
        _ => Err("a number from 0 to 1 is needed".into()),
    }
}

/// Seconds from one printed window to the next: the original's chunks of one second.
const PREDICT_HOP_COLUMNS: u32 = 100;
/// States listed in the summary of the test recording.
const MOST_STATES: usize = 10;

#[derive(Debug, Serialize)]
struct Figures<'a> {
    training: &'a Report,
    model: PathBuf,
    held_out: Option<&'a Measured>,
    instruction_sets: Vec<&'static str>,
    test: &'a Path,
    prediction: Summary,
}

/// Runs the command.
///
/// # Errors
/// When training fails, or the file that it wrote fails any of the checks.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let ui = Ui::new(&args.json);
    ensure!(
        !args.options.input.is_tables(),
        "--data: pipeline hears the recordings again to verify the model; name their folder, or use train with tables"
    );
    ui.say("== 1/5 Training");
    let trained = execute(&args.options, &ui)?;

    ui.say("\n== 2/5 The newest model");
    let path = newest(&args.options.out)?;
    let model = OwnedModel::load(&path)?;
    check(&model, &trained).with_context(|| format!("{} is not the model that was trained", path.display()))?;
    ui.say(format!("{}: loads; labels, card and bytes are those of this training", path.display()));

    ui.say("\n== 3/5 Recordings that the model never heard");
    let held_out = held_out(&model, &trained, &ui)?;
    match &held_out {
        Some(measured) => {
            measured.lines().iter().for_each(|line| ui.say(line));
            let picture = args.options.out.join(PICTURE);
            draw(measured, &path, &picture)?;
            ui.say(picture.display().to_string());
        }
        None => ui.say("None was held out, so there is nothing to say."),
    }

    ui.say("\n== 4/5 Self-check");
    let test = test_recording(args, &trained)?;
    let instruction_sets = selfcheck(model.bytes(), &test)?;
    ui.say(format!("{}: the same bits by {}, in chunks of any size", test.display(), instruction_sets.join(" and ")));

    ui.say(format!("\n== 5/5 What the model hears in {}", test.display()));
    let prediction = predict(&model, &test, &ui)?;
    let found = held_out.as_ref().map_or(1.0, |measured| measured.by_window.macro_average.f1);
    args.json.write(&Figures {
        training: &trained.report,
        model: path.clone(),
        held_out: held_out.as_ref(),
        instruction_sets,
        test: &test,
        prediction,
    })?;
    ensure!(
        found >= args.min_f1,
        "the macro-F1 on held-out recordings is {found:.3}, below --min-f1 {}; record more, or look at the confusion matrix",
        args.min_f1
    );
    ui.say(format!("\nPASS: {} is ready to be deployed.", args.options.out.join(MODEL).display()));
    Ok(())
}

/// The model of the newest run, which must be the one in the output folder.
fn newest(out: &Path) -> anyhow::Result<PathBuf> {
    let run = timestamp::newest(&out.join(RUNS), MODEL)
        .with_context(|| format!("there is no run in {}", out.join(RUNS).display()))?;
    let path = run.join(MODEL);
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    ensure!(read(&path)? == read(&out.join(MODEL))?, "{} and the newest run differ", out.join(MODEL).display());
    Ok(path)
}

/// Whether the file says that it is this training's.
fn check(model: &OwnedModel, trained: &Trained) -> anyhow::Result<()> {
    ensure!(labels(model)? == trained.set.dataset.classes, "it has other labels");
    let card = ModelCard::of(&model.model()?)?.context("it has no card")?;
    let training = &trained.report.trained_on;
    ensure!(card.feature_kind == trained.set.kind, "its features are {}", card.feature_kind);
    ensure!(card.training.windows as usize == training.windows, "it was trained on another number of windows");
    let hashes = card.training.recording_hashes.len() / model_card::HASH_LEN;
    ensure!(hashes == training.files, "it was trained on another number of files");
    Ok(())
}

/// The file's own verdicts on what training held out, which must be those that training reported.
fn held_out(model: &OwnedModel, trained: &Trained, ui: &Ui) -> anyhow::Result<Option<Measured>> {
    let Some(reported) = &trained.report.held_out else { return Ok(None) };
    let set = &trained.set;
    let recordings: std::collections::BTreeSet<usize> =
        trained.held_out.iter().map(|row| set.rows[*row].recording).collect();
    let dataset = Dataset {
        recordings: recordings.iter().map(|recording| set.dataset.recordings[*recording].clone()).collect(),
        skipped: Vec::new(),
        ..set.dataset.clone()
    };
    let heard = hear_all(model, dataset, hop_of(model)?, ui)?;
    if let Some(skipped) = heard.dataset.skipped.first() {
        bail!("{} can no longer be read: {}", skipped.path.display(), skipped.reason);
    }
    let rows: Vec<usize> = (0..heard.rows.len()).collect();
    let measured = heard.measured(&rows, reported.standing.note);
    ensure!(
        measured.by_window.confusion == reported.by_window.confusion,
        "the file does not say on held-out recordings what training reported: accuracy {:.3} instead of {:.3}",
        measured.by_window.accuracy,
        reported.by_window.accuracy
    );
    Ok(Some(measured))
}

/// The recording that the user names, else the first that was held out, else the first of all.
fn test_recording(args: &Args, trained: &Trained) -> anyhow::Result<PathBuf> {
    let first = trained.held_out.first().copied().unwrap_or(0);
    match (&args.test, trained.set.rows.get(first)) {
        (Some(path), _) => Ok(path.clone()),
        (None, Some(row)) => Ok(trained.set.dataset.recordings[row.recording].path.clone()),
        (None, None) => bail!("there is no recording to test on"),
    }
}

fn predict(model: &OwnedModel, path: &Path, ui: &Ui) -> anyhow::Result<Summary> {
    let labels = labels(model)?;
    let chunk = u64::from(PREDICT_HOP_COLUMNS) * HOP as u64;
    let classifier = model.classifier()?;
    let judge = judge(model, &classifier, PREDICT_HOP_COLUMNS)?;
    let heard = listen(path, &classifier, PREDICT_HOP_COLUMNS, judge, |concluded| {
        let Window { start_s, class, confidence, inference_ms, .. } = *concluded.window;
        ui.say(Line { start_s, label: &labels[class], confidence, chunk, inference_ms }.to_string());
        ControlFlow::Continue(())
    })?;
    let summary = Summary::new(&heard, &labels, chunk as f64 / f64::from(RATE_HZ));
    ui.say(summary.lines(&path.display().to_string(), MOST_STATES));
    Ok(summary)
}
