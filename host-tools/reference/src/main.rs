//! `verify`: prints the comparison with the TFLite C++ interpreter.
//!
//! Exit codes: 0 both agree, 1 they differ or a file cannot be read, 2 wrong usage.
#![forbid(unsafe_code)]

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Parser;
use monitor_model::base_model;

/// Compare the int8 network with the TFLite C++ interpreter.
#[derive(Debug, Parser)]
struct Args {
    /// Base model [default: searched for as by `host-tools fetch`]
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
    /// Number of log-mel windows to compare (1 to 100000)
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    windows: u32,
    /// Random seed of the windows
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let path = base_model::find(args.base.as_deref())
        .context("the base model was not found; `host-tools fetch` downloads it")?;
    let base = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let outcome = monitor_reference::compare(&base, args.windows, args.seed)?;
    println!("{outcome}");
    ensure!(outcome.last_convolution.different() == 0, "the last convolution differs from the reference");
    ensure!(outcome.embedding.off_by_more == 0, "the embedding is off by more than one step");
    Ok(())
}
