//! A whole training: features, protocol, anomaly score, files.

use std::path::PathBuf;

use anyhow::ensure;
use monitor_model::advice;
use monitor_model::owned::OwnedModel;

use super::HeadChoice;
use super::artifacts::{self, AnomalyScore, Artifacts};
use super::one_class;
use super::protocol::{self, Settings};
use super::report_text;
use super::training_report::TrainingReport;
use crate::anomaly::normal::{fit_normal, normal_classes, normal_rows};
use crate::console::{Ui, check_folder};
use crate::data::dataset::Dataset;
use crate::data::feature_set::FeatureSet;
use crate::features::{InputOptions, augment};

/// Options of a training, which `train` and `pipeline` share.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TrainingOptions {
    #[command(flatten)]
    pub input: InputOptions,
    /// Folder for the models, the picture and the report
    #[arg(long, value_name = "DIR", default_value = "artifacts")]
    pub out: PathBuf,
    /// Head to train
    #[arg(long, value_enum, default_value_t = HeadChoice::Auto)]
    pub head: HeadChoice,
    /// Folds of the grouped cross-validation, at most one per group; 0 for none [default: 5, or as many as the groups
    /// of every class allow]
    #[arg(long, value_name = "N", value_parser = folds)]
    pub folds: Option<usize>,
    /// Share of the windows to hold out from the exported head, in whole groups (0 to 0.5); the anomaly score is fitted to all; with
    /// one class nothing is held out, each group is left out in turn
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, value_parser = share)]
    pub hold_out: f64,
    /// Classes of normal sound, to which the anomaly score is fitted; recordings of one class alone train too; a name with a comma
    /// takes a --normal of its own [default: all]
    #[arg(long, value_name = "LABEL,...")]
    pub normal: Vec<String>,
    /// Train on changed copies of every recording too (gain, noise, start, speed, room); number of copies of each
    /// [default: 0, or 2 without a number]
    #[arg(long, value_name = "COPIES", num_args = 0..=1, default_value_t = 0, default_missing_value = "2",
          hide_default_value = true, value_parser = clap::value_parser!(u32).range(0..=20))]
    pub augment: u32,
    /// Random seed: the same seed writes the same files
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

fn folds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count != 1 => Ok(count),
        _ => Err("give 0 for none, or 2 or more".into()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=0.5).contains(&share) => Ok(share),
        _ => Err("give a number from 0 to 0.5".into()),
    }
}

/// Result of a training.
#[derive(Debug)]
pub(crate) struct Trained {
    /// The figures.
    pub report: TrainingReport,
    /// Windows and recordings, with their features.
    pub set: FeatureSet,
    /// Rows of `set` that the exported model was not trained on.
    pub held_out: Vec<usize>,
}

/// Trains, saves the files and prints the report.
///
/// # Errors
/// When the data cannot be trained on, a requested base model is missing, or a file cannot be written.
pub(crate) fn run(options: &TrainingOptions, ui: &Ui) -> anyhow::Result<Trained> {
    let started = std::time::Instant::now();
    // Checks that are quick come before the long work.
    check_folder("--out", &options.out)?;
    ensure!(
        options.augment == 0 || !options.input.is_tables(),
        "--augment changes recordings, and tables hold none; name the folder of recordings"
    );
    let check = |dataset: &Dataset| {
        dataset.require_class()?;
        normal_classes(&dataset.classes, &options.normal).map(drop)
    };
    let (set, base) = options.input.load(check, ui)?.with_base(&options.input.features)?;
    let kind = set.kind;
    let is_one_class = set.dataset.classes.len() == 1;
    let settings = Settings {
        choice: options.head,
        folds: options.folds,
        hold_out: if is_one_class { 0.0 } else { options.hold_out },
        seed: options.seed,
        augment: options.augment,
    };
    ui.print(format!("{kind} features ({} values), a window every {} s", kind.len(), set.hop_s()));
    if is_one_class && settings.augment > 0 {
        tracing::info!("--augment changes nothing with one class: the anomaly score is fitted to recordings alone");
    }
    let copies = (settings.augment > 0 && !is_one_class)
        .then(|| augment(&set, base.as_ref(), settings.augment, settings.seed, ui))
        .transpose()?;
    if let Some(copies) = &copies {
        ui.print(format!("{} windows of changed copies, used in training only", copies.of.len()));
    }
    let outcome = protocol::run(&set, copies.as_ref(), &settings, ui).inspect_err(|_| set.dataset.print_skipped(ui))?;
    let normal = normal_rows(&set, &options.normal).inspect_err(|_| set.dataset.print_skipped(ui))?;
    let (anomaly, left_out) = if is_one_class {
        let spinner = ui.spinner("leaving groups out".into());
        let (fitted, left_out) = one_class::score(&set, &normal).inspect_err(|_| set.dataset.print_skipped(ui))?;
        spinner.finish_and_clear();
        (Some(fitted), left_out)
    } else {
        // Held-out groups too: what is missing from normal sound raises false alarms, and the levels come from groups left out
        // of the fit in turn as it is.
        let fitted = fit_normal(&set, &normal);
        (fitted.inspect_err(|why| tracing::info!("no anomaly score: {why:#}")).ok(), None)
    };
    let report = TrainingReport {
        anomaly: anomaly.as_ref().map(|fitted| fitted.sample_size),
        left_out,
        ..TrainingReport::new(&set, &settings, &outcome, options.input.folder())
    };
    report_text::data_table(&report.data.classes).for_each(|line| ui.print(line));
    report_text::figures(&report).iter().for_each(|line| ui.print(line));
    if !is_one_class && options.folds.is_some_and(|folds| folds > set.dataset.groups.len()) {
        tracing::info!("there are {} groups, so there are no more folds", set.dataset.groups.len());
    }
    let score = match &anomaly {
        Some(fitted) => Some(AnomalyScore { tables: fitted.tables()?, rows: normal }),
        None => None,
    };
    let base = base.as_ref().map(OwnedModel::bytes);
    let artifacts = Artifacts::new(&set, &outcome, &report, base, score.as_ref())?;
    let run = artifacts.save(&options.out)?;
    ui.print("");
    set.dataset.print_skipped(ui);
    for name in [artifacts::MODEL, artifacts::HEAD, artifacts::HISTORY, artifacts::REPORT] {
        let size = artifacts.bytes(name).len() as f64 / 1024.0;
        ui.print(format!("{} ({size:.0} KiB)", options.out.join(name).display()));
    }
    ui.print(format!("Copies in {}. Took {:.1} s.", run.display(), started.elapsed().as_secs_f64()));
    if let Some(size) = &report.anomaly {
        advice::on_groups(size.groups, set.dataset.within_recording).iter().for_each(|line| ui.print(line));
        if options.normal.is_empty() {
            report_text::faults_as_normal(&set.dataset.classes).iter().for_each(|line| ui.print(line));
        }
    }
    let held_out = outcome.held_out.map(|predictions| predictions.rows).unwrap_or_default();
    Ok(Trained { report, set, held_out })
}
