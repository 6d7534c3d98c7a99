//! `host-tools report`: writes an HTML report about a model.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use monitor_model::contents::ModelContents;
use monitor_model::owned::OwnedModel;
use sha2::{Digest, Sha256};

use crate::console::{JsonOut, Ui, is_stdout, shown, write_output};
use crate::data::dataset::{Dataset, Use};
use crate::data::hash::hex;
use crate::evaluate::model::named_contents;
use crate::evaluate::one_class;
use crate::evaluate::options::EvaluationOptions;
use crate::evaluate::pictures;
use crate::evaluate::predictions::predict_all;
use crate::report::{Accuracy, Page, Picture};

/// Options of `host-tools report`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub on: EvaluationOptions,
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
    let model = OwnedModel::load(file)?;
    let mut dataset = Dataset::load_for(Use::Evaluate, &args.on.data, &ui)?;
    dataset.print_found(&ui);
    let context = || format!("cannot report on {}", file.display());
    let contents = named_contents(&model).with_context(context)?;
    let hop_columns = args.on.hop_columns(contents);
    let (dataset, accuracy, mut pictures) =
        accuracy(contents, dataset, hop_columns, file, &ui).with_context(context)?;
    let (timelines, tracks): (Vec<_>, Vec<_>) =
        pictures::followed(contents, &dataset, hop_columns)?.into_iter().unzip();
    for (path, track) in dataset.timelines.iter().zip(&tracks) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let caption = format!("{name} over time: log-mel, true and reported state, anomaly score");
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
    file: &Path,
    ui: &Ui,
) -> anyhow::Result<(Dataset, Accuracy, Vec<Picture>)> {
    if contents.labels.len() == 1 {
        let evaluation = one_class::evaluate(contents, &mut dataset, hop_columns, ui)?;
        let caption = "Anomaly score of every window, by class of the recordings; 1 is the alarm level".into();
        let picture = Picture { caption, png: evaluation.picture()?.png()? };
        return Ok((dataset, Accuracy::OneClass(evaluation), vec![picture]));
    }
    let predictions = predict_all(contents, dataset, hop_columns, ui)?;
    let evaluation = predictions.evaluation();
    let measured = evaluation.quotable();
    let pictures = vec![
        Picture {
            caption: "Confusion matrix by window: true classes down, predicted classes across".into(),
            png: pictures::confusion(measured, file)?.png()?,
        },
        Picture {
            caption: "Reliability: accuracy of the model at each confidence".into(),
            png: pictures::reliability(measured, file)?.png()?,
        },
    ];
    Ok((predictions.dataset, Accuracy::Classes(Box::new(evaluation)), pictures))
}
