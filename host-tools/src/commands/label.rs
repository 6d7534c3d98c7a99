//! `host-tools label`: a page for labelling recordings.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use monitor_model::owned::OwnedModel;

use crate::console::{JsonOut, Ui, check_files, shown};
use crate::evaluate::model::named_contents;
use crate::evaluate::predict::wav_files;
use crate::label::manifest::Manifest;
use crate::label::material::{Material, Model};
use crate::label::session::Session;
use crate::label::{DEFAULT_CHANGE, routes};
use crate::web;

const EXAMPLES: &str = "Examples:
  host-tools label --data night --label on_state --label off_state
  host-tools label --data night --model artifacts/sound_classifier.tflite --open

Keys on the page: 1 to 9 give a label, Enter the proposed one, Space plays, C cuts at the line, S skips, U takes the last step back.";

/// Options of `host-tools label`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Folder of recordings
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Model that proposes labels; what it is unsure of comes first
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Manifest to write and to continue [default: DIR/manifest.csv, which `train --data DIR` reads]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Label to offer besides those of the model; repeat it for several
    #[arg(long, value_name = "NAME")]
    pub label: Vec<String>,
    /// Change of sound that divides a recording, in multiples of the variation within one sound (1 to 1000): a higher value
    /// leaves fewer, longer stretches
    #[arg(long, value_name = "FACTOR", default_value_t = DEFAULT_CHANGE)]
    pub change: f64,
    #[command(flatten)]
    pub page: web::Options,
}

/// Runs the command.
///
/// # Errors
/// When there is no recording, the model or the manifest cannot be used, or the port is taken.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    ensure!((1.0..=1000.0).contains(&args.change), "--change {}: give a factor from 1 to 1000", args.change);
    ensure!(args.data.is_dir(), "--data {}: there is no such folder", shown(&args.data));
    let server = web::Server::bind(&args.page)?;
    let files = wav_files(std::slice::from_ref(&args.data))?;
    let out = args.out.clone().unwrap_or_else(|| args.data.join("manifest.csv"));
    // Before minutes of reading, and before somebody gives labels in vain.
    check_files(&[("--out", Some(&out))])?;
    let manifest = Manifest::open(&out, &files)?;
    let model = args.model.as_ref().map(|path| OwnedModel::load(path).context("cannot use the model")).transpose()?;
    let contents = model.as_ref().map(named_contents).transpose();
    let contents = contents
        .with_context(|| format!("cannot use the model {}", args.model.as_deref().map(shown).unwrap_or_default()))?;
    let judge = contents.map(|contents| contents.judge(Model::hop()).context("cannot use the model")).transpose()?;
    let classes = contents.map(|contents| contents.labels.clone()).unwrap_or_default();
    let materials = read(&files, &args.data, contents.zip(judge.as_ref()).map(|(c, judge)| Model::new(c, judge)))?;
    let session = Session::new(materials, manifest, args.change, classes, &args.label);
    server.run(routes::router(session))
}

/// Reads all recordings; those that cannot be read are named and left out.
fn read(files: &[PathBuf], data: &Path, model: Option<Model<'_>>) -> anyhow::Result<Vec<Material>> {
    let bar = Ui::new(&JsonOut::default()).progress("reading", files.len() as u64);
    let mut materials = Vec::new();
    for path in files {
        let name = shown(path.strip_prefix(data).unwrap_or(path));
        match Material::read(path, name, model) {
            Ok(material) => materials.push(material),
            Err(why) => tracing::warn!("{}: {why:#}; left out", shown(path)),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    ensure!(!materials.is_empty(), "--data {}: no recording can be read", shown(data));
    Ok(materials)
}
