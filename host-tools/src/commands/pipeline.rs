//! `host-tools pipeline`.

/// Options of `host-tools pipeline`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Always, until it is there.
pub fn run(_args: &Args) -> anyhow::Result<()> {
    anyhow::bail!("`pipeline` is not there yet")
}
