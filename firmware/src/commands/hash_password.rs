//! `firmware hash-password`: the hash of a password for `page.password_hash`.

use std::io::{IsTerminal, Write, stdin};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use crate::sinks::page::hash;

/// Options of `firmware hash-password`: none.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  firmware hash-password
  firmware hash-password < password.txt")]
pub(crate) struct Args {}

/// Runs the command.
///
/// # Errors
/// When there is no password, it is too short, or it cannot be hashed.
pub(crate) fn run(_: &Args) -> anyhow::Result<ExitCode> {
    if stdin().is_terminal() {
        // A prompt is no note: `--quiet` keeps it.
        let _ = writeln!(std::io::stderr(), "Password:");
    }
    let line = hidden_line().context("no password was read")?;
    let password = line.trim_end_matches(['\n', '\r']);
    ensure!(!password.is_empty(), "no password was read: write it to standard input");
    outln!("password_hash = \"{}\"", hash(password)?);
    Ok(ExitCode::SUCCESS)
}

/// A line of standard input; a terminal does not show it.
fn hidden_line() -> std::io::Result<String> {
    let before = tcgetattr(stdin()).ok();
    if let Some(before) = &before {
        let mut hidden = before.clone();
        hidden.local_flags &= !LocalFlags::ECHO;
        tcsetattr(stdin(), SetArg::TCSANOW, &hidden)?;
    }
    let mut line = String::new();
    let read = stdin().read_line(&mut line);
    if let Some(before) = &before {
        tcsetattr(stdin(), SetArg::TCSANOW, before)?;
    }
    read.map(|_| line)
}
