//! A model and the recordings to evaluate it on: options that `evaluate` and `report` share.

use std::path::PathBuf;

use crate::features::{columns, hop};
use monitor_model::contents::ModelContents;

/// The options `--data`, `--model` and `--hop`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct EvaluationOptions {
    /// Folder with one folder of WAV files per class, or with a manifest.csv: recordings that were not trained on
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Model file
    #[arg(long, value_name = "FILE", default_value = "artifacts/sound_classifier.tflite")]
    pub model: PathBuf,
    /// Step between windows, in seconds (0.01 to 10) [default: as in training]
    #[arg(long, value_name = "S", value_parser = hop)]
    pub hop: Option<f64>,
}

impl EvaluationOptions {
    /// The step between windows in columns of 10 ms: as requested, else as in training.
    pub(crate) fn hop_columns(&self, model: &ModelContents<'_>) -> u32 {
        self.hop.map_or_else(|| model.hop_columns(), columns)
    }
}
