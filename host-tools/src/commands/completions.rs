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
    let name_of_function = name.replace('-', "__");
    // Into memory first: the generator panics on a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, name, &mut script);
    if args.shell == Shell::Bash {
        script = with_one_name(&name_of_function, &script);
    }
    write_output(Path::new("-"), &script, "the script")
}

/// The script for bash with one name for each command. clap_complete 4.6 sets `a__b__subcmd__c` for the command `c` of a program
/// `a-b`, and compares it with `a__subcmd__b__subcmd__c`, so that options would not be completed.
fn with_one_name(function: &str, script: &[u8]) -> Vec<u8> {
    let compared = format!("{}__subcmd__", function.replace("__", "__subcmd__"));
    String::from_utf8_lossy(script).replace(&compared, &format!("{function}__subcmd__")).into_bytes()
}
