//! `firmware validate-config`: is this file a configuration, and if not, where and why.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{Config, DEFAULT_PATH};

/// Options of `firmware validate-config`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file
    #[arg(default_value = DEFAULT_PATH)]
    pub file: PathBuf,
    /// Print the whole configuration that results, defaults included
    #[arg(long)]
    pub print: bool,
}

/// Runs the command.
///
/// # Errors
/// What is wrong with the file.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(Some(&args.file))?;
    if args.print {
        out!("{}", toml::to_string(&config)?);
    } else {
        outln!("{}: good", args.file.display());
    }
    Ok(ExitCode::SUCCESS)
}
