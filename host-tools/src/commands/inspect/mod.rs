//! `host-tools inspect`: shows the contents of a `.tflite` file.

mod describe;
mod print;
mod view;

use std::path::PathBuf;

use anyhow::Context;
use monitor_tflite::Model;

use crate::console::{JsonOut, Ui};
use view::View;

/// Options of `host-tools inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  host-tools inspect artifacts/sound_classifier.tflite
  host-tools inspect artifacts/sound_classifier.tflite --all --json -")]
pub(crate) struct Args {
    /// Model file
    file: PathBuf,
    /// List every tensor and every label
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    json: JsonOut,
}

/// Runs the command.
///
/// # Errors
/// When the file cannot be read or is not a valid TFLite file.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let path = &args.file;
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let model = Model::parse(&bytes).with_context(|| path.display().to_string())?;
    let view = View::from_model(&path.display().to_string(), &model);
    print::print(&Ui::new(&args.json), &view, args.all);
    args.json.write("acoustic-monitor/inspect/1", &view)
}
