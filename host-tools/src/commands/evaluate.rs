//! `host-tools evaluate`: measures a model on labelled recordings.

use std::path::{Path, PathBuf};

use anyhow::Context;
use monitor_model::contents::ModelContents;
use monitor_model::owned::OwnedModel;
use serde::Serialize;

use crate::anomaly::normal::normal_names;
use crate::console::{JsonOut, Ui, check_files, check_folder, json};
use crate::data::dataset::{Dataset, FoundSound, Use};
use crate::evaluate::changes::Followed;
use crate::evaluate::model::named_contents;
use crate::evaluate::one_class::{self, OneClass};
use crate::evaluate::options::EvaluationOptions;
use crate::evaluate::pictures;
use crate::evaluate::predictions::predict_all;
use crate::evaluate::promise;
use crate::evaluate::sessions::Judged;
use crate::plots::timeline::Track;

/// Options of `host-tools evaluate`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  host-tools evaluate --data other_recordings
  host-tools evaluate --data other_recordings --model artifacts/sound_classifier.tflite --timelines
  host-tools evaluate --data other_recordings --json evaluation.json")]
pub(crate) struct Args {
    #[command(flatten)]
    pub on: EvaluationOptions,
    /// Folder for confusion_matrix.png and reliability.png, or anomaly_scores.png of a model of one class
    #[arg(long, value_name = "DIR", default_value = "artifacts")]
    pub out: PathBuf,
    /// Classes of the data that are normal sound and should raise no alarm; a name with a comma takes a --normal of its own
    /// [default: all classes of the model]
    #[arg(long, value_name = "LABEL,...")]
    pub normal: Vec<String>,
    /// Also draw every recording over time into OUT/timelines: log-mel, true and reported state, anomaly score
    #[arg(long)]
    pub timelines: bool,
    #[command(flatten)]
    pub json: JsonOut,
}

#[derive(Debug, Serialize)]
struct Figures<'a, E: Serialize> {
    #[serde(serialize_with = "json::path")]
    model: &'a Path,
    hop_s: f64,
    #[serde(flatten)]
    evaluation: &'a E,
    #[serde(flatten)]
    other: &'a Other,
    skipped: Vec<String>,
    /// What the files sound like, and what of it harms a model.
    sound: &'a FoundSound,
}

/// Figures of every kind of model.
#[derive(Debug, Serialize)]
struct Other {
    /// Recordings with a known timeline, and how the model followed them.
    timelines: Vec<Followed>,
    /// What the levels of the anomaly score promise, beside false alarms here; `None` if they promise nothing.
    promise: Option<promise::Measured>,
}

/// The figures of a model of one class.
#[derive(Debug, Serialize)]
struct ByClass<'a> {
    one_class: &'a OneClass,
}

/// Runs the command.
///
/// # Errors
/// When the model or the data cannot be read, the data has a class that the model lacks, or a picture cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    check_files(&[args.json.output()])?;
    check_folder("--out", &args.out)?;
    let ui = Ui::new(&args.json);
    let file = &args.on.model;
    let model = OwnedModel::load(file)?;
    let mut dataset = Dataset::load_for(Use::Evaluate, &args.on.data, &ui)?;
    // A wrong name is refused before the long work.
    let args = &Args { normal: normal_names(&dataset.classes, &args.normal)?, ..args.clone() };
    dataset.print_found(&ui);
    let context = || format!("cannot evaluate {}", file.display());
    let contents = named_contents(&model).with_context(context)?;
    let hop_columns = args.on.hop_columns(contents);
    if contents.labels.len() == 1 {
        return one_class(args, contents, dataset, hop_columns, &ui).with_context(context);
    }
    let predictions = predict_all(contents, dataset, hop_columns, &ui).with_context(context)?;
    let evaluation = predictions.evaluation();
    evaluation.lines().iter().for_each(|line| ui.print(line));
    let promise = promise(args, contents, &predictions.dataset, &predictions.judged, hop_columns, &ui);
    let (timelines, tracks) = followed(contents, &predictions.dataset, hop_columns, &ui)?;
    let mut files = vec![args.out.join(pictures::CONFUSION), args.out.join(pictures::RELIABILITY)];
    pictures::confusion(evaluation.quotable(), file)?.save(&files[0])?;
    pictures::reliability(evaluation.quotable(), file)?.save(&files[1])?;
    draw_tracks(args, contents, &predictions.dataset, &tracks, hop_columns, &mut files, &ui)?;
    finish(args, &predictions.dataset, &files, hop_columns, &evaluation, &Other { timelines, promise }, &ui)
}

