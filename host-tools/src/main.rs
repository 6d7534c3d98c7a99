//! The workstation's program: see `host-tools --help`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    host_tools::main()
}
