//! `host-tools train`: trains a classifier on recordings and measures it.

use serde::Serialize;

use crate::console::{JsonOut, Ui, check_files};
use crate::data::dataset::FoundSound;
use crate::train::run::{TrainingOptions, run as train};
use crate::train::training_report::TrainingReport;

/// Options of `host-tools train`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  host-tools train --data recordings
  host-tools train --data recordings --out artifacts --folds 7 --json training.json
  host-tools train --data recordings --normal on_state,off_state --augment
  host-tools train --data features.parquet --head mlp")]
pub(crate) struct Args {
    #[command(flatten)]
    pub options: TrainingOptions,
    #[command(flatten)]
    pub json: JsonOut,
}

#[derive(Debug, Serialize)]
struct Figures<'a> {
    #[serde(flatten)]
    report: &'a TrainingReport,
    /// What the files sound like, and what of it harms a model; empty for tables.
    sound: &'a FoundSound,
}

/// Runs the command.
///
/// # Errors
/// When the data cannot be trained on, a requested base model is missing, or a file cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    check_files(&[args.json.output()])?;
    let ui = Ui::new(&args.json);
    let trained = train(&args.options, &ui)?;
    args.json.write_document(&Figures { report: &trained.report, sound: &trained.set.dataset.sound })
}
