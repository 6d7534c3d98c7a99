//! Data from outside the repository that several test files read. Tests that call these are marked with
//! [`test_needs::needs`], so that the harness reports them as ignored where the data is missing.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

/// Content of the base model.
///
/// # Panics
/// If it cannot be read.
pub fn base_model() -> Vec<u8> {
    read(Path::new(test_needs::path!(base_model)))
}

/// Content of the golden tensor `name` of the base model.
///
/// # Panics
/// If it cannot be read.
pub fn golden(name: &str) -> Vec<u8> {
    read(&Path::new(test_needs::path!(golden)).join(name))
}

/// The folder `name` of real recordings.
///
/// # Panics
/// If it is not there.
pub fn recordings(name: &str) -> PathBuf {
    let folder = Path::new(test_needs::path!(recordings)).join(name);
    assert!(folder.join("manifest.csv").is_file(), "{} has no manifest.csv", folder.display());
    folder
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Little-endian bytes as `f32`.
pub fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}

/// Bytes as `i8`.
pub fn signed(bytes: &[u8]) -> Vec<i8> {
    bytes.iter().map(|&byte| byte.cast_signed()).collect()
}
