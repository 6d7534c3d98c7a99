//! `host-tools report`: writes an HTML report about a model.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use monitor_model::owned::OwnedModel;
use sha2::{Digest, Sha256};

use crate::console::{JsonOut, Ui, is_stdout, shown, write_output};
use crate::data::dataset::Dataset;
use crate::data::hash::hex;
use crate::evaluate::model::named_contents;
use crate::evaluate::options::EvaluationOptions;
use crate::evaluate::pictures;
use crate::evaluate::predictions::predict_all;
use crate::report::{Page, Picture};

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
    let dataset = Dataset::load(&args.on.data, &ui)?;
    let context = || format!("cannot report on {}", file.display());
    let contents = named_contents(&model).with_context(context)?;
    let hop_columns = args.on.hop_columns(&contents);
    let predictions = predict_all(&contents, dataset, hop_columns, &ui).with_context(context)?;
    let evaluation = predictions.evaluation();
    let (timelines, tracks): (Vec<_>, Vec<_>) =
        pictures::followed(&contents, &predictions, hop_columns)?.into_iter().unzip();
    let measured = evaluation.quotable();
    let mut pictures = vec![
        Picture {
            caption: "Confusion matrix by window: true classes down, predicted classes across".into(),
            png: pictures::confusion(measured, file)?.png()?,
        },
        Picture {
            caption: "Reliability: accuracy of the model at each confidence".into(),
            png: pictures::reliability(measured, file)?.png()?,
        },
    ];
    for (path, track) in predictions.dataset.timelines.iter().zip(&tracks) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let caption = format!("{name} over time: log-mel, true and reported state, anomaly score");
        pictures.push(Picture { caption, png: pictures::over_time(path, &predictions.classes, track)?.png()? });
    }
    let page = Page {
        model: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        bytes: model.bytes().len(),
        sha256: hex(&Sha256::digest(model.bytes())),
        labels: &predictions.classes,
        card: contents.card.as_ref(),
        dataset: &predictions.dataset,
        evaluation: &evaluation,
        timelines: &timelines,
        pictures,
    };
    let html = page.html();
    write_output(out, html.as_bytes(), "the page")?;
    predictions.dataset.print_skipped(&ui);
    ui.print(format!("{} ({:.0} KiB)", shown(out), html.len() as f64 / 1024.0));
    Ok(())
}
