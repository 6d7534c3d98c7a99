//! `host-tools evaluate`: measures a model on labelled recordings.

use std::path::{Path, PathBuf};

use anyhow::Context;
use monitor_model::owned::OwnedModel;
use serde::Serialize;

use crate::console::{JsonOut, Ui};
use crate::data::dataset::Dataset;
use crate::evaluate::changes::Followed;
use crate::evaluate::model::named_contents;
use crate::evaluate::options::EvaluationOptions;
use crate::evaluate::pictures;
use crate::evaluate::predictions::{Evaluation, predict_all};
use crate::plots::timeline::Track;

/// Options of `host-tools evaluate`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub on: EvaluationOptions,
    /// Folder for confusion_matrix.png and reliability.png
    #[arg(long, value_name = "DIR", default_value = "artifacts")]
    pub out: PathBuf,
    /// Also draw every recording over time into OUT/timelines: log-mel, true and reported state, anomaly score
    #[arg(long)]
    pub timelines: bool,
    #[command(flatten)]
    pub json: JsonOut,
}

#[derive(Debug, Serialize)]
struct Figures<'a> {
    model: &'a Path,
    hop_s: f64,
    #[serde(flatten)]
    evaluation: &'a Evaluation,
    /// Recordings with a known timeline, and how the model followed them.
    timelines: &'a [Followed],
    skipped: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// When the model or the data cannot be read, the data has a class that the model lacks, or a picture cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let ui = Ui::new(&args.json);
    let file = &args.on.model;
    let model = OwnedModel::load(file)?;
    let dataset = Dataset::load(&args.on.data, &ui)?;
    let context = || format!("cannot evaluate {}", file.display());
    let contents = named_contents(&model).with_context(context)?;
    let hop_columns = args.on.hop_columns(&contents);
    let predictions = predict_all(&contents, dataset, hop_columns, &ui).with_context(context)?;
    let evaluation = predictions.evaluation();
    predictions.dataset.note_remarks();
    evaluation.lines().iter().for_each(|line| ui.print(line));
    let (timelines, tracks): (Vec<Followed>, Vec<Track>) =
        pictures::followed(&contents, &predictions, hop_columns)?.into_iter().unzip();
    if !timelines.is_empty() {
        ui.print("\nRecordings with a known timeline, with the decision settings of the model:");
        timelines.iter().flat_map(Followed::lines).for_each(|line| ui.print(line));
    }
    let mut files = vec![args.out.join(pictures::CONFUSION), args.out.join(pictures::RELIABILITY)];
    pictures::confusion(evaluation.quotable(), file)?.save(&files[0])?;
    pictures::reliability(evaluation.quotable(), file)?.save(&files[1])?;
    for (path, track) in predictions.dataset.timelines.iter().zip(&tracks) {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        files.push(args.out.join(format!("timeline_{stem}.png")));
        pictures::over_time(path, &predictions.classes, track)?.save(&files[files.len() - 1])?;
    }
    if args.timelines {
        let folder = args.out.join("timelines");
        pictures::draw_all(&contents, &predictions, hop_columns, &folder, &ui)?;
        files.push(folder);
    }
    ui.print("");
    predictions.dataset.print_skipped(&ui);
    files.iter().for_each(|path| ui.print(path.display().to_string()));
    let skipped =
        predictions.dataset.skipped.iter().map(|skipped| format!("{}: {}", skipped.path.display(), skipped.reason));
    let hop_s = f64::from(hop_columns) / 100.0;
    let (evaluation, timelines, skipped) = (&evaluation, &timelines[..], skipped.collect());
    args.json.write(&Figures { model: file, hop_s, evaluation, timelines, skipped })
}
