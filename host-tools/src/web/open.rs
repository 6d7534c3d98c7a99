//! Shows an address in the browser of the desktop.

use std::process::{Command, Stdio};

use anyhow::Context;

/// Shows `address`.
///
/// # Errors
/// When there is no program that opens addresses.
pub(super) fn open(address: &str) -> anyhow::Result<()> {
    let (program, arguments): (&str, &[&str]) = match std::env::consts::OS {
        "windows" => ("rundll32", &["url.dll,FileProtocolHandler"]),
        "macos" => ("open", &[]),
        _ => ("xdg-open", &[]),
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().with_context(|| format!("--open: {program} cannot be run; open the address yourself"))?;
    Ok(())
}
