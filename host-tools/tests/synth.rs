//! The `synth` command.

use std::process::{Command, Output};

use host_tools::{Dataset, JsonOut, Ui};
use monitor_sound::timeline::{self, Timeline};
use monitor_synth::{Options, State, make};

fn synth(arguments: &[&str]) -> std::io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_host-tools")).arg("synth").args(arguments).output()
}

#[test]
fn json_on_stdout_is_alone_there() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_string_lossy().into_owned();
    let small = ["--recordings", "1", "--seconds", "1", "--timeline-seconds", "3", "--rate", "8000", "--json", "-"];
    let output = synth(&[&["--out", &out], &small[..]].concat()).unwrap();
    assert!(output.status.success());
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((json["seed"].as_u64(), json["recordings"].as_array().unwrap().len()), (Some(1), 5));
    assert!(String::from_utf8_lossy(&output.stderr).contains("off_state"));
}

#[test]
fn impossible_values_are_usage_errors() {
    for wrong in [["--recordings", "0"], ["--rate", "4000"], ["--seconds", "many"], ["--seed", "-1"]] {
        let output = synth(&[&["--out", "never_made"], &wrong[..]].concat()).unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_a_plain_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = synth(&["--out", &file.to_string_lossy(), "--recordings", "1", "--seconds", "1"]).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("cannot write") && !error.contains("panicked"), "{error}");
}

#[test]
fn synthetic_recordings_are_read_as_a_data_set() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        Options { recordings: 4, machines: 3, faults: false, seed: 1, seconds: 2, timeline_s: 10, rate_hz: 16_000 };
    let summary = make(folder.path(), &options, |_| ()).unwrap();
    assert_eq!(summary.recordings.len(), 4 * 4 + 1);
    let dataset = Dataset::load(folder.path(), &Ui::new(&JsonOut::default())).unwrap();
    assert_eq!(dataset.classes, State::ALL.map(State::label));
    assert_eq!(dataset.groups, ["m00", "m01", "m02"]);
    assert_eq!((dataset.recordings.len(), dataset.skipped.len()), (16, 0));
    assert!(dataset.remarks.is_empty() && !dataset.within_recording);
    let timeline = Timeline::read(&timeline::beside(&dataset.timelines[0])).unwrap();
    assert_eq!(timeline.spans.last().unwrap().end_s, 10.0);
}

#[test]
fn files_of_another_set_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_string_lossy().into_owned();
    let small = ["--seconds", "1", "--timeline-seconds", "3", "--rate", "8000", "--json", "-"];
    let made = |more: &[&str]| synth(&[&["--out", &out], &small[..], more].concat()).unwrap();
    assert!(made(&["--recordings", "2", "--faults"]).status.success());
    let fewer = made(&["--recordings", "1"]);
    let json: serde_json::Value = serde_json::from_slice(&fewer.stdout).unwrap();
    assert_eq!(json["others"].as_array().unwrap().len(), 4 + 10);
}

/// Interrupted, as by Ctrl-C, it leaves no file: neither recordings nor temporary ones.
#[test]
#[cfg(unix)]
fn an_interrupted_synthesis_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("data");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_host-tools"))
        .args(["synth", "--recordings", "1000", "--seconds", "60", "--out"])
        .arg(&out)
        .spawn()
        .unwrap();
    let has_begun = || std::fs::read_dir(&out).is_ok_and(|mut entries| entries.next().is_some());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !has_begun() && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let interrupted = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success() && !child.wait().unwrap().success());
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 0);
}
