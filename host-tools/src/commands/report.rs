//! `host-tools report`: writes an HTML report about a model.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use monitor_model::contents::ModelContents;
use monitor_model::owned::OwnedModel;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::anomaly::normal::normal_names;
use crate::console::{JsonOut, Ui, check_files, is_stdout, shown, write_output};
use crate::data::dataset::{Dataset, Use};
use crate::data::hash::hex;
use crate::evaluate::changes;
use crate::evaluate::model::named_contents;
use crate::evaluate::one_class;
use crate::evaluate::options::EvaluationOptions;
use crate::evaluate::pictures;
use crate::evaluate::predictions::predict_all;
use crate::report::{Accuracy, ClassScores, Page, Picture, anomaly_pictures};

/// Options of `host-tools report`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  host-tools report --data other_recordings
  host-tools report --data other_recordings --model artifacts/sound_classifier.tflite --out report.html")]
pub(crate) struct Args {
    #[command(flatten)]
    pub on: EvaluationOptions,
    /// Classes of the data that are normal sound: shows how well the anomaly score separates all others from them; a name with a
    /// comma takes a --normal of its own [default: none; that of a model of one class]
    #[arg(long, value_name = "LABEL,...")]
    pub normal: Vec<String>,
    /// HTML file to write; `-` for standard output
    #[arg(long, value_name = "FILE.html", default_value = "artifacts/report.html")]
    pub out: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// When the model or the data cannot be read, the data has a class that the model lacks, or the page cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let (out, file) = (&args.out, &args.on.model);
    let ui = Ui::beside(&JsonOut::default(), is_stdout(out));
    ensure!(!out.is_dir(), "--out {}: this is a folder; name a file, such as report.html", out.display());
    check_files(&[("--out", Some(out))])?;
    let model = OwnedModel::load(file)?;
    let mut dataset = Dataset::load_for(Use::Evaluate, &args.on.data, &ui)?;
    dataset.print_found(&ui);
    let context = || format!("cannot report on {}", file.display());
    let contents = named_contents(&model).with_context(context)?;
    let hop_columns = args.on.hop_columns(contents);
    // Rejects a wrong name before the long work.
    let args = &Args { normal: normal_names(&dataset.classes, &args.normal)?, ..args.clone() };
    ensure!(
        args.normal.is_empty() || contents.classifier.anomaly().is_some(),
        "--normal: {} has no anomaly score; leave the option away",
        file.display()
    );
    let (dataset, accuracy, mut pictures) =
        accuracy(contents, dataset, hop_columns, args, &ui).with_context(context)?;
    let (timelines, tracks): (Vec<_>, Vec<_>) =
        pictures::followed(contents, &dataset, hop_columns, &ui)?.into_iter().unzip();
    for (path, track) in dataset.timelines.iter().zip(&tracks) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let caption = format!("{name} over time: spectrogram, true and reported state, anomaly score");
        pictures.push(Picture { caption, png: pictures::over_time(path, &contents.labels, track)?.png()? });
    }
    let page = Page {
        model: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        bytes: model.bytes().len(),
        sha256: hex(&Sha256::digest(model.bytes())),
        labels: &contents.labels,
        card: contents.card.as_ref(),
        gain: contents.classifier.gain(),
        dataset: &dataset,
        accuracy: &accuracy,
        timelines: &timelines,
        pictures,
    };
    let html = page.html();
    write_output(out, html.as_bytes(), "the page")?;
    dataset.print_skipped(&ui);
    ui.print(format!("{} ({:.0} KiB)", shown(out), html.len() as f64 / 1024.0));
    Ok(())
}

/// Runs the model over the data set: the recordings that could be read, the figures and their pictures.
fn accuracy(
    contents: &ModelContents<'_>,
    mut dataset: Dataset,
    hop_columns: u32,
    args: &Args,
    ui: &Ui,
) -> anyhow::Result<(Dataset, Accuracy, Vec<Picture>)> {
    if contents.labels.len() == 1 {
        let evaluation = one_class::evaluate(contents, &mut dataset, &args.normal, hop_columns, ui)?;
        let pictures = anomaly_pictures(&evaluation.reservation(), &evaluation.scores)?;
        return Ok((dataset, Accuracy::OneClass(evaluation), pictures));
    }
    let predictions = predict_all(contents, dataset, hop_columns, ui)?;
    let evaluation = predictions.evaluation();
    let measured = evaluation.quotable();
    let mut pictures = vec![
        Picture {
            caption: "Confusion matrix by window: true classes down, predicted classes across".into(),
            png: pictures::confusion(measured, &args.on.model)?.png()?,
        },
        Picture {
            caption: format!("Reliability. {}", measured.reliability.in_words()),
            png: pictures::reliability(measured, &args.on.model)?.png()?,
        },
    ];
    if !args.normal.is_empty() {
        let scores = class_scores(contents, &predictions.dataset, &args.normal, hop_columns, ui)?;
        pictures.extend(anomaly_pictures(&format!("normal: {}", args.normal.join(", ")), &scores)?);
    }
    Ok((predictions.dataset, Accuracy::Classes(Box::new(evaluation)), pictures))
}

/// The anomaly score of every window by class, of which those in `normal` are normal; each file as a device would process it.
fn class_scores(
    contents: &ModelContents<'_>,
    dataset: &Dataset,
    normal: &[String],
    hop_columns: u32,
    ui: &Ui,
) -> anyhow::Result<Vec<ClassScores>> {
    let bar = ui.progress("scoring", dataset.recordings.len() as u64);
    let scored = dataset.recordings.par_iter().map(|recording| {
        let track = changes::track(contents, recording, None, hop_columns)?;
        bar.inc(1);
        Ok((recording.label, track.scores))
    });
    let scored: Vec<(usize, Vec<(f64, f64)>)> = scored.collect::<anyhow::Result<_>>()?;
    bar.finish_and_clear();
    let of = |(class, name): (usize, &String)| {
        let windows = scored.iter().filter(|(label, _)| *label == class).flat_map(|(_, scores)| scores);
        (name.clone(), normal.contains(name), windows.map(|(_, score)| *score).collect())
    };
    Ok(dataset.classes.iter().enumerate().map(of).collect())
}
