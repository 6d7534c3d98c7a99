//! `host-tools train`: trains a classifier on recordings and measures it.

use crate::console::{JsonOut, Ui};
use crate::train::run::{TrainingOptions, run as train};

/// Options of `host-tools train`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub options: TrainingOptions,
    #[command(flatten)]
    pub json: JsonOut,
}

/// Runs the command.
///
/// # Errors
/// When the data cannot be trained on, a requested base model is missing, or a file cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let ui = Ui::new(&args.json);
    let trained = train(&args.options, &ui)?;
    args.json.write(&trained.report)
}
