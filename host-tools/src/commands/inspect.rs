//! `host-tools inspect`.

/// Options of `host-tools inspect`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Always, until it is there.
pub fn run(_args: &Args) -> anyhow::Result<()> {
    anyhow::bail!("`inspect` is not there yet")
}
