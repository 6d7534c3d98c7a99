//! `host-tools verify`: compares our int8 network with the TFLite C++ interpreter.
//!
//! The reference is the interpreter of TensorFlow 1.15 that the crate `tflite` builds; it supports neither the base model's
//! front end nor int8 outputs, so it runs the network alone, cut out of the base model and dequantised at its end. Up to
//! the last convolution both must agree bit for bit; that interpreter's MEAN may differ by one step, which is counted.

#[cfg(feature = "reference-runtime")]
mod compare;
#[cfg(feature = "reference-runtime")]
mod patches;
#[cfg(feature = "reference-runtime")]
mod reference;

use std::path::PathBuf;

use crate::console::JsonOut;

/// Options of `host-tools verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  host-tools verify
  host-tools verify --base yamnet.tflite --windows 1000 --seed 2")]
pub(crate) struct Args {
    /// Base model [default: searched for as by `fetch`]
    #[arg(long, value_name = "FILE")]
    pub base: Option<PathBuf>,
    /// Number of log-mel windows to compare (1 to 100000)
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub windows: u32,
    /// Random seed of the windows
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[command(flatten)]
    pub json: JsonOut,
}

/// Runs the comparison.
///
/// # Errors
/// When the base model is missing, or a value differs by more than the tolerance.
#[cfg(feature = "reference-runtime")]
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    compare::run(args)
}

/// Fails with the name of the build feature.
///
/// # Errors
/// Always: this build has no reference runtime.
#[cfg(not(feature = "reference-runtime"))]
pub(crate) fn run(_args: &Args) -> anyhow::Result<()> {
    anyhow::bail!(
        "this build has no TFLite C++ interpreter; build it with `--features reference-runtime` (or `make verify`)"
    )
}
