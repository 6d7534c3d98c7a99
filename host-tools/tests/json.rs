//! The JSON documents of every command against their schemas.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

#[path = "../../shared/testing/schema.rs"]
mod schema;

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use test_needs::needs;

/// Runs a command in `folder` and returns its document, which is valid and of the command's name.
fn document(folder: &Path, line: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-tools"));
    let output = command.current_dir(folder).args(line.split(' ')).args(["--json", "-"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let document: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{line}: {error}: {stderr}"));
    schema::check(&document);
    let name = line.split(' ').next().unwrap();
    assert_eq!(document["schema"], format!("acoustic-monitor/{name}/1"), "{line}");
    document
}

/// 4 classes and faults, recorded on 4 machines; `data` has the classes alone, and a timeline.
fn recordings(folder: &Path) {
    document(folder, "synth --out all --recordings 4 --seconds 6 --timeline-seconds 20 --rate 16000 --faults");
    std::fs::create_dir(folder.join("data")).unwrap();
    for name in ["off_state", "on_state", "soft_state", "solid_state", "timeline"] {
        std::fs::rename(folder.join("all").join(name), folder.join("data").join(name)).unwrap();
    }
}

#[test]
fn the_documents_of_every_command_are_valid() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    recordings(folder);
    document(folder, "train --data data --out art --features logmel");
    let report = std::fs::read_to_string(folder.join("art/training_report.json")).unwrap();
    schema::check(&serde_json::from_str(&report).unwrap());
    let model = "--model art/sound_classifier.tflite";
    document(folder, &format!("evaluate --data data {model} --out figures"));
    document(folder, &format!("predict {model} data/timeline all/fault_knock all/fault_bands.csv"));
    document(folder, "features --data data --features logmel --out table.parquet");
    document(folder, "anomaly --data table.parquet --normal off_state,on_state --out figures");
    document(folder, "visualize --data data --features logmel --out figures");
    document(folder, "inspect art/sound_classifier.tflite --all");
    document(folder, "sign --key key --generate --no-password art/sound_classifier.tflite");
    document(folder, "pipeline --data data --features logmel --out runs");
    std::fs::write(
        folder.join("events.csv"),
        "number,time,clock,up_s,event,state,previous,confidence,active,cause,unacknowledged,by,seconds,detail,clip\r\n\
         1,2026-11-25T14:00:00.000Z,synchronised,0.000,start,,,,,,,,,0.1.0,\r\n\
         2,2026-11-25T14:00:02.000Z,synchronised,2.000,state,on_state,unknown,0.8301,,,,,,,\r\n\
         3,2026-11-25T14:10:00.000Z,synchronised,600.000,alarm,on_state,,,true,anomaly,true,,,,\r\n\
         4,2026-11-25T14:20:00.000Z,synchronised,1200.000,acknowledged,,,,,anomaly,,mqtt,,,\r\n\
         5,2026-11-25T16:00:00.000Z,synchronised,0.000,start,,,,,,,,,0.1.0,\r\n",
    )
    .unwrap();
    document(folder, "history events.csv --out figures");
}

// It measures an int8 network.
#[needs(base_model)]
#[test]
fn the_document_of_bench_is_valid() {
    document(Path::new("."), "bench --runs 1");
}

#[test]
fn the_documents_of_a_model_of_one_class_are_valid() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    recordings(folder);
    std::fs::create_dir(folder.join("one")).unwrap();
    std::fs::rename(folder.join("data/on_state"), folder.join("one/on_state")).unwrap();
    document(folder, "train --data one --out art --features logmel");
    document(folder, "evaluate --data one --model art/sound_classifier.tflite --out figures");
    document(folder, "predict --model art/sound_classifier.tflite one all/fault_knock");
}

#[test]
fn a_fault_of_the_serial_line_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bytes");
    std::fs::write(&file, [7, 1, 2, 3, 0, 9, 9, 0]).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-tools"));
    let output = command.args(["monitor", "--json", "--file"]).arg(&file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["kind"] == "damage"), "{text}");
    lines.iter().for_each(schema::check);
}
