//! `host-tools report`: all about a model on one page that opens anywhere.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use monitor_core::model_card::ModelCard;
use monitor_model::owned::OwnedModel;
use sha2::{Digest, Sha256};

use super::evaluate::{Subject, confusion, followed, over_time, reliability};
use crate::dataset::Dataset;
use crate::download::hex;
use crate::evaluate::hear_all;
use crate::json::JsonOut;
use crate::report::{Page, Picture};
use crate::ui::Ui;

/// Options of `host-tools report`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub on: Subject,
    /// The page to write
    #[arg(long, value_name = "FILE.html", default_value = "artifacts/report.html")]
    pub out: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// When the model or the data cannot be read, the data has a class that the model does not know, or the page cannot be
/// written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let ui = Ui::new(&JsonOut::default());
    let out = &args.out;
    ensure!(!out.is_dir(), "--out {}: this is a folder; name a file, such as report.html", out.display());
    let model = OwnedModel::load(&args.on.model)?;
    let dataset = Dataset::load(&args.on.data, &ui)?;
    let hop_columns = args.on.hop_columns(&model)?;
    let heard = hear_all(&model, dataset, hop_columns, &ui)
        .with_context(|| format!("cannot report on {}", args.on.model.display()))?;
    let parsed = model.model()?;
    let card = ModelCard::from_model(&parsed)?;
    let evaluation = heard.evaluation(card.is_some());
    let (timelines, tracks): (Vec<_>, Vec<_>) =
        followed(&model, &heard.dataset, hop_columns, card.is_some())?.into_iter().unzip();
    let measured = evaluation.honest();
    let mut pictures = vec![
        Picture {
            caption: "Confusion matrix by window: true classes down, predicted classes across".into(),
            png: confusion(measured, &args.on.model)?.png()?,
        },
        Picture {
            caption: "Reliability: how often the model is right at each confidence".into(),
            png: reliability(measured, &args.on.model)?.png()?,
        },
    ];
    for (path, track) in heard.dataset.timelines.iter().zip(&tracks) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let caption = format!("{name} over time: log-mel, true and reported state, anomaly score");
        pictures.push(Picture { caption, png: over_time(path, &heard.classes, track)?.png()? });
    }
    let page = Page {
        model: args.on.model.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        bytes: model.bytes().len(),
        sha256: hex(&Sha256::digest(model.bytes())),
        labels: &heard.classes,
        card: card.as_ref(),
        dataset: &heard.dataset,
        evaluation: &evaluation,
        timelines: &timelines,
        pictures,
    };
    let html = page.html();
    monitor_model::atomic_file::write(out, html.as_bytes())
        .with_context(|| format!("cannot write {}", out.display()))?;
    heard.dataset.say_skipped(&ui);
    ui.say(format!("{} ({:.0} KiB)", out.display(), html.len() as f64 / 1024.0));
    Ok(())
}
