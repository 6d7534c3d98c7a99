//! SIGKILL in the middle of every write: one run for each call that changes a file, killed at that call.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::place::{Place, status_of};
use crate::common::program::firmware;
use crate::common::{Devices, ramp};
use crate::kill_at::{at_every_write, files};

/// The process that is killed: overwrites a file with 200 kB, as models and reports are written.
#[test]
#[ignore = "the other tests run it"]
fn probe() {
    let Some(file) = std::env::var_os("KILLED_FILE") else { return };
    monitor_model::atomic_file::write(Path::new(&file), &[b'n'; 200_000]).unwrap();
}

#[test]
fn sigkill_in_the_middle_of_every_write_leaves_the_old_model_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.tflite");
    let command = || {
        std::fs::write(&file, [b'o'; 100_000]).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "killed::probe", "--include-ignored", "--test-threads=1"]).env("KILLED_FILE", &file);
        command
    };
    let (mut old, mut new) = (0, 0);
    let kills = at_every_write(folder.path(), command, |at| {
        let bytes = std::fs::read(&file).unwrap();
        match bytes.len() {
            100_000 => old += usize::from(bytes.iter().all(|byte| *byte == b'o')),
            200_000 => new += usize::from(bytes.iter().all(|byte| *byte == b'n')),
            other => panic!("{other} bytes after the {at}th call"),
        }
    });
    // Killed at open, write, sync, rename and the sync of the folder; the last run completes.
    assert_eq!((kills, old, new), (5, 4, 2));
}

#[test]
fn sigkill_in_the_middle_of_every_write_leaves_a_whole_status_file_and_the_next_run_tidies_up() {
    let place = Place::new("", 1, 2.0);
    // A separate folder, so that writes of the recording and the model do not count.
    let folder = place.path("status");
    std::fs::create_dir(&folder).unwrap();
    let text = std::fs::read_to_string(place.path("monitor.toml")).unwrap();
    let status = folder.join("status.json");
    let text = text.replace(place.status().to_str().unwrap(), status.to_str().unwrap());
    std::fs::write(place.path("monitor.toml"), text).unwrap();
    let wav = place.wav();
    let command = || {
        std::fs::write(&status, r#"{"old":1}"#).unwrap();
        let mut command = place.run(&["--wav", wav.to_str().unwrap()]);
        command.env("RUST_BACKTRACE", "0");
        command
    };
    let mut left = 0;
    let kills = at_every_write(&folder, command, |at| {
        // Only an orderly exit removes the file.
        let found = status_of(&status);
        assert!(found.is_some() || !status.exists(), "torn at the {at}th call");
        let (temporary, _) = files(&folder);
        left = left.max(temporary.len());
        assert!(temporary.len() <= 1, "temporary files accumulate: {temporary:?}");
    });
    assert!(kills >= 6 && left == 1, "{kills} kills, {left} temporary files");
    assert_eq!(files(&folder), (vec![], vec![]));
}

#[test]
fn sigkill_in_the_middle_of_every_write_leaves_the_latched_alarms_of_before_or_of_after() {
    let place = Place::new("[alarm]\nstates = [\"on_state\"]\nlatch = true\n", 2, 2.0);
    let state = place.state();
    let kept = state.join(firmware::alarms::latch_store::NAME);
    let wav = place.wav();
    let command = || {
        std::fs::create_dir_all(&state).unwrap();
        // An alarm is stored from an earlier run, and this run adds another one.
        std::fs::write(&kept, "microphone\n").unwrap();
        place.run(&["--realtime", "--wav", wav.to_str().unwrap()])
    };
    let (mut before, mut after) = (0, 0);
    let kills = at_every_write(&state, command, |at| match std::fs::read_to_string(&kept).unwrap().as_str() {
        "microphone\n" => before += 1,
        "state\nmicrophone\n" => after += 1,
        other => panic!("{other:?} after the {at}th call"),
    });
    // The same calls; the next start removes the remains of a killed run.
    assert!(kills >= 5 && before >= 4 && after >= 2, "{kills} {before} {after}");
    assert_eq!(files(&state).0, [] as [PathBuf; 0]);
}

#[test]
fn sigkill_in_the_middle_of_every_write_leaves_only_whole_parts_of_a_recording() {
    let devices = Devices::new().paced("ramp", &ramp("S16_LE", 3 * 16_000, 1), "S16_LE", 16_000, 1);
    let out = devices.folder.path().join("data");
    let command = || {
        let mut command = devices.command(firmware());
        command.args(["record", "--label", "on", "--seconds", "1", "--device", "ramp", "--out"]).arg(&out);
        command
    };
    let mut whole = 0;
    let kills = at_every_write(&out, command, |at| {
        for part in files(&out.join("on")).1 {
            let mut reader = monitor_model::wav::WavReader::open(&part).unwrap();
            let mut samples = vec![0.0; 20_000];
            assert_eq!(reader.read(&mut samples).unwrap(), 16_000, "{} after the {at}th call", part.display());
            whole += 1;
        }
    });
    assert!(kills >= 5 && whole >= 2, "{kills} kills, {whole} whole files");
}
