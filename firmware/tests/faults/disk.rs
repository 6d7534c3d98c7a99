//! A disk that cannot be written: full, or read-only. Both are real small file systems in a separate mount namespace, which
//! requires root.

use std::path::Path;
use std::process::{Command, Stdio};

use test_needs::needs;

use crate::common::place::Place;
use crate::common::program::{firmware, output, parse, verdicts};
use crate::common::{Devices, ramp};

/// `program` with a separate file system, mounted with `options` on `folder`.
fn on_own_disk(folder: &Path, options: &str, program: &str) -> Command {
    std::fs::create_dir_all(folder).unwrap();
    let mount = format!("mount -t tmpfs -o {options} tmpfs {}", folder.display());
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", &format!("{mount} && {program}"), "sh"]);
    command
}

/// Monitors with the status file on such a disk; returns the number of verdicts, the last report and standard error.
fn monitor(options: &str) -> (usize, serde_json::Value, String) {
    let place = Place::new("", 4, 1.0);
    let disk = place.path("disk");
    let text = std::fs::read_to_string(place.path("monitor.toml")).unwrap();
    let status = disk.join("status.json");
    let text = text.replace(place.status().to_str().unwrap(), status.to_str().unwrap());
    std::fs::write(place.path("monitor.toml"), text).unwrap();
    let fill = format!("(cat /dev/zero > {}/filler 2>/dev/null; true)", disk.display());
    let mut command = on_own_disk(&disk, options, &format!("{fill} && exec \"$@\""));
    command.arg(firmware()).args(["run", "--realtime", "--config"]).arg(place.path("monitor.toml"));
    let (code, lines, stderr) = output(command.arg("--wav").arg(place.wav()).stdin(Stdio::null()));
    assert_eq!(code, Some(0), "{stderr}");
    let lines = parse(&lines);
    (verdicts(&lines).len(), lines.last().unwrap().clone(), stderr)
}

#[needs(mount)]
#[test]
fn a_full_disk_costs_the_status_file_but_not_monitoring() {
    let (verdicts, last, stderr) = monitor("size=64k");
    // 4 s less a window, every 0.25 s.
    assert_eq!((verdicts, stderr.matches("status file").count()), (13, 1), "{stderr}");
    assert!(stderr.contains("No space left"), "{stderr}");
    assert!(last["dropped_reports"].as_u64().unwrap() > 0 && last["dropped_windows"] == 0);
}

#[needs(mount)]
#[test]
fn a_read_only_directory_costs_the_status_file_but_not_monitoring() {
    let (verdicts, last, stderr) = monitor("ro");
    assert_eq!((verdicts, stderr.matches("status file").count()), (13, 1), "{stderr}");
    assert!(stderr.contains("Read-only"), "{stderr}");
    assert!(last["dropped_reports"].as_u64().unwrap() > 0 && last["dropped_windows"] == 0);
}

/// Records 4 s in parts of one second, 32 kB each, on such a disk; returns exit code, standard error, and the files with
/// their sizes.
fn record(options: &str) -> (Option<i32>, String, Vec<String>) {
    let devices = Devices::new().paced("ramp", &ramp("S16_LE", 5 * 16_000, 1), "S16_LE", 16_000, 1);
    let out = devices.folder.path().join("disk");
    let list = format!("\"$@\"; code=$?; find {} -type f -printf '%f %s\\n' | sort; exit $code", out.display());
    let command = on_own_disk(&out, options, &list);
    let mut with_devices = devices.command(command.get_program());
    with_devices.args(command.get_args()).arg(firmware());
    with_devices.args([
        "record",
        "--label",
        "on",
        "--seconds",
        "4",
        "--part-seconds",
        "1",
        "--device",
        "ramp",
        "--out",
    ]);
    let (code, files, stderr) = output(with_devices.arg(&out).stdin(Stdio::null()));
    (code, stderr, files.lines().map(String::from).collect())
}

#[needs(mount)]
#[test]
fn a_full_disk_ends_a_recording_with_an_error_and_keeps_every_whole_part() {
    let (code, stderr, files) = record("size=100k");
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("is there space") && stderr.contains("No space left"), "{stderr}");
    // Three parts of 32 kB fit; the fourth is not there, not even in part.
    assert!((1..=3).contains(&files.len()), "{files:?}");
    assert!(files.iter().all(|file| file.contains("Z_00") && file.ends_with(".wav 32044")), "{files:?}");
}

#[needs(mount)]
#[test]
fn a_read_only_directory_ends_a_recording_with_an_error() {
    let (code, stderr, files) = record("ro");
    assert_eq!((code, files.len()), (Some(1), 0), "{stderr}");
    assert!(stderr.contains("may this user write there") && stderr.contains("Read-only"), "{stderr}");
}
