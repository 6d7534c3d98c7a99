//! `firmware devices`.

use std::process::ExitCode;

/// Options of `firmware devices`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Always, until it is there.
pub fn run(_args: &Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`devices` is not there yet")
}
