//! The device's program: see `firmware --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    firmware::cli::main()
}
