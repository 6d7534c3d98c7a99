//! `firmware record`.

use std::process::ExitCode;

/// Options of `firmware record`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Always, until it is there.
pub fn run(_args: &Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`record` is not there yet")
}
