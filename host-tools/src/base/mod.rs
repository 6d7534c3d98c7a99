//! The YAMNet base model: its addresses, its places on this machine, and the check that a file is the official one.

pub(crate) mod download;

use std::path::{Path, PathBuf};

use anyhow::Context;
use monitor_model::base_model;
use sha2::{Digest, Sha256};

use crate::base::download::Expected;
use crate::data::hash::hex;

/// Official addresses of the same file, preferred first.
pub(crate) const ADDRESSES: [&str; 3] = [
    "https://storage.googleapis.com/tfhub-lite-models/google/lite-model/yamnet/classification/tflite/1.tflite",
    "https://tfhub.dev/google/lite-model/yamnet/classification/tflite/1?lite-format=tflite",
    "https://storage.googleapis.com/download.tensorflow.org/models/tflite/task_library/audio_classification/android/lite-model_yamnet_classification_tflite_1.tflite",
];

/// Size and hash of the official file.
pub(crate) const EXPECTED: Expected = Expected { size: base_model::SIZE, sha256: base_model::SHA256 };

/// Reads the file at `path` and checks by size and SHA-256 that it is the base model.
///
/// # Errors
/// When it cannot be read or is another file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    check(path, EXPECTED)
}

/// As [`read`], for any expected file.
///
/// # Errors
/// When it cannot be read or is another file.
fn check(path: &Path, expected: Expected) -> anyhow::Result<Vec<u8>> {
    let name = path.display();
    let length = std::fs::metadata(path).with_context(|| format!("cannot read {name}"))?.len();
    anyhow::ensure!(
        length == expected.size,
        "{name} has {length} bytes, the base model {}: it is another file, or incomplete",
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

/// Finds the base model on this machine, checks it, and returns its path and bytes; `None` when it is in none of the
/// [places](base_model::places).
///
/// # Errors
/// When the file that `explicit` or the environment names is not the base model. Any other wrong file is skipped with a
/// warning.
pub(crate) fn find(explicit: Option<&Path>) -> anyhow::Result<Option<(PathBuf, Vec<u8>)>> {
    let named = explicit.is_some() || base_model::named().is_some();
    for path in base_model::places(explicit) {
        if !named && !path.is_file() {
            continue;
        }
        match read(&path) {
            Ok(bytes) => {
                tracing::debug!("base model: {}", path.display());
                return Ok(Some((path, bytes)));
            }
            Err(error) if named => {
                let origin = match explicit {
                    Some(_) => "--base".to_string(),
                    None => format!("the environment variable {}", base_model::VARIABLE),
                };
                return Err(error.context(format!("{origin} does not name the base model; correct it or leave it out")));
            }
            Err(error) => tracing::warn!("file not used: {error:#}"),
        }
    }
    Ok(None)
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
