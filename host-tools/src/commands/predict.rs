//! `host-tools predict`.

/// Options of `host-tools predict`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Always, until it is there.
pub fn run(_args: &Args) -> anyhow::Result<()> {
    anyhow::bail!("`predict` is not there yet")
}
