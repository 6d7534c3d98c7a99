//! Tests that need data from outside the repository.
//!
//! Rust's test harness decides at compile time whether a test is ignored. [`macro@needs`], put above `#[test]`, marks the
//! test as ignored, with the reason, where the data was not there when this crate was built; a change of the environment
//! variables or of the fetched base model builds it again. With `CI=true` no test is ignored: what is missing fails.

use proc_macro::{Literal, TokenStream, TokenTree};

/// What a test can need: name in `needs(...)`, where it is, and what to do without it.
const DATA: [(&str, Option<&str>, &str); 3] = [
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
];

/// Ignores the test where what it needs is missing: `#[needs(base_model)]`, `#[needs(golden)]`, `#[needs(recordings)]`.
/// Place it above `#[test]`; one line for each need.
#[proc_macro_attribute]
pub fn needs(what: TokenStream, test: TokenStream) -> TokenStream {
    let name = what.to_string();
    let Some((_, path, reason)) = DATA.iter().find(|(known, ..)| *known == name) else {
        return error(&format!("a test can need base_model, golden or recordings, not {name:?}"));
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
    match DATA.iter().find(|(known, ..)| *known == name) {
        Some((_, path, _)) => TokenTree::from(Literal::string(path.unwrap_or_default())).into(),
        None => error(&format!("no data named {name:?}")),
    }
}

fn error(text: &str) -> TokenStream {
    format!("compile_error!({text:?});").parse().unwrap_or_default()
}
