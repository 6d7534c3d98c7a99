//! `host-tools train`: recordings in, a deployable model and honest figures out.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::anomaly::{files, normal_classes, windows};
use crate::anomaly::{self, Fitted};
use crate::dataset::Dataset;
use crate::features::{FeatureSet, InputOptions, augment};
use crate::json::JsonOut;
use crate::train::HeadChoice;
use crate::train::artifacts::{self, Artifacts};
use crate::train::protocol::{self, Settings};
use crate::train::report::Report;
use crate::train::words;
use crate::ui::Ui;

/// Options of `host-tools train`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub options: Options,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonOut,
}

/// How to train: shared with `pipeline`.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: InputOptions,
    /// Folder for the models, the picture and the report
    #[arg(long, value_name = "DIR", default_value = "artifacts")]
    pub out: PathBuf,
    /// The head to train
    #[arg(long, value_enum, default_value_t = HeadChoice::Auto)]
    pub head: HeadChoice,
    /// Folds of the grouped cross-validation, at most one per group; 0 for none [default: 5, or as many as the groups
    /// of every class allow]
    #[arg(long, value_name = "N", value_parser = folds)]
    pub folds: Option<usize>,
    /// Share of the windows, in whole groups, that the exported model never hears (0 to 0.5)
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, value_parser = share)]
    pub hold_out: f64,
    /// Classes whose sound is normal: only they teach the anomaly score [default: all]
    #[arg(long, value_name = "LABEL,...", value_delimiter = ',')]
    pub normal: Vec<String>,
    /// Learn from changed copies of every recording too: gain, noise, a later start, speed, colour of the room; how many of
    /// each [default: 0, or 2 without a number]
    #[arg(long, value_name = "COPIES", num_args = 0..=1, default_value_t = 0, default_missing_value = "2",
          hide_default_value = true, value_parser = clap::value_parser!(u32).range(0..=20))]
    pub augment: u32,
    /// Decides everything random: the same seed makes the same files
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

fn folds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count != 1 => Ok(count),
        _ => Err("0 for none, or a number from 2 on is needed".into()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=0.5).contains(&share) => Ok(share),
        _ => Err("a number from 0 to 0.5 is needed".into()),
    }
}

/// What training made.
#[derive(Debug)]
pub struct Trained {
    /// The figures.
    pub report: Report,
    /// The run's own folder.
    pub run: PathBuf,
    /// Windows and recordings, with their features.
    pub set: FeatureSet,
    /// Rows of `set` that the model never heard.
    pub held_out: Vec<usize>,
}

/// Runs the command.
///
/// # Errors
/// When the data cannot be learned from, the base model is missing though asked for, or a file cannot be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let ui = Ui::new(&args.json);
    let trained = execute(&args.options, &ui)?;
    args.json.write(&trained.report)
}

/// Trains and saves, with words for people on the way.
///
/// # Errors
/// As [`run`].
pub fn execute(options: &Options, ui: &Ui) -> anyhow::Result<Trained> {
    let started = std::time::Instant::now();
    // What can go wrong at once goes wrong before the long work.
    writable(&options.out)?;
    ensure!(
        options.augment == 0 || !options.input.is_tables(),
        "--augment changes recordings, and tables hold none; name the folder of recordings"
    );
    let (set, base) = options.input.load(Dataset::require_two_classes, ui)?.with_base(&options.input.features, ui)?;
    let kind = set.kind;
    let Options { augment: copies, seed, .. } = *options;
    let settings =
        Settings { choice: options.head, folds: options.folds, hold_out: options.hold_out, seed, augment: copies };
    set.dataset.say_remarks(ui);
    ui.say(format!("{kind} features ({} values), a window every {} s", kind.len(), f64::from(set.hop_columns) / 100.0));
    let copies = (copies > 0).then(|| augment(&set, base.as_ref(), copies, seed, ui)).transpose()?;
    if let Some(copies) = &copies {
        ui.say(format!("{} windows of changed copies besides, for training alone", copies.of.len()));
    }
    let outcome = protocol::run(&set, copies.as_ref(), &settings, ui);
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            set.dataset.say_skipped(ui);
            return Err(error);
        }
    };
    let report = Report::new(&set, &settings, &outcome, options.input.folder());
    let anomaly = match normal_sound(&set, &outcome.trained, &options.normal)? {
        Ok(fitted) => Some(fitted),
        Err(why) => {
            ui.say(format!("note: no anomaly score: {why:#}"));
            None
        }
    };
    let report = Report { anomaly: anomaly.as_ref().map(|fitted| fitted.standing), ..report };
    words::data_table(&report.data.classes).iter().for_each(|line| ui.say(line));
    words::figures(&report).iter().for_each(|line| ui.say(line));
    if options.folds.is_some_and(|folds| folds > set.dataset.groups.len()) {
        ui.say(format!("note: there are {} groups, so no more folds", set.dataset.groups.len()));
    }
    let bytes = base.as_ref().map(monitor_model::owned::OwnedModel::bytes);
    let tables = anomaly.as_ref().map(Fitted::tables).transpose()?;
    let artifacts = Artifacts::new(&set, &outcome, &report, bytes, tables.as_deref())?;
    let run = artifacts.save(&options.out)?;
    ui.say("");
    set.dataset.say_skipped(ui);
    for name in [artifacts::MODEL, artifacts::HEAD, artifacts::HISTORY, artifacts::REPORT] {
        let size = artifacts.bytes(name).len() as f64 / 1024.0;
        ui.say(format!("{} ({size:.0} KiB)", options.out.join(name).display()));
    }
    ui.say(format!("The same in {}. Took {:.1} s.", run.display(), started.elapsed().as_secs_f64()));
    let held_out = outcome.held_out.map(|predictions| predictions.rows).unwrap_or_default();
    Ok(Trained { report, run, set, held_out })
}

/// What the rows of normal classes among `rows` say of normal sound; the inner error says why there is too little of it.
fn normal_sound(set: &FeatureSet, rows: &[usize], names: &[String]) -> anyhow::Result<anyhow::Result<Fitted>> {
    let all: Vec<usize> = (0..set.dataset.classes.len()).collect();
    let normal = if names.is_empty() { all } else { normal_classes(&set.dataset.classes, names)? };
    let (labels, groups, files) = (set.labels(), set.groups(), files(set));
    let rows: Vec<usize> = rows.iter().copied().filter(|row| normal.contains(&labels[*row])).collect();
    let windows = windows(set, &labels, &groups, &files);
    Ok(anomaly::fit(&windows, &rows, f64::from(set.hop_columns) / 100.0))
}

fn writable(out: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}", out.display()))?;
    let writable = std::fs::metadata(out).is_ok_and(|folder| folder.is_dir() && !folder.permissions().readonly());
    ensure!(writable, "{} cannot be written to; name another folder with --out", out.display());
    Ok(())
}
