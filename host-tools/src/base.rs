//! The YAMNet base model: where it comes from, and whether a file is it.

use std::path::Path;

use anyhow::Context;
use sha2::{Digest, Sha256};
use shared::base_model;

use crate::download::{Expected, hex};

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
