//! Large test inputs that are not part of the repository: base model, golden tensors and recordings.
//!
//! If an input is missing, the test prints `SKIPPED: ...` and passes; with `CI=true` in the environment it fails, so that a
//! pipeline cannot succeed without the data.
#![allow(dead_code)]

use std::io::Write;
use std::path::{Path, PathBuf};

/// Returns the folder of the workspace, which contains the lock file.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().find(|folder| folder.join("Cargo.lock").is_file()).unwrap_or(package).to_path_buf()
}

/// Returns the folder of base model and golden tensors, beside the repository.
fn models() -> PathBuf {
    root().join("../shared/models")
}

/// Returns the content of `golden/<name>` beside the repository, or `None` after printing that the test is skipped.
///
/// # Panics
/// If the file is missing and `CI` is `true`.
pub fn golden(name: &str) -> Option<Vec<u8>> {
    read_or_skip("golden tensors", &[models().join("golden").join(name)])
}

/// Returns the base model: the file named by `YAMNET_TFLITE`, else the fetched one, else the one beside the repository; or
/// `None` after printing that the test is skipped.
///
/// # Panics
/// If there is none and `CI` is `true`.
pub fn base_model() -> Option<Vec<u8>> {
    let named = std::env::var_os("YAMNET_TFLITE").filter(|path| !path.is_empty()).map(PathBuf::from);
    let fetched = root().join("artifacts/base/yamnet.tflite");
    let places: Vec<PathBuf> = named.into_iter().chain([fetched, models().join("yamnet.tflite")]).collect();
    read_or_skip("base model", &places)
}

/// Returns the folder `name` of real recordings beside the repository, or `None` after printing that the test is skipped.
///
/// # Panics
/// If it is missing and `CI` is `true`.
pub fn recordings(name: &str) -> Option<PathBuf> {
    let folder = root().join("../shared/data").join(name);
    let found = folder.join("manifest.csv").is_file();
    report_missing_unless(found, "recordings", std::slice::from_ref(&folder));
    found.then_some(folder)
}

/// Reads the first readable file of `places`.
fn read_or_skip(what: &str, places: &[PathBuf]) -> Option<Vec<u8>> {
    let found = places.iter().find_map(|path| std::fs::read(path).ok());
    report_missing_unless(found.is_some(), what, places);
    found
}

/// Prints that a test is skipped because `what` is missing, unless it was found.
fn report_missing_unless(found: bool, what: &str, places: &[PathBuf]) {
    if !found {
        let places = places.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        let line = format!("SKIPPED: {what} not found ({places})");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{line}");
        // Not `println!`: the test harness discards its output when a test passes.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

/// Decodes little-endian `f32` values.
pub fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}

/// Converts bytes to `i8`.
pub fn signed(bytes: &[u8]) -> Vec<i8> {
    bytes.iter().map(|&byte| byte.cast_signed()).collect()
}
