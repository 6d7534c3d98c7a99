//! `host-tools fetch`.

/// Options of `host-tools fetch`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Always, until it is there.
pub fn run(_args: &Args) -> anyhow::Result<()> {
    anyhow::bail!("`fetch` is not there yet")
}
