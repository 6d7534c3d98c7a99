//! `host-tools evaluate`: how right a model is on labelled recordings.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;
use shared::model_card::ModelCard;
use shared::owned::OwnedModel;

use crate::changes::{Followed, follow};
use crate::dataset::Dataset;
use crate::evaluate::{Evaluation, hear_all};
use crate::features::{columns, hop};
use crate::json::JsonOut;
use crate::measured::Measured;
use crate::metrics::{Confusion, confusion_table};
use crate::plots;
use crate::ui::Ui;

/// The picture.
pub const PICTURE: &str = "confusion_matrix.png";
/// Confidence against accuracy.
pub const RELIABILITY: &str = "reliability.png";
/// More classes than this make no readable matrix: only those that occur are shown then.
const READABLE: usize = 40;

/// Options of `host-tools evaluate`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Folder with one folder of WAV files per class, or with a manifest.csv
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The model
    #[arg(long, value_name = "FILE", default_value = "artifacts/sound_classifier.tflite")]
    pub model: PathBuf,
    /// Folder for confusion_matrix.png and reliability.png
    #[arg(long, value_name = "DIR", default_value = "artifacts")]
    pub out: PathBuf,
    /// From one window to the next, in seconds (0.01 to 10) [default: as in training]
    #[arg(long, value_name = "S", value_parser = hop)]
    pub hop: Option<f64>,
    #[command(flatten)]
    #[allow(missing_docs)]
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
/// When the model or the data cannot be read, the data has a class that the model does not know, or the picture cannot be
/// written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let ui = Ui::new(&args.json);
    let model = OwnedModel::load(&args.model)?;
    let dataset = Dataset::load(&args.data, &ui)?;
    let hop_columns = match args.hop {
        Some(seconds) => columns(seconds),
        None => hop_of(&model)?,
    };
    let heard = hear_all(&model, dataset, hop_columns, &ui)
        .with_context(|| format!("cannot evaluate {}", args.model.display()))?;
    let evaluation = heard.evaluation(ModelCard::of(&model.model()?)?.is_some());
    heard.dataset.say_remarks(&ui);
    say(&evaluation, &ui);
    let timelines = followed(&model, &heard.dataset, hop_columns, evaluation.training_known)?;
    if !timelines.is_empty() {
        ui.say("\nRecordings with a known timeline, by the decision that the model asks for:");
        timelines.iter().flat_map(Followed::lines).for_each(|line| ui.say(line));
    }
    let pictures = [args.out.join(PICTURE), args.out.join(RELIABILITY)];
    draw(evaluation.honest(), &args.model, &pictures[0])?;
    reliability(evaluation.honest(), &args.model)?.save(&pictures[1])?;
    ui.say("");
    heard.dataset.say_skipped(&ui);
    pictures.iter().for_each(|path| ui.say(path.display().to_string()));
    let skipped = heard.dataset.skipped.iter().map(|skipped| format!("{}: {}", skipped.path.display(), skipped.reason));
    let hop_s = f64::from(hop_columns) / 100.0;
    let (evaluation, timelines, skipped) = (&evaluation, &timelines[..], skipped.collect());
    args.json.write(&Figures { model: &args.model, hop_s, evaluation, timelines, skipped })
}

/// How the model follows the data's recordings with a known timeline: none without a card (`has_card`), as there is no
/// decision then that could follow anything.
pub(crate) fn followed(
    model: &OwnedModel,
    dataset: &Dataset,
    hop_columns: u32,
    has_card: bool,
) -> anyhow::Result<Vec<Followed>> {
    dataset.timelines.iter().filter(|_| has_card).map(|path| follow(model, path, hop_columns)).collect()
}

/// The hop that the model was trained with.
pub(crate) fn hop_of(model: &OwnedModel) -> anyhow::Result<u32> {
    let card = ModelCard::of(&model.model()?).context("the model's card cannot be read")?;
    Ok(card.map_or(shared::window::DEFAULT_HOP, |card| u32::from(card.training.hop_columns)))
}

/// Prints the figures and what to know about them.
pub(crate) fn say(evaluation: &Evaluation, ui: &Ui) {
    let Evaluation { training_known, files_trained_on, all, never_trained_on } = evaluation;
    let files = all.standing.files;
    match (training_known, never_trained_on) {
        (false, _) => ui.say("note: the model does not say what it was trained on."),
        (true, None) if *files_trained_on == 0 => {
            ui.say(format!("The model was trained on none of these {files} files."));
        }
        (true, None) => ui.say(format!(
            "WARNING: the model was trained on all {files} files: these figures say how well it remembers, not how well it \
             hears. Evaluate on recordings that it never heard."
        )),
        (true, Some(_)) => ui.say(format!(
            "WARNING: the model was trained on {files_trained_on} of {files} files; quote the figures of the others, below."
        )),
    }
    let print = |measured: &Measured, heading: &str| {
        ui.say("");
        ui.say(heading);
        measured.lines().iter().for_each(|line| ui.say(line));
        ui.say(format!("  calibration:  ECE {:.3}", measured.reliability.ece));
        ui.say("");
        let shown = readable(&measured.by_window.confusion);
        confusion_table(&shown).iter().for_each(|line| ui.say(format!("  {line}")));
    };
    print(all, "All recordings:");
    if let Some(never) = never_trained_on {
        print(never, "Recordings that the model was never trained on:");
    }
}

/// Draws the confusion matrix by window into a file.
pub(crate) fn draw(measured: &Measured, model: &Path, path: &Path) -> anyhow::Result<()> {
    confusion(measured, model)?.save(path)
}

/// Draws the confusion matrix by window.
pub(crate) fn confusion(measured: &Measured, model: &Path) -> anyhow::Result<plots::Picture> {
    let name = model.file_name().unwrap_or_default().to_string_lossy();
    let (window, recording) = (&measured.by_window, &measured.by_recording);
    let title = format!("{name}: macro-F1 {:.3}, accuracy {:.3}", window.macro_average.f1, window.accuracy);
    let confusion = &recording.confusion;
    let subtitle =
        format!("{}; by recording {} of {} right", measured.standing, confusion.correct(), confusion.total());
    let shown = readable(&window.confusion);
    plots::confusion::draw(&title, &subtitle, &shown.classes, &shown.counts)
}

/// Draws the reliability diagram by window.
pub(crate) fn reliability(measured: &Measured, model: &Path) -> anyhow::Result<plots::Picture> {
    let name = model.file_name().unwrap_or_default().to_string_lossy();
    let title = format!("{name}: calibration error {:.3}", measured.reliability.ece);
    plots::reliability::draw(&title, &measured.standing.to_string(), &measured.reliability.bins)
}

/// The matrix, or that of the classes that occur where there are too many to read.
fn readable(confusion: &Confusion) -> Confusion {
    if confusion.classes.len() <= READABLE {
        return confusion.clone();
    }
    let occurring: Vec<usize> = (0..confusion.classes.len())
        .filter(|class| confusion.support(*class) + confusion.predicted(*class) > 0)
        .take(READABLE)
        .collect();
    Confusion {
        classes: occurring.iter().map(|class| confusion.classes[*class].clone()).collect(),
        counts: occurring
            .iter()
            .map(|row| occurring.iter().map(|column| confusion.counts[*row][*column]).collect())
            .collect(),
    }
}
