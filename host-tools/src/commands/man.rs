//! `host-tools man`: manual pages, one for the program and one per command.

use std::path::PathBuf;

use anyhow::Context;
use clap_mangen::Man;

use crate::console::{JsonOut, Ui};

/// Options of `host-tools man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  host-tools man ~/.local/share/man/man1
  host-tools man man1")]
pub(crate) struct Args {
    /// Folder for the pages; `man` searches in folders named man1
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Writes the pages of `program`.
///
/// # Errors
/// When a page cannot be written.
pub(crate) fn run(args: &Args, mut program: clap::Command) -> anyhow::Result<()> {
    program = program.disable_help_subcommand(true);
    program.build();
    let commands = program.get_subcommands().cloned().collect::<Vec<_>>();
    let pages = std::iter::once(program).chain(commands);
    let mut written = 0;
    for command in pages.filter(|command| !command.is_hide_set()) {
        let man = Man::new(command);
        let mut page = Vec::new();
        man.render(&mut page)?;
        let path = args.folder.join(man.get_filename());
        monitor_model::atomic_file::write(&path, &page).with_context(|| format!("cannot write {}", path.display()))?;
        written += 1;
    }
    Ui::new(&JsonOut::default()).print(format!("{written} pages in {}", args.folder.display()));
    Ok(())
}
