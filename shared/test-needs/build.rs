//! Finds what tests need from outside the repository. What is found, or named by an environment variable, or must be there
//! because `CI=true`, becomes an environment variable of the compiler; without it the tests in question are ignored.
//!
//! This is done in a crate of its own so that a change of data compiles tests again and nothing else.

use std::path::{Path, PathBuf};

/// Where `host-tools fetch` stores the base model, from the top of the repository.
const FETCHED: &str = "artifacts/base/yamnet.tflite";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let fetched = top.join(FETCHED);
    // A missing file counts as changed at every build; the folder above it does not.
    let watched = fetched.ancestors().find(|path| path.exists()).unwrap_or(&top);
    println!("cargo::rerun-if-changed={}", watched.display());
    let fetched = Some(fetched).filter(|path| path.is_file());
    provide("BASE_MODEL", "YAMNET_TFLITE", &top, fetched);
    provide("GOLDEN", "MONITOR_GOLDEN", &top, None);
    provide("RECORDINGS", "MONITOR_RECORDINGS", &top, None);
}

/// Sets `NEEDS_<name>` to the path in the environment variable `variable`, else to `found`. With `CI=true` it is always set:
/// tests then run, and fail for want of the data.
fn provide(name: &str, variable: &str, top: &Path, found: Option<PathBuf>) {
    println!("cargo::rerun-if-env-changed={variable}");
    println!("cargo::rerun-if-env-changed=CI");
    let named = std::env::var_os(variable).filter(|value| !value.is_empty()).map(|path| top.join(path));
    let required = std::env::var("CI").as_deref() == Ok("true");
    let missing = required.then(|| PathBuf::from(format!("({variable} is not set)")));
    if let Some(path) = named.or(found).or(missing) {
        println!("cargo::rustc-env=NEEDS_{name}={}", path.display());
    }
}