/// Evaluates a model of one class.
fn one_class(
    args: &Args,
    contents: &ModelContents<'_>,
    mut dataset: Dataset,
    hop_columns: u32,
    ui: &Ui,
) -> anyhow::Result<()> {
    let evaluation = one_class::evaluate(contents, &mut dataset, &args.normal, hop_columns, ui)?;
    evaluation.lines().iter().for_each(|line| ui.print(line));
    let promise = promise(args, contents, &dataset, &evaluation.judged, hop_columns, ui);
    let mut files = vec![args.out.join(one_class::SCORES)];
    evaluation.picture()?.save(&files[0])?;
    let (timelines, tracks) = followed(contents, &dataset, hop_columns, ui)?;
    draw_tracks(args, contents, &dataset, &tracks, hop_columns, &mut files, ui)?;
    finish(args, &dataset, &files, hop_columns, &ByClass { one_class: &evaluation }, &Other { timelines, promise }, ui)
}

/// Prints how many new groups of normal sound raised a warning or an alarm, beside the promise of the model's levels.
fn promise(
    args: &Args,
    contents: &ModelContents<'_>,
    dataset: &Dataset,
    judged: &[Judged],
    hop_columns: u32,
    ui: &Ui,
) -> Option<promise::Measured> {
    let measured = promise::measure(contents, dataset, judged, &args.normal, f64::from(hop_columns) / 100.0);
    measured.iter().flat_map(promise::Measured::lines).for_each(|line| ui.print(line));
    measured
}

/// Prints how the model follows recordings with a known timeline, and returns the data of their pictures.
fn followed(
    contents: &ModelContents<'_>,
    dataset: &Dataset,
    hop_columns: u32,
    ui: &Ui,
) -> anyhow::Result<(Vec<Followed>, Vec<Track>)> {
    let (timelines, tracks): (Vec<Followed>, Vec<Track>) =
        pictures::followed(contents, dataset, hop_columns, ui)?.into_iter().unzip();
    if !timelines.is_empty() {
        ui.print("\nRecordings with a known timeline, with the decision settings of the model:");
        timelines.iter().flat_map(Followed::lines).for_each(|line| ui.print(line));
    }
    Ok((timelines, tracks))
}

/// Draws the recordings with a timeline, with `--timelines` all recordings, and adds the pictures to `files`.
fn draw_tracks(
    args: &Args,
    contents: &ModelContents<'_>,
    dataset: &Dataset,
    tracks: &[Track],
    hop_columns: u32,
    files: &mut Vec<PathBuf>,
    ui: &Ui,
) -> anyhow::Result<()> {
    for (path, track) in dataset.timelines.iter().zip(tracks) {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let picture = args.out.join(format!("timeline_{stem}.png"));
        pictures::over_time(path, &contents.labels, track)?.save(&picture)?;
        files.push(picture);
    }
    if args.timelines {
        let folder = args.out.join("timelines");
        pictures::draw_all(contents, dataset, hop_columns, &folder, ui)?;
        files.push(folder);
    }
    Ok(())
}

/// Prints the files and writes the figures.
fn finish<E: Serialize>(
    args: &Args,
    dataset: &Dataset,
    files: &[PathBuf],
    hop_columns: u32,
    evaluation: &E,
    other: &Other,
    ui: &Ui,
) -> anyhow::Result<()> {
    ui.print("");
    dataset.print_skipped(ui);
    files.iter().for_each(|path| ui.print(path.display().to_string()));
    let skipped = dataset.skipped.iter().map(|skipped| format!("{}: {}", skipped.path.display(), skipped.reason));
    let (hop_s, skipped) = (f64::from(hop_columns) / 100.0, skipped.collect());
    args.json.write(
        "acoustic-monitor/evaluate/1",
        &Figures { model: &args.on.model, hop_s, evaluation, other, skipped, sound: &dataset.sound },
    )
}
