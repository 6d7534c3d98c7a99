//! What `--version` reports beside the number: commit, features, target. Part of both programs' build scripts.
//!
//! Without git, in an unpacked archive or a container, the environment variable `ACOUSTIC_MONITOR_COMMIT` names the commit. No
//! time is part of it, so that a build of the same commit is the same bytes. Builds that are not releases name no commit: they
//! would be compiled anew with each.

use std::env;
use std::process::Command;

/// Passes `MONITOR_COMMIT`, `MONITOR_FEATURES` and `MONITOR_TARGET` to the compiler of this package.
pub fn emit() {
    println!("cargo::rustc-env=MONITOR_COMMIT={}", commit());
    println!("cargo::rustc-env=MONITOR_FEATURES={}", features());
    println!("cargo::rustc-env=MONITOR_TARGET={}", env::var("TARGET").unwrap_or_default());
}

/// The commit, `+modified` where a file under git's control differs from it.
fn commit() -> String {
    println!("cargo::rerun-if-env-changed=ACOUSTIC_MONITOR_COMMIT");
    if let Some(given) = env::var("ACOUSTIC_MONITOR_COMMIT").ok().filter(|given| !given.trim().is_empty()) {
        return given.trim().to_string();
    }
    if env::var("PROFILE").as_deref() != Ok("release") {
        return "not named, this is no release build".to_string();
    }
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]).filter(|commit| !commit.is_empty()) else {
        return "unknown".to_string();
    };
    // Changed by a commit, by `git add`, and by an edit of what the program is built from.
    for place in ["HEAD", "index"] {
        if let Some(path) = git(&["rev-parse", "--git-path", place]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    for place in ["src", "../shared", "../Cargo.lock"] {
        println!("cargo::rerun-if-changed={place}");
    }
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => commit,
        _ => commit + "+modified",
    }
}

/// The features that the package is compiled with, in the order of their names.
fn features() -> String {
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let named = names.filter_map(|name| name.strip_prefix("CARGO_FEATURE_").map(str::to_lowercase));
    let mut features: Vec<String> = named.filter(|name| name != "default").map(|name| name.replace('_', "-")).collect();
    features.sort();
    if features.is_empty() { "none".to_string() } else { features.join(" ") }
}

/// The output of git, without its last newline; `None` where it fails or is not there.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_string())
}
