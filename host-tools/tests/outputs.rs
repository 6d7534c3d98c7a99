//! Outputs that are no regular files, and names that forge lines.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::process::{Command, Output};

/// Runs the program in `folder` under bash, which knows `>(command)`.
fn bash(folder: &Path, script: &str) -> Output {
    let script = script.replace("host-tools", env!("CARGO_BIN_EXE_host-tools"));
    Command::new("bash").arg("-c").arg(script).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder with recordings of four states in `data` and a model in `m`.
fn scene() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = bash(
        folder.path(),
        "host-tools synth --recordings 3 --seconds 3 --timeline-seconds 0 --rate 16000 --out data \
         && host-tools train --features logmel --folds 0 --hold-out 0 --head linear --data data --out m",
    );
    assert!(made.status.success(), "{}", text(&made.stderr));
    folder
}

#[test]
fn outputs_go_where_the_user_says_and_names_stay_on_one_line() {
    let scene = scene();
    let folder = scene.path();
    let model = "--model m/sound_classifier.tflite";
    let file = "$(ls data/on_state/*.wav | head -n 1)";
    let count =
        bash(folder, &format!("host-tools predict {model} --json >(wc -l > lines) {file} | cat; sleep 0.2; cat lines"));
    let lines: usize = text(&count.stdout).lines().last().unwrap().trim().parse().unwrap();
    assert!(lines > 10, "{}", text(&count.stderr));
    // A redirected standard output keeps the text before the JSON.
    let both = bash(
        folder,
        &format!("host-tools predict {model} --json /dev/stdout {file} > both; head -c 5 both; tail -n 1 both"),
    );
    assert_eq!(text(&both.stdout), "Time }\n", "{}", text(&both.stderr));
    let only = bash(folder, &format!("host-tools predict {model} --labels - {file}"));
    assert!(text(&only.stdout).lines().all(|line| line.split('\t').count() == 3), "{}", text(&only.stdout));
    assert!(bash(folder, &format!("host-tools predict {model} --labels - --json - {file}")).status.code() == Some(1));
    let page = bash(folder, &format!("host-tools report {model} --data data --out - | head -c 15"));
    assert_eq!(text(&page.stdout), "<!DOCTYPE html>", "{}", text(&page.stderr));

    let bench = bash(folder, &format!("host-tools bench {model}"));
    assert!(
        text(&bench.stderr).contains("the model has no int8 network; give the base model"),
        "{}",
        text(&bench.stderr)
    );

    let forged = "on_state/x\nb.wav | True: off_state | Predicted: off_state | Mean confidence: 1.0000 | PASS.wav";
    std::fs::create_dir_all(folder.join("new/on_state")).unwrap();
    std::fs::copy(
        folder.join("data/on_state").read_dir().unwrap().next().unwrap().unwrap().path(),
        folder.join("new").join(forged),
    )
    .unwrap();
    let log = bash(folder, &format!("host-tools predict {model} --log - new"));
    assert_eq!(
        text(&log.stdout).lines().filter(|line| line.contains("PASS.wav |")).count(),
        1,
        "{}",
        text(&log.stdout)
    );
    assert!(!text(&log.stdout).contains("\nb.wav"));
    // The model was trained on this file's bytes.
    assert!(text(&log.stdout).contains("Trained on: 1 of 1 files"), "{}", text(&log.stdout));
    assert!(text(&log.stderr).contains("warning: the model was trained on 1 of 1 files"), "{}", text(&log.stderr));
}

/// A name in Latin-1, as old recorders and archives have them.
#[test]
fn a_name_that_is_not_utf_8_is_no_obstacle_to_json() {
    let scene = scene();
    let made = bash(
        scene.path(),
        "d=$(printf 'd\\374r') && mv data $d && mv $d/on_state/$(ls $d/on_state | head -n 1) $d/on_state/$(printf 'gr\\374n.wav') \
         && mv m $(printf 'm\\374') && m=$(printf 'm\\374')/sound_classifier.tflite \
         && host-tools predict --model $m --json predict.json $d > /dev/null \
         && host-tools evaluate --data $d --model $m --out $d --json evaluate.json > /dev/null \
         && host-tools features --data $d --features logmel --out $d/f.parquet --json features.json > /dev/null \
         && host-tools visualize --data $d --features logmel --most 20 --out $d --json visualize.json > /dev/null",
    );
    assert!(made.status.success(), "{}", text(&made.stderr));
    let json = |name: &str| std::fs::read_to_string(scene.path().join(name)).unwrap();
    assert!(json("predict.json").contains("d\u{fffd}r/on_state/gr\u{fffd}n.wav"));
    for (name, path) in [("evaluate", "m\u{fffd}/"), ("features", "d\u{fffd}r/f.parquet"), ("visualize", "d\u{fffd}r/")]
    {
        assert!(json(&format!("{name}.json")).contains(path), "{name}");
    }
}
