//! The pins after every kind of exit: a child process ends by a panic, a crash or an orderly exit, on a chip whose lines are
//! files. The files then hold the levels that a relay would see.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use firmware::reporting::{DeviceInfo, Event, Outboxes, OutputContext};
use firmware::sinks::gpio::chip::{Button, Chip, Error, Levels, Lines};
use firmware::sinks::gpio::{Config, GpioSink};
use firmware::sinks::run;
use firmware::system::{crash, safe};
use monitor_wire::{Alarm, StateChange};
use nix::sys::signal::{Signal, raise};

/// A chip whose lines are files that hold the voltage: `active_low` inverts the level, as the kernel does.
#[derive(Debug, Clone)]
struct Files {
    folder: PathBuf,
    active_low: bool,
}

impl Chip for Files {
    fn request(&self, _: &Path, levels: &Levels, active_low: bool) -> Result<Arc<dyn Lines>, Error> {
        let lines = Self { active_low, ..self.clone() };
        lines.set(levels)?;
        Ok(Arc::new(lines))
    }

    fn button(&self, _: &Path, line: u32, _: bool) -> Result<Arc<dyn Button>, Error> {
        Err(Error(format!("line {line} is no button")))
    }
}

impl Lines for Files {
    fn set(&self, levels: &[(u32, bool)]) -> Result<(), Error> {
        for (line, active) in levels {
            let voltage = if *active != self.active_low { "high" } else { "low" };
            std::fs::write(self.folder.join(line.to_string()), voltage).map_err(|error| Error(error.to_string()))?;
        }
        Ok(())
    }
}

/// The voltage of each line.
fn voltages(folder: &Path) -> BTreeMap<u32, String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let line = |entry: std::fs::DirEntry| {
        (entry.file_name().to_str().unwrap().parse().unwrap(), std::fs::read_to_string(entry.path()).unwrap())
    };
    entries.map(line).collect()
}

fn is(expected: [(u32, &str); 3]) -> BTreeMap<u32, String> {
    expected.map(|(line, voltage)| (line, voltage.to_owned())).into()
}

/// The process that ends. The environment gives the folder of the lines and the way to end.
#[test]
#[ignore = "the other tests run it"]
fn probe() {
    let Ok(way) = std::env::var("PINS_WAY") else { return };
    let folder = PathBuf::from(std::env::var("PINS_FOLDER").unwrap());
    let config = Config {
        alarm: Some(27),
        states: [("on_state".to_owned(), 17), ("off_state".to_owned(), 18)].into(),
        active_low: std::env::var("PINS_ACTIVE_LOW").is_ok(),
        alarm_when_stopped: true,
        ..Config::default()
    };
    safe::on_panic();
    crash::on_fatal_signal().unwrap();
    let mut outboxes = Outboxes::new(Instant::now());
    let inbox = outboxes.open(8, false);
    let chip = Files { folder: folder.clone(), active_low: false };
    let pins = std::thread::spawn(move || run(&mut GpioSink::new(config, chip), &inbox, &OutputContext::default()));
    let labels = ["off_state", "on_state"].into_iter().collect();
    outboxes.send(&Event::Hello(Arc::new(DeviceInfo { labels, ..DeviceInfo::default() })));
    outboxes.send(&Event::StateChange(StateChange { index: 0, previous: None, state: Some(1), confidence: 1.0 }));
    outboxes.send(&Event::Alarm(Alarm {
        active: false,
        cause: 0,
        state: None,
        index: 0,
        unacknowledged: false,
        ..Alarm::default()
    }));
    // The parent reads the lines, then lets this process continue.
    std::io::stdin().read_line(&mut String::new()).unwrap();
    match way.as_str() {
        "panic" => {
            // In another thread.
            let _ = std::thread::spawn(|| panic!("as a test")).join();
            unreachable!("a panic ends the program");
        }
        "bad access" => {
            let _ = std::thread::spawn(|| raise(Signal::SIGSEGV)).join();
            unreachable!("a bad access ends the program");
        }
        "overflow" => {
            let _ = std::thread::spawn(|| deeper(0)).join();
            unreachable!("an overflowed stack ends the program");
        }
        "no memory" => std::alloc::handle_alloc_error(std::alloc::Layout::new::<u64>()),
        _ => {
            drop(outboxes);
            pins.join().unwrap();
        }
    }
}

/// Overflows the stack.
#[allow(unconditional_recursion)]
fn deeper(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 64]);
    deeper(depth + 1) + std::hint::black_box(room)[7]
}

/// Runs the probe to its end; returns the voltages while it ran and afterwards, and the exit status.
fn ended(way: &str, active_low: bool) -> (BTreeMap<u32, String>, BTreeMap<u32, String>, std::process::ExitStatus) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "probe", "--include-ignored", "--nocapture", "--test-threads=1"])
        .env("PINS_WAY", way)
        .env("PINS_FOLDER", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if active_low {
        command.env("PINS_ACTIVE_LOW", "");
    }
    let mut child = command.spawn().unwrap();
    // The line of the state that is reported is active.
    let active = if active_low { "low" } else { "high" };
    common::program::wait(
        || std::fs::read_to_string(folder.path().join("17")).is_ok_and(|voltage| voltage == active),
        || format!("the state's line, {way}"),
    );
    // The next event too.
    std::thread::sleep(Duration::from_millis(100));
    let during = voltages(folder.path());
    drop(child.stdin.take());
    let status = child.wait().unwrap();
    (during, voltages(folder.path()), status)
}

#[test]
fn a_panic_in_any_thread_leaves_the_pins_at_their_safe_levels_and_ends_the_program() {
    let (during, after, status) = ended("panic", false);
    assert_eq!(during, is([(17, "high"), (18, "low"), (27, "low")]));
    // The alarm line is configured to be active while the program does not run.
    assert_eq!(after, is([(17, "low"), (18, "low"), (27, "high")]));
    assert_eq!(status.signal(), Some(nix::libc::SIGABRT));
}

#[test]
fn a_crash_other_than_a_panic_leaves_the_pins_at_their_safe_levels() {
    let ways =
        [("bad access", nix::libc::SIGSEGV), ("overflow", nix::libc::SIGSEGV), ("no memory", nix::libc::SIGABRT)];
    for (way, signal) in ways {
        let (during, after, status) = ended(way, false);
        assert_eq!(during, is([(17, "high"), (18, "low"), (27, "low")]), "{way}");
        assert_eq!(after, is([(17, "low"), (18, "low"), (27, "high")]), "{way}");
        assert_eq!(status.signal(), Some(signal), "{way}");
    }
}

#[test]
fn an_orderly_exit_leaves_the_pins_at_their_safe_levels() {
    let (during, after, status) = ended("end", false);
    assert_eq!(during, is([(17, "high"), (18, "low"), (27, "low")]));
    assert_eq!(after, is([(17, "low"), (18, "low"), (27, "high")]));
    assert!(status.success());
}

#[test]
fn active_low_inverts_every_level_while_running_at_the_end_and_after_a_panic() {
    for way in ["end", "panic"] {
        let (during, after, _) = ended(way, true);
        assert_eq!(during, is([(17, "low"), (18, "high"), (27, "high")]), "{way}");
        assert_eq!(after, is([(17, "high"), (18, "high"), (27, "low")]), "{way}");
    }
}
