//! `host-tools synth` as a person calls it.

use std::process::{Command, Output};

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
