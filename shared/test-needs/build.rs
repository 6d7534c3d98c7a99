//! Finds what tests need from outside the repository: data, packages, rights. What is found, or named by an environment
//! variable, or must be there because `CI=true`, becomes an environment variable of the compiler; without it the tests in
//! question are ignored.
//!
//! This is done in a crate of its own so that a change of data compiles tests again and nothing else.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// Where the base model may be, from the top of the repository.
const IN_PROJECT: &str = "artifacts/base/yamnet.tflite";

/// Where `host-tools fetch` stores it, from the user's cache folder.
const FETCHED: &str = "acoustic-monitor/yamnet.tflite";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let named = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    // Every build compiles all tests again when something watched has changed: nothing is watched that cannot matter.
    let found = if required() || named("YAMNET_TFLITE") { None } else { find_base_model(&top) };
    provide("BASE_MODEL", "YAMNET_TFLITE", &top, found);
    provide("GOLDEN", "MONITOR_GOLDEN", &top, None);
    provide("RECORDINGS", "MONITOR_RECORDINGS", &top, None);

    // Changes with every package that is installed.
    let packages = Path::new("/var/lib/dpkg/status");
    if packages.exists() && !required() {
        println!("cargo::rerun-if-changed={}", packages.display());
    }
    let faketime = ["/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime"];
    provide_if("MOSQUITTO", Path::new("/usr/sbin/mosquitto").exists() || runs("mosquitto", &["-h"]).is_some());
    provide_if("FAKETIME", faketime.iter().any(|place| Path::new(place).exists()));
    provide_if("PROMTOOL", runs("promtool", &["--version"]).is_some_and(|status| status.success()));
    let audio = ["ffmpeg", "flac", "sox"].iter().all(|tool| runs(tool, &["--version"]).is_some());
    provide_if("AUDIO_TOOLS", audio);
    provide_if("MOUNT", runs("unshare", &["-m", "true"]).is_some_and(|status| status.success()));
}

/// The base model in a place where `host-tools` looks for it; watches these places.
fn find_base_model(top: &Path) -> Option<PathBuf> {
    let cache = variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
    let places = [Some(top.join(IN_PROJECT)), cache.map(|folder| folder.join(FETCHED))];
    let mut found = None;
    for place in places.into_iter().flatten() {
        // A missing file counts as changed at every build; the folder above it does not.
        let watched = place.ancestors().find(|path| path.exists()).unwrap_or(top);
        println!("cargo::rerun-if-changed={}", watched.display());
        found = found.or(Some(place).filter(|path| path.is_file()));
    }
    found
}

/// The folder that an environment variable names.
fn variable(name: &str) -> Option<PathBuf> {
    println!("cargo::rerun-if-env-changed={name}");
    std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Sets `NEEDS_<name>` to the path in the environment variable `variable`, else to `found`. With `CI=true` it is always set:
/// tests then run, and fail for want of the data.
fn provide(name: &str, variable: &str, top: &Path, found: Option<PathBuf>) {
    println!("cargo::rerun-if-env-changed={variable}");
    println!("cargo::rerun-if-env-changed=CI");
    let named = std::env::var_os(variable).filter(|value| !value.is_empty()).map(|path| top.join(path));
    let missing = required().then(|| PathBuf::from(format!("({variable} is not set)")));
    if let Some(path) = named.or(found).or(missing) {
        println!("cargo::rustc-env=NEEDS_{name}={}", path.display());
    }
}

/// Sets `NEEDS_<name>` where something was `found`, and with `CI=true`.
fn provide_if(name: &str, found: bool) {
    if found || required() {
        println!("cargo::rustc-env=NEEDS_{name}=found");
    }
}

/// Whether everything must be there.
fn required() -> bool {
    std::env::var("CI").as_deref() == Ok("true")
}

/// How `program` ends; `None` if it does not start.
fn runs(program: &str, options: &[&str]) -> Option<ExitStatus> {
    Command::new(program).args(options).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()
}
