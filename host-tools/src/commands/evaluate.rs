//! `host-tools evaluate`.

/// Options of `host-tools evaluate`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Always, until it is there.
pub fn run(_args: &Args) -> anyhow::Result<()> {
    anyhow::bail!("`evaluate` is not there yet")
}
