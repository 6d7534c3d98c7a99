//! SIGKILL in the middle of every write of a whole `train`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../firmware/tests/faults/kill_at.rs"]
mod kill_at;

use std::path::Path;
use std::process::Command;

use kill_at::{at_every_write, files};

const FILES: [&str; 4] =
    ["sound_classifier.tflite", "sound_classifier_head.tflite", "training_history.png", "training_report.json"];

fn host_tools(args: &[&str], paths: &[(&str, &Path)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-tools"));
    command.args(args);
    for (option, path) in paths {
        command.arg(option).arg(path);
    }
    command
}

#[test]
fn sigkill_in_the_middle_of_every_write_of_a_training_leaves_the_old_model_or_the_new_one_and_only_whole_runs() {
    let folder = tempfile::tempdir().unwrap();
    let [data, table, fresh, out] = ["data", "table.parquet", "fresh", "out"].map(|name| folder.path().join(name));
    let small = ["synth", "--recordings", "3", "--seconds", "2", "--timeline-seconds", "0", "--rate", "16000"];
    let made = [
        host_tools(&small, &[("--out", &data)]),
        host_tools(&["features", "--features", "logmel"], &[("--data", &data), ("--out", &table)]),
    ];
    for mut command in made {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let train = |out: &Path| host_tools(&["train", "--folds", "0"], &[("--data", &table), ("--out", out)]);
    assert!(train(&fresh).output().unwrap().status.success());
    let new = FILES.map(|name| std::fs::read(fresh.join(name)).unwrap());

    let command = || {
        std::fs::create_dir_all(&out).unwrap();
        FILES.iter().for_each(|name| std::fs::write(out.join(name), "old").unwrap());
        train(&out)
    };
    let (mut old, mut replaced) = (0, 0);
    let kills = at_every_write(&out, command, |at| {
        for (name, new) in FILES.iter().zip(&new) {
            let bytes = std::fs::read(out.join(name)).unwrap();
            match bytes.as_slice() {
                b"old" => old += 1,
                bytes => {
                    assert!(bytes == new, "{name} is neither the old nor the new one after the {at}th call");
                    replaced += 1;
                }
            }
        }
        // What a killed training left is gone with the next.
        let (temporary, runs) = files(&out.join("runs"));
        assert!(files(&out).0.len() + temporary.len() <= 1, "they pile up: {temporary:?}");
        for run in runs {
            for (name, new) in FILES.iter().zip(&new) {
                assert!(&std::fs::read(run.join(name)).unwrap() == new, "{name} of {} after call {at}", run.display());
            }
        }
    });
    // Each of eight files: opened, written, synced, renamed, its folder synced; the rename of the run's folder; and what the one
    // killed before has left, removed.
    assert!(kills >= 41, "{kills}");
    assert!(old > 4 * 20 && replaced > 4, "{old} {replaced}");
}
