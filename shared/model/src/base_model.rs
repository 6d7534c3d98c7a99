//! Location and identity of the YAMNet base model.

use std::path::{Path, PathBuf};

/// Length of the official file in bytes.
pub const SIZE: u64 = 4_126_810;

/// SHA-256 of the official file, `lite-model_yamnet_classification_tflite_1.tflite`.
pub const SHA256: [u8; 32] = [
    0x10, 0xc9, 0x5e, 0xa3, 0xeb, 0x9a, 0x7b, 0xb4, 0xcb, 0x8b, 0xdd, 0xf6, 0xfe, 0xb0, 0x23, 0x25, 0x03, 0x81, 0x00,
    0x81, 0x77, 0xac, 0x16, 0x2c, 0xe1, 0x69, 0x69, 0x4d, 0x05, 0xc3, 0x17, 0xde,
];

/// Environment variable with the path of the base model.
pub const VARIABLE: &str = "YAMNET_TFLITE";

/// Path at which `host-tools fetch` stores the base model.
pub const STORED: &str = "artifacts/base/yamnet.tflite";

/// Places where the base model may be, best first: `explicit` (an option of the command line) alone if given; else
/// [`VARIABLE`] alone if set; else [`STORED`], then `../shared/models/yamnet.tflite`.
pub fn places(explicit: Option<&Path>) -> Vec<PathBuf> {
    if let Some(path) = explicit {
        return vec![path.to_path_buf()];
    }
    if let Some(path) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        return vec![PathBuf::from(path)];
    }
    vec![PathBuf::from(STORED), PathBuf::from("../shared/models/yamnet.tflite")]
}

/// The first of [`places`] that is a file, or `None`.
pub fn find(explicit: Option<&Path>) -> Option<PathBuf> {
    places(explicit).into_iter().find(|path| path.is_file())
}
