//! `host-tools evaluate`: how right a model is on labelled recordings.

use std::path::{Path, PathBuf};

use anyhow::Context;
use monitor_core::model_card::ModelCard;
use monitor_model::owned::OwnedModel;
use rayon::prelude::*;
use serde::Serialize;

use crate::changes::{self, Followed, follow};
use crate::dataset::Dataset;
use crate::evaluate::{Evaluation, Heard, hear_all};
use crate::features::{columns, hop};
use crate::json::JsonOut;
use crate::measured::Measured;
use crate::metrics::{Confusion, confusion_table};
use crate::plots;
use crate::plots::timeline::Track;
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
    #[command(flatten)]
    #[allow(missing_docs)]
    pub on: Subject,
    /// Folder for confusion_matrix.png and reliability.png
    #[arg(long, value_name = "DIR", default_value = "artifacts")]
    pub out: PathBuf,
    /// Also draw every recording over time into OUT/timelines: log-mel, true and reported state, anomaly score
    #[arg(long)]
    pub timelines: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonOut,
}

/// A model and what it is tried on: shared with `report`.
#[derive(Debug, Clone, clap::Args)]
pub struct Subject {
    /// Folder with one folder of WAV files per class, or with a manifest.csv: recordings that the model never heard
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The model
    #[arg(long, value_name = "FILE", default_value = "artifacts/sound_classifier.tflite")]
    pub model: PathBuf,
    /// From one window to the next, in seconds (0.01 to 10) [default: as in training]
    #[arg(long, value_name = "S", value_parser = hop)]
    pub hop: Option<f64>,
}

impl Subject {
    /// The hop that was asked for, or that the model was trained with, in columns.
    pub(crate) fn hop_columns(&self, model: &OwnedModel) -> anyhow::Result<u32> {
        self.hop.map_or_else(|| hop_of(model), |seconds| Ok(columns(seconds)))
    }
}

/// The hop that the model was trained with.
pub(crate) fn hop_of(model: &OwnedModel) -> anyhow::Result<u32> {
    let card = ModelCard::from_model(&model.model()?).context("the model's card cannot be read")?;
    Ok(card.map_or(monitor_core::window::DEFAULT_HOP, |card| u32::from(card.training.hop_columns)))
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
    let model = OwnedModel::load(&args.on.model)?;
    let dataset = Dataset::load(&args.on.data, &ui)?;
    let hop_columns = args.on.hop_columns(&model)?;
    let heard = hear_all(&model, dataset, hop_columns, &ui)
        .with_context(|| format!("cannot evaluate {}", args.on.model.display()))?;
    let evaluation = heard.evaluation(ModelCard::from_model(&model.model()?)?.is_some());
    heard.dataset.say_remarks(&ui);
    say(&evaluation, &ui);
    let (timelines, tracks): (Vec<Followed>, Vec<Track>) =
        followed(&model, &heard.dataset, hop_columns, evaluation.training_known)?.into_iter().unzip();
    if !timelines.is_empty() {
        ui.say("\nRecordings with a known timeline, by the decision that the model asks for:");
        timelines.iter().flat_map(Followed::lines).for_each(|line| ui.say(line));
    }
    let mut pictures = vec![args.out.join(PICTURE), args.out.join(RELIABILITY)];
    draw(evaluation.honest(), &args.on.model, &pictures[0])?;
    reliability(evaluation.honest(), &args.on.model)?.save(&pictures[1])?;
    for (path, track) in heard.dataset.timelines.iter().zip(&tracks) {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        pictures.push(args.out.join(format!("timeline_{stem}.png")));
        over_time(path, &heard.classes, track)?.save(&pictures[pictures.len() - 1])?;
    }
    if args.timelines {
        let folder = args.out.join("timelines");
        draw_all(&model, &heard, hop_columns, &folder, &ui)?;
        pictures.push(folder);
    }
    ui.say("");
    heard.dataset.say_skipped(&ui);
    pictures.iter().for_each(|path| ui.say(path.display().to_string()));
    let skipped = heard.dataset.skipped.iter().map(|skipped| format!("{}: {}", skipped.path.display(), skipped.reason));
    let hop_s = f64::from(hop_columns) / 100.0;
    let (evaluation, timelines, skipped) = (&evaluation, &timelines[..], skipped.collect());
    args.json.write(&Figures { model: &args.on.model, hop_s, evaluation, timelines, skipped })
}

/// How the model follows the data's recordings with a known timeline: none without a card (`has_card`), as there is no
/// decision then that could follow anything.
pub(crate) fn followed(
    model: &OwnedModel,
    dataset: &Dataset,
    hop_columns: u32,
    has_card: bool,
) -> anyhow::Result<Vec<(Followed, Track)>> {
    dataset.timelines.iter().filter(|_| has_card).map(|path| follow(model, path, hop_columns)).collect()
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

/// Draws a recording over time.
pub(crate) fn over_time(path: &Path, classes: &[String], track: &Track) -> anyhow::Result<plots::Picture> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let subtitle =
        "what the device would have reported, by the decision that the model asks for; score 1 is the threshold";
    plots::timeline::draw(&format!("{name}, {:.0} s", track.seconds), subtitle, classes, track)
}

/// Draws every recording of the data over time, each into the folder of its class.
fn draw_all(model: &OwnedModel, heard: &Heard, hop_columns: u32, folder: &Path, ui: &Ui) -> anyhow::Result<()> {
    let bar = ui.progress("drawing", heard.dataset.recordings.len() as u64);
    let drawn = heard.dataset.recordings.par_iter().enumerate().map(|(number, recording)| {
        let class = heard.class_of(recording.label);
        let track = changes::track(model, recording, class, hop_columns)?;
        let stem = recording.path.file_stem().unwrap_or_default().to_string_lossy();
        // Files of one name may lie in two folders of a class.
        let path = folder.join(&heard.classes[class]).join(format!("{number:04}_{stem}.png"));
        bar.inc(1);
        over_time(&recording.path, &heard.classes, &track)?.save(&path)
    });
    drawn.collect::<anyhow::Result<()>>()?;
    bar.finish_and_clear();
    Ok(())
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
