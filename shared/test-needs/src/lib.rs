//! Tests that need what is not in the repository: data, packages, rights.
//!
//! Rust's test harness decides at compile time whether a test is ignored. [`macro@needs`], put above `#[test]`, marks the
//! test as ignored, with the reason, where it was not there when this crate was built; a change of the environment
//! variables, of the fetched base model or of Debian's list of packages builds it again. With `CI=true` no test is ignored: what
//! is missing fails.
#![forbid(unsafe_code)]

use proc_macro::{Literal, TokenStream, TokenTree};

/// What a test can need: name in `needs(...)`, where it is, and what to do without it.
const NEEDS: [(&str, Option<&str>, &str); 8] = [
    (
        "base_model",
        option_env!("NEEDS_BASE_MODEL"),
        "needs the base model: run `host-tools fetch` or set YAMNET_TFLITE to the file",
    ),
    (
        "golden",
        option_env!("NEEDS_GOLDEN"),
        "needs the golden tensors of the base model: set MONITOR_GOLDEN to their folder",
    ),
    (
        "recordings",
        option_env!("NEEDS_RECORDINGS"),
        "needs real recordings: set MONITOR_RECORDINGS to the folder above drone_motor_load",
    ),
    ("mosquitto", option_env!("NEEDS_MOSQUITTO"), "needs mosquitto: install the package mosquitto"),
    ("promtool", option_env!("NEEDS_PROMTOOL"), "needs promtool: install the package prometheus"),
    ("faketime", option_env!("NEEDS_FAKETIME"), "needs libfaketime: install the package faketime"),
    (
        "audio_tools",
        option_env!("NEEDS_AUDIO_TOOLS"),
        "needs ffmpeg, flac and sox: install the packages of those names",
    ),
    ("mount", option_env!("NEEDS_MOUNT"), "needs the right to mount (unshare -m): run as root"),
];

/// Ignores the test where what it needs is missing: `#[needs(base_model)]`, `golden` (the base model's golden tensors),
/// `recordings`, `mosquitto`, `promtool`, `faketime`, `audio_tools` (ffmpeg, flac, sox) or `mount`. Place it above `#[test]`; one
/// line for each need.
#[proc_macro_attribute]
pub fn needs(what: TokenStream, test: TokenStream) -> TokenStream {
    let name = what.to_string();
    let Some((_, path, reason)) = NEEDS.iter().find(|(known, ..)| *known == name) else {
        return error(&format!("a test can need {}, not {name:?}", NEEDS.map(|(known, ..)| known).join(", ")));
    };
    let source = test.to_string().replace(' ', "");
    if !source.contains("#[test]") {
        return error("place `needs` above `#[test]`, which otherwise has been read already");
    }
    // One reason is enough.
    if path.is_some() || source.contains("#[ignore") {
        return test;
    }
    let mut marked: TokenStream = format!("#[ignore = {reason:?}]").parse().unwrap_or_default();
    marked.extend(test);
    marked
}

/// The path of what a test needs, as a string: `path!(base_model)`.
///
/// Tests that use it are marked with [`macro@needs`], so that they do not run where it is missing; there it is empty.
#[proc_macro]
pub fn path(what: TokenStream) -> TokenStream {
    let name = what.to_string();
    match NEEDS.iter().find(|(known, ..)| *known == name) {
        Some((_, path, _)) => TokenTree::from(Literal::string(path.unwrap_or_default())).into(),
        None => error(&format!("no data named {name:?}")),
    }
}

fn error(text: &str) -> TokenStream {
    format!("compile_error!({text:?});").parse().unwrap_or_default()
}
