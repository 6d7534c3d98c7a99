//! `host-tools completions`: the script by which a shell completes this program's commands and options.

use std::path::Path;

use clap_complete::Shell;

use crate::console::write_output;

/// Options of `host-tools completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  host-tools completions bash > ~/.local/share/bash-completion/completions/host-tools
  host-tools completions zsh > ~/.zfunc/_host-tools
  host-tools completions fish > ~/.config/fish/completions/host-tools.fish
  host-tools completions powershell >> $PROFILE")]
pub(crate) struct Args {
    /// Shell that the script is for
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Prints the script for `program`.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) fn run(args: &Args, mut program: clap::Command) -> anyhow::Result<()> {
    let name = program.get_name().to_string();
    // Into memory first: the generator panics on a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, name, &mut script);
    write_output(Path::new("-"), &script, "the script")
}
