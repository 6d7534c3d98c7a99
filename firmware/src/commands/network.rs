//! `firmware network`: check the card's network.toml, and write the files that its init makes the network from.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use crate::network::{NetworkConfig, write};

/// Options of `firmware network`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  firmware network network.toml
  firmware network /boot/network.toml --write /run/network")]
pub(crate) struct Args {
    /// The file
    #[arg(value_name = "FILE", default_value = "/boot/network.toml")]
    pub file: PathBuf,
    /// Write the files for the card's init to this folder
    #[arg(long, value_name = "FOLDER")]
    pub write: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// What is wrong with the file, or what cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = NetworkConfig::load(&args.file)?;
    match &args.write {
        Some(folder) => write(&config, folder).with_context(|| folder.display().to_string())?,
        None => outln!("{}: good", args.file.display()),
    }
    Ok(ExitCode::SUCCESS)
}
