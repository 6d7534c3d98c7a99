//! SIGHUP: a reload when it is sent, and the end when the controlling terminal has hung up.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use common::place::Place;
use common::program::wait;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Starts `firmware run` in a separate session on a terminal; returns the terminal's other end, which hangs up when dropped.
fn start(place: &Place, nohup: bool) -> (Child, OwnedFd) {
    let terminal = openpty(None, None).unwrap();
    // The program must not inherit the terminal's other end.
    fcntl(&terminal.master, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
    let run = place.run(&["--wav", place.wav().to_str().unwrap(), "--realtime", "--stdout", "json"]);
    let mut command = Command::new("setsid");
    // Where nohup would write its file.
    command.current_dir(place.folder.path());
    command.arg("--ctty").args(nohup.then_some("nohup")).arg(run.get_program()).args(run.get_args());
    let stderr = std::fs::File::create(place.path("stderr")).unwrap();
    let stdin = Stdio::from(terminal.slave.try_clone().unwrap());
    let child = command.stdin(stdin).stdout(Stdio::from(terminal.slave)).stderr(stderr).spawn().unwrap();
    (child, terminal.master)
}

fn stderr(place: &Place) -> String {
    std::fs::read_to_string(place.path("stderr")).unwrap()
}

#[test]
fn a_sent_sighup_reloads_and_a_terminal_that_hangs_up_ends_the_program() {
    let place = Place::new("", 60, 1.0);
    let (mut child, terminal) = start(&place, false);
    wait(|| place.status().exists(), || format!("the start: {}", stderr(&place)));
    kill(Pid::from_raw(child.id() as i32), Signal::SIGHUP).unwrap();
    wait(|| stderr(&place).contains("were read again"), || format!("the reload: {}", stderr(&place)));
    assert!(child.try_wait().unwrap().is_none(), "the program continues");
    drop(terminal);
    wait(|| child.try_wait().unwrap().is_some(), || format!("the end: {}", stderr(&place)));
    assert!(child.wait().unwrap().success(), "{}", stderr(&place));
    assert_eq!(stderr(&place).matches("were read again").count(), 1, "{}", stderr(&place));
}

#[test]
fn a_program_started_with_nohup_outlives_its_terminal() {
    let place = Place::new("", 60, 1.0);
    let (mut child, terminal) = start(&place, true);
    wait(|| place.status().exists(), || format!("the start: {}", stderr(&place)));
    drop(terminal);
    // The terminal's SIGHUP is a reload.
    wait(|| stderr(&place).contains("were read again"), || format!("the reload: {}", stderr(&place)));
    assert!(child.try_wait().unwrap().is_none(), "the program continues");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    wait(|| child.try_wait().unwrap().is_some(), || format!("the end: {}", stderr(&place)));
    assert!(child.wait().unwrap().success(), "{}", stderr(&place));
}
