//! `host-tools report`: all about a model on one page that opens anywhere.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};
use shared::model_card::ModelCard;
use shared::owned::OwnedModel;

use super::evaluate::{confusion, followed, hop_of, reliability};
use crate::dataset::Dataset;
use crate::download::hex;
use crate::evaluate::hear_all;
use crate::features::{columns, hop};
use crate::json::JsonOut;
use crate::report::{Page, Picture};
use crate::ui::Ui;

/// Options of `host-tools report`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Folder with one folder of WAV files per class, or with a manifest.csv: recordings that the model never heard
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The model
    #[arg(long, value_name = "FILE", default_value = "artifacts/sound_classifier.tflite")]
    pub model: PathBuf,
    /// The page to write
    #[arg(long, value_name = "FILE.html", default_value = "artifacts/report.html")]
    pub out: PathBuf,
    /// From one window to the next, in seconds (0.01 to 10) [default: as in training]
    #[arg(long, value_name = "S", value_parser = hop)]
    pub hop: Option<f64>,
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
    let model = OwnedModel::load(&args.model)?;
    let dataset = Dataset::load(&args.data, &ui)?;
    let hop_columns = match args.hop {
        Some(seconds) => columns(seconds),
        None => hop_of(&model)?,
    };
    let heard = hear_all(&model, dataset, hop_columns, &ui)
        .with_context(|| format!("cannot report on {}", args.model.display()))?;
    let parsed = model.model()?;
    let card = ModelCard::of(&parsed)?;
    let evaluation = heard.evaluation(card.is_some());
    let timelines = followed(&model, &heard.dataset, hop_columns, card.is_some())?;
    let measured = evaluation.honest();
    let pictures = vec![
        Picture {
            caption: "Confusion matrix by window: true classes down, predicted classes across".into(),
            png: confusion(measured, &args.model)?.png()?,
        },
        Picture {
            caption: "Reliability: how often the model is right at each confidence".into(),
            png: reliability(measured, &args.model)?.png()?,
        },
    ];
    let page = Page {
        model: args.model.file_name().unwrap_or_default().to_string_lossy().into_owned(),
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
    shared::atomic_file::write(out, html.as_bytes()).with_context(|| format!("cannot write {}", out.display()))?;
    heard.dataset.say_skipped(&ui);
    ui.say(format!("{} ({:.0} KiB)", out.display(), html.len() as f64 / 1024.0));
    Ok(())
}
