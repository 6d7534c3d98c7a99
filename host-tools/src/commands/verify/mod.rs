//! `host-tools verify`: our int8 network against the TFLite C++ interpreter.
//!
//! The reference is the interpreter of TensorFlow 1.15 that the crate `tflite` builds; it knows neither the base model's
//! front end nor int8 outputs, so it runs the network alone, cut out of the base model and dequantised at its end. Up to
//! the last convolution both must agree bit for bit; that interpreter's MEAN may differ by one step, which is counted.

#[cfg(feature = "reference-runtime")]
mod compare;
#[cfg(feature = "reference-runtime")]
mod patches;
#[cfg(feature = "reference-runtime")]
mod reference;

use std::path::PathBuf;

use crate::json::JsonOut;

/// Options of `host-tools verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The base model (searched for where `fetch` looks when not given)
    #[arg(long, value_name = "FILE")]
    pub base: Option<PathBuf>,
    /// How many log-mel windows to compare
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub windows: u32,
    /// Seed of the windows
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonOut,
}

/// Runs the comparison.
///
/// # Errors
/// When the base model is not to be had, or a single value differs by more than it may.
#[cfg(feature = "reference-runtime")]
pub fn run(args: &Args) -> anyhow::Result<()> {
    compare::run(args)
}

/// Says how to get the comparison.
///
/// # Errors
/// Always: this build has no reference to compare with.
#[cfg(not(feature = "reference-runtime"))]
pub fn run(_args: &Args) -> anyhow::Result<()> {
    anyhow::bail!(
        "this build has no TFLite C++ interpreter; build it with `--features reference-runtime` (or `make verify`)"
    )
}
