//! The device's program: see `firmware --help`.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

fn main() -> ExitCode {
    // clap ends the program with 2 on a usage error.
    let result = firmware::cli::Cli::parse().run();
    // Warnings are written by a thread of their own: they come before the error, and are not lost with the process.
    firmware::system::messages::flush(Duration::from_secs(1));
    match result {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
