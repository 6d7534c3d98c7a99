//! The YAMNet base model: where it comes from, and whether a file is it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use monitor_core::features::FeatureKind;
use monitor_model::base_model;
use monitor_model::owned::OwnedModel;
use monitor_nn::Isa;
use sha2::{Digest, Sha256};

use crate::download::{Expected, hex};
use crate::ui::Ui;

/// Official addresses of the very same file, best first.
pub const ADDRESSES: [&str; 3] = [
    "https://storage.googleapis.com/tfhub-lite-models/google/lite-model/yamnet/classification/tflite/1.tflite",
    "https://tfhub.dev/google/lite-model/yamnet/classification/tflite/1?lite-format=tflite",
    "https://storage.googleapis.com/download.tensorflow.org/models/tflite/task_library/audio_classification/android/lite-model_yamnet_classification_tflite_1.tflite",
];

/// What the official file is.
pub const EXPECTED: Expected = Expected { size: base_model::SIZE, sha256: base_model::SHA256 };

/// Reads the file at `path` and checks that it is the base model, by size and SHA-256.
///
/// # Errors
/// When it cannot be read or is another file.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    check(path, EXPECTED)
}

/// As [`read`], for any expected file.
///
/// # Errors
/// When it cannot be read or is another file.
pub fn check(path: &Path, expected: Expected) -> anyhow::Result<Vec<u8>> {
    let name = path.display();
    let length = std::fs::metadata(path).with_context(|| format!("cannot read {name}"))?.len();
    anyhow::ensure!(
        length == expected.size,
        "{name} has {length} bytes, the base model {}: it is another file, or only a part",
        expected.size
    );
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
    let found: [u8; 32] = Sha256::digest(&bytes).into();
    anyhow::ensure!(
        found == expected.sha256,
        "{name} has the SHA-256 {}, the base model {}: it is another file, or damaged",
        hex(&found),
        hex(&expected.sha256)
    );
    Ok(bytes)
}

/// The base model on this machine and its bytes, checked; `None` when it is nowhere.
///
/// # Errors
/// When the file that `explicit` or the environment names is not the base model. Any other wrong file is passed over, with
/// a line that says so.
pub fn find(explicit: Option<&Path>, ui: &Ui) -> anyhow::Result<Option<(PathBuf, Vec<u8>)>> {
    let named = explicit.is_some() || base_model::named().is_some();
    for path in base_model::places(explicit) {
        if !named && !path.is_file() {
            continue;
        }
        match read(&path) {
            Ok(bytes) => return Ok(Some((path, bytes))),
            Err(error) if named => {
                let origin = match explicit {
                    Some(_) => "--base".to_string(),
                    None => format!("the environment variable {}", base_model::VARIABLE),
                };
                return Err(error.context(format!("{origin} names no base model; correct it or leave it out")));
            }
            Err(error) => ui.say(format!("not used: {error:#}")),
        }
    }
    Ok(None)
}

/// What to look at: the options `--features` and `--base`, flattened into the arguments of every command that takes
/// features from audio.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct FeatureOptions {
    /// What to look at: yamnet, logmel or hybrid [default: hybrid with the base model, logmel without]
    #[arg(long, value_name = "KIND")]
    pub features: Option<FeatureKind>,
    /// The YAMNet base model [default: $YAMNET_TFLITE, artifacts/base/yamnet.tflite, or acoustic-monitor/yamnet.tflite in
    /// the user's data folder]
    #[arg(long, value_name = "FILE")]
    pub base: Option<PathBuf>,
}

impl FeatureOptions {
    /// The features to use and the base model if they need it: those asked for, else hybrid where the base model is at
    /// hand and logmel where it is not, with one line that says so.
    ///
    /// # Errors
    /// When the features asked for need a base model that is not there, or it cannot be used.
    pub fn find(&self, ui: &Ui) -> anyhow::Result<(FeatureKind, Option<OwnedModel>)> {
        features(self.features, self.base.as_deref(), ui)
    }
}

fn features(
    asked: Option<FeatureKind>,
    explicit: Option<&Path>,
    ui: &Ui,
) -> anyhow::Result<(FeatureKind, Option<OwnedModel>)> {
    if asked.is_some_and(|kind| !kind.needs_body()) {
        return Ok((asked.unwrap_or(FeatureKind::LogMel), None));
    }
    match (find(explicit, ui)?, asked) {
        (Some((path, bytes)), _) => {
            let model = OwnedModel::from_bytes(bytes, Isa::best())
                .with_context(|| format!("the base model {} cannot be used", path.display()))?;
            Ok((asked.unwrap_or(FeatureKind::Hybrid), Some(model)))
        }
        (None, None) => {
            ui.say("No base model at hand: logmel features, which need none (`host-tools fetch` gets it).");
            Ok((FeatureKind::LogMel, None))
        }
        (None, Some(kind)) => anyhow::bail!(
            "{kind} features need the base model, which is not here; run `host-tools fetch`, name it with --base, or use \
             --features logmel"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_right_length_with_other_content_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        std::fs::write(&path, b"abd").unwrap();
        let expected = Expected { size: 3, sha256: Sha256::digest(b"abc").into() };
        assert!(check(&path, expected).unwrap_err().to_string().contains("SHA-256"));
        std::fs::write(&path, b"abc").unwrap();
        assert_eq!(check(&path, expected).unwrap(), b"abc");
    }
}
