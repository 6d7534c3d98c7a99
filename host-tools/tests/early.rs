//! An output that cannot be written is refused before the long work.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::process::Command;

/// Runs the program on data and a model that do not exist: what it reports first is what it checks first.
fn refused(folder: &Path, args: &str) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_host-tools")).args(args.split(' ')).current_dir(folder).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{args}: {stderr}");
    stderr
}

/// A folder with a file in the way of outputs, which stops root too, and a file with the name of a recording.
fn scene() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["file", "a.wav", "b.wav"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    folder
}

#[test]
fn json_that_cannot_be_written_is_refused_first() {
    let scene = scene();
    for command in [
        "train --data none",
        "pipeline --data none",
        "anomaly --data none --normal on",
        "evaluate --data none",
        "features --data none --out table.parquet",
        "visualize --data none",
        "predict --model none a.wav",
        "history none.csv",
        "synth --out new",
        "sign --key new --generate --no-password",
        "fetch --base none",
    ] {
        let stderr = refused(scene.path(), &format!("{command} --json file/x.json"));
        assert!(stderr.contains("--json file/x.json cannot be written; name another file"), "{command}: {stderr}");
        // No more is left behind than there was.
        assert!(!scene.path().join("new").exists());
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_is_refused_first() {
    let scene = scene();
    for command in [
        "train --data none",
        "pipeline --data none",
        "anomaly --data none --normal on",
        "evaluate --data none",
        "visualize --data none",
        "history none.csv",
    ] {
        for out in ["file", "file/out"] {
            let stderr = refused(scene.path(), &format!("{command} --out {out}"));
            assert!(
                stderr.contains(&format!("--out {out} cannot be written to; name another folder")),
                "{command}: {stderr}"
            );
        }
    }
}

#[test]
fn another_output_that_cannot_be_written_is_refused_first() {
    let scene = scene();
    for (command, why) in [
        ("features --data none --out file/x.parquet", "--out file/x.parquet cannot be written"),
        ("report --data none --out file/x.html", "--out file/x.html cannot be written"),
        ("history none.csv --parquet file/x", "--parquet file/x cannot be written"),
        ("predict --model none a.wav --log file/x", "--log file/x cannot be written"),
        ("predict --model none a.wav --labels file/x", "--labels file/x cannot be written"),
        ("predict --model none a.wav b.wav --labels file", "--labels file cannot be written to; name another folder"),
        ("predict --model none a.wav b.wav --labels -", "--labels -: 2 recordings need a folder; name one"),
        ("pipeline --data none --test none.wav", "--test none.wav: name a recording"),
        ("anomaly --data none --normal on --fault-bands none.csv", "cannot read none.csv; name a table"),
    ] {
        let stderr = refused(scene.path(), command);
        assert!(stderr.contains(why), "{command}: {stderr}");
    }
}

#[test]
fn a_recording_that_no_wav_file_holds_is_refused_first() {
    let scene = scene();
    let stderr = refused(scene.path(), "synth --out new --rate 384000 --timeline-seconds 10000");
    assert!(stderr.contains("--timeline-seconds 10000: a WAV file of 384000 Hz holds at most 5592 s"), "{stderr}");
    assert!(!scene.path().join("new").exists());
}

#[test]
fn an_option_out_of_range_is_a_wrong_command_line() {
    for args in [&["bench", "--runs", "4294967295"][..], &["bench", "--isa", "scalar"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_host-tools")).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}
