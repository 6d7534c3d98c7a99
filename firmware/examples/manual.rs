//! Writes the man pages and the shell completions of `firmware` into a folder: `cargo run -p firmware --example manual -- DIR`.
//!
//! An example and not a command, so that the device's program does not contain the generators.

use std::path::Path;

use anyhow::Context;
use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;
use firmware::cli::Cli;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1).context("name the folder to write to: manual DIR")?;
    let (man, completions) = (Path::new(&folder).join("man1"), Path::new(&folder).join("completions"));
    for folder in [&man, &completions] {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let mut command = Cli::command();
    for shell in Shell::value_variants() {
        clap_complete::generate_to(*shell, &mut command, "firmware", &completions)?;
    }
    clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), &man)?;
    Ok(())
}
