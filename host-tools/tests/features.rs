//! The `features` command, and its tables as input of the other commands.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::process::{Command, Output};

/// Runs the program in `folder`.
fn run(folder: &Path, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-tools"));
    command.current_dir(folder).args(line.split_whitespace()).output().unwrap()
}

/// Runs it and expects success.
fn done(folder: &Path, line: &str) {
    let output = run(folder, line);
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Runs it, expects failure, and returns the error.
fn refused(folder: &Path, line: &str) -> String {
    let output = run(folder, line);
    assert_eq!(output.status.code(), Some(1), "{line}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Four states of `machines` machines in `data`.
fn scene(machines: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let size = format!("--recordings {machines} --seconds 4 --timeline-seconds 0 --rate 16000");
    done(folder.path(), &format!("synth --out data {size}"));
    folder
}

const LOGMEL: &str = "--features logmel";
const TRAIN: &str = "train --head linear --folds 3";

#[test]
fn training_and_anomaly_from_tables_write_the_same_bytes_as_from_audio() {
    let scene = scene(4);
    let folder = scene.path();
    // A folder of its own for half of the classes, as of another machine's recordings.
    for (half, class) in [("a", "on_state"), ("a", "off_state"), ("b", "soft_state"), ("b", "solid_state")] {
        std::fs::create_dir_all(folder.join(half)).unwrap();
        let copied = std::fs::read_dir(folder.join("data").join(class)).unwrap().count();
        assert_eq!(copied, 4);
        std::fs::create_dir_all(folder.join(half).join(class)).unwrap();
        for entry in std::fs::read_dir(folder.join("data").join(class)).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.join(half).join(class).join(entry.file_name())).unwrap();
        }
    }
    // Groups by file name, so that the halves need no manifest.
    let _ = std::fs::remove_file(folder.join("data/manifest.csv"));
    for half in ["data", "a", "b"] {
        done(folder, &format!("features --data {half} --out {half}.parquet {LOGMEL}"));
    }
    done(folder, &format!("{TRAIN} --data data --out audio {LOGMEL}"));
    done(folder, &format!("{TRAIN} --data data.parquet --out one"));
    done(folder, &format!("{TRAIN} --data a.parquet b.parquet --out two"));
    done(folder, &format!("{TRAIN} --data b.parquet --data a.parquet --out three"));
    let trial = "anomaly --normal on_state,off_state";
    done(folder, &format!("{trial} --data data --out audio --json audio/anomaly.json {LOGMEL}"));
    done(folder, &format!("{trial} --data a.parquet b.parquet --out two --json two/anomaly.json"));
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    for file in ["sound_classifier.tflite", "sound_classifier_head.tflite", "training_report.json"] {
        for out in ["one", "two", "three"] {
            assert!(read(&format!("audio/{file}")) == read(&format!("{out}/{file}")), "{out}/{file}");
        }
    }
    for file in ["anomaly.json", "anomaly_roc.png", "anomaly_scores.png"] {
        assert!(read(&format!("audio/{file}")) == read(&format!("two/{file}")), "{file}");
    }
    // The same recordings twice are the same recordings.
    let output = run(folder, &format!("{TRAIN} --data data.parquet a.parquet --out twice"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("the same bytes as in data.parquet"), "{text}");
    assert!(read("audio/sound_classifier.tflite") == read("twice/sound_classifier.tflite"));
}

#[test]
fn a_table_with_other_settings_is_refused_with_both_settings() {
    let scene = scene(2);
    let folder = scene.path();
    done(folder, &format!("features --data data --out a.parquet {LOGMEL}"));
    done(folder, &format!("features --data data --out slow.parquet {LOGMEL} --hop 0.96"));
    let two_hops = refused(folder, &format!("{TRAIN} --data a.parquet slow.parquet --out out"));
    assert!(two_hops.contains("a.parquet") && two_hops.contains("slow.parquet"), "{two_hops}");
    assert!(two_hops.contains("0.48 s") && two_hops.contains("0.96 s"), "{two_hops}");
    let hop = refused(folder, &format!("{TRAIN} --data a.parquet --hop 0.96 --out out"));
    assert!(hop.contains("--hop 0.96") && hop.contains("0.48 s"), "{hop}");
    let features = refused(folder, &format!("{TRAIN} --data a.parquet --features hybrid --out out"));
    assert!(features.contains("--features hybrid") && features.contains("logmel"), "{features}");
    let mixed = refused(folder, &format!("{TRAIN} --data a.parquet data --out out"));
    assert!(mixed.contains("one folder"), "{mixed}");
}

#[test]
fn a_file_that_is_not_a_table_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for bytes in [&b""[..], b"PAR1", b"PAR1PAR1", b"PAR1\x15\x00\xff\xff\xff\x7fPAR1"] {
        std::fs::write(folder.path().join("x.parquet"), bytes).unwrap();
        let error = refused(folder.path(), &format!("{TRAIN} --data x.parquet --out out"));
        assert!(error.contains("x.parquet") && !error.contains("panicked"), "{error}");
    }
    let missing = refused(folder.path(), &format!("{TRAIN} --data none.parquet --out out"));
    assert!(missing.contains("none.parquet"), "{missing}");
}

#[test]
fn a_name_that_is_not_a_table_s_is_refused() {
    let error = refused(tempfile::tempdir().unwrap().path(), "features --data data --out features.csv");
    assert!(error.contains("features.csv") && error.contains(".parquet"), "{error}");
}

#[test]
fn changed_copies_are_the_same_for_the_same_seed_and_tables_have_none() {
    let scene = scene(3);
    let folder = scene.path();
    for (out, more) in [("plain", ""), ("one", "--augment 1"), ("two", "--augment 1")] {
        done(folder, &format!("train --head linear --folds 0 --data data --out {out} {LOGMEL} {more}"));
    }
    let model = |out: &str| std::fs::read(folder.join(out).join("sound_classifier.tflite")).unwrap();
    assert!(model("one") == model("two") && model("one") != model("plain"));
    // The name of the command in version 0.1 is still accepted.
    done(folder, &format!("embed --data data --out data.parquet {LOGMEL}"));
    let error = refused(folder, "train --data data.parquet --out tables --augment");
    assert!(error.contains("--augment") && error.contains("recordings"), "{error}");
}
