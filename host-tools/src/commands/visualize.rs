//! `host-tools visualize`.

/// Options of `host-tools visualize`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Always, until it is there.
pub fn run(_args: &Args) -> anyhow::Result<()> {
    anyhow::bail!("`visualize` is not there yet")
}
