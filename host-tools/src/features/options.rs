//! `--features` and `--base`: which features to compute, and with which base model.

use std::path::PathBuf;

use anyhow::Context;
use monitor_core::features::FeatureKind;
use monitor_model::owned::OwnedModel;
use monitor_nn::Isa;

use crate::base;

/// The options `--features` and `--base`, flattened into the arguments of every command that computes features.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct FeatureOptions {
    /// Features to compute: texture, tap, logmel, yamnet or hybrid [default: texture with the base model, logmel without]
    #[arg(long, value_name = "KIND")]
    pub features: Option<FeatureKind>,
    /// YAMNet base model [default: $YAMNET_TFLITE, artifacts/base/yamnet.tflite, or acoustic-monitor/yamnet.tflite in the user's
    /// cache or data folder]
    #[arg(long, value_name = "FILE")]
    pub base: Option<PathBuf>,
}

impl FeatureOptions {
    /// The features to compute, and the base model if they need it. Without `--features`: texture if the base model is
    /// found, else logmel with a note.
    ///
    /// # Errors
    /// When the requested features need a base model that is missing, or it cannot be used.
    pub(crate) fn find(&self) -> anyhow::Result<(FeatureKind, Option<OwnedModel>)> {
        let asked = self.features;
        if let Some(kind) = asked.filter(|kind| !kind.needs_body()) {
            return Ok((kind, None));
        }
        match (base::find(self.base.as_deref())?, asked) {
            (Some((path, bytes)), _) => {
                let model = OwnedModel::from_bytes(bytes, Isa::best())
                    .with_context(|| format!("the base model {} cannot be used", path.display()))?;
                Ok((asked.unwrap_or(FeatureKind::Texture), Some(model)))
            }
            (None, None) => {
                tracing::info!("no base model found: computing logmel features (`host-tools fetch` downloads it)");
                Ok((FeatureKind::LogMel, None))
            }
            (None, Some(kind)) => anyhow::bail!(
                "{kind} features need the base model, which was not found; run `host-tools fetch`, name it with --base, \
                 or use --features logmel"
            ),
        }
    }
}
