//! Kills a program at each call that changes a file. The tests of host-tools use it as well.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// More calls than any of the programs makes.
const MOST: usize = 60;

const SIGKILL: i32 = 9;

/// The library that kills the process, built once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware/tests/faults/kill_at.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kill_at.{}.so", std::process::id()));
        let built = Command::new("cc")
            .args(["-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .status();
        assert!(built.expect("a C compiler, cc, is needed (package gcc)").success());
        library
    })
}

/// Runs the command repeatedly, killed at the first, second, ... change below `folder`, until it completes. Calls `check`
/// after each run. Returns how often the command was killed.
pub fn at_every_write(folder: &Path, mut command: impl FnMut() -> Command, mut check: impl FnMut(usize)) -> usize {
    for at in 1..MOST {
        let mut command = command();
        command.env("LD_PRELOAD", library()).env("KILL_BELOW", folder).env("KILL_AT", at.to_string());
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        check(at);
        if status.signal() != Some(SIGKILL) {
            assert!(status.success(), "{status}");
            return at - 1;
        }
    }
    panic!("the command does not complete after {MOST} calls");
}

/// The files below a folder: temporary files, and others.
pub fn files(folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all.into_iter().partition(|path| path.file_name().unwrap().to_string_lossy().ends_with(".tmp"))
}
