//! `host-tools inspect` as a person and a machine see it.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::process::{Command, Output};

use monitor_core::features::FeatureKind;
use monitor_core::model_card::{ModelCard, ScoreSummary, TrainingSummary};
use monitor_export::{self as export, Dense, test_network};
use ndarray::Array2;
use serde_json::Value;

fn inspect(file: &Path, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_host-tools")).arg("inspect").arg(file).args(options).output().unwrap()
}

/// A linear model on log-mel statistics, in a file of its own.
fn model(folder: &Path) -> std::path::PathBuf {
    let training = TrainingSummary {
        recordings: 3,
        windows: 60,
        groups: 3,
        seed: 1,
        folds: 3,
        macro_f1: Some(0.875),
        recording_hashes: &[7; 24],
        ..TrainingSummary::default()
    };
    let score = ScoreSummary { groups: 4, recording_hashes: &[9; 8] };
    let card = ModelCard { training, score, ..ModelCard::untrained(FeatureKind::LogMel) };
    let head = Dense { weights: Array2::from_elem((2, 128), 0.5), bias: vec![0.0; 2], relu: false };
    let labels = ["good".to_owned(), "bad".to_owned()];
    let path = folder.join("model.tflite");
    std::fs::write(&path, export::classifier(FeatureKind::LogMel, None, &[head], &labels, &card).unwrap()).unwrap();
    path
}

#[test]
fn a_person_sees_operators_labels_metadata_and_card() {
    let folder = tempfile::tempdir().unwrap();
    let output = inspect(&model(folder.path()), &[]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "  recognised   front end, head on logmel features: 128 -> 2 softmax",
        "  0  good",
        "COMPLEX_ABS",
        "  input        audio_clip, 16000 Hz, 1 channel(s)",
        "  trained on     3 recordings in 3 groups, 60 windows every 0.48 s, seed 1",
        "  anomaly score  fitted to 4 groups; 1 of their files was held out from the head",
        "  validated      macro-F1 0.875 over 3 folds",
    ] {
        assert!(text.contains(line), "{line:?} is not in:\n{text}");
    }
    assert!(text.lines().all(|line| line.trim_end() == line), "no line ends in spaces");
}

#[test]
fn a_machine_gets_the_same_as_json_and_nothing_else_on_stdout() {
    let folder = tempfile::tempdir().unwrap();
    let output = inspect(&model(folder.path()), &["--json", "-"]);
    let view: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(view["labels"], serde_json::json!(["good", "bad"]));
    assert_eq!(view["operators"][6]["operator"], "PAD");
    assert_eq!(view["tensors"][0]["shape"], serde_json::json!([1, 15600]));
    assert_eq!(view["card"]["recording_hashes"], 3);
    assert_eq!((&view["card"]["score_groups"], &view["card"]["score_hashes"]), (&4.into(), &1.into()));
    assert_eq!(view["problems"], serde_json::json!([]));
}

#[test]
fn a_model_with_yamnets_own_classifier_shows_its_521_labels() {
    let base = test_network::from_waveform().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("yamnet.tflite");
    std::fs::write(&path, base).unwrap();
    let view: Value = serde_json::from_slice(&inspect(&path, &["--json", "-"]).stdout).unwrap();
    assert_eq!(view["labels"].as_array().unwrap().len(), 521);
    assert_eq!(view["recognised"], "front end, int8 body of 27 convolutions, 521 scores");
}

#[test]
fn a_file_cut_short_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path());
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..1000]).unwrap();
    let output = inspect(&path, &[]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("model.tflite") && text.contains("truncated"), "{text}");
}
