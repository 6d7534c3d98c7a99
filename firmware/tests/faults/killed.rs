//! SIGKILL in the middle of every write: one run for each call that changes a file, killed at that call.

use std::path::{Path, PathBuf};
use std::process::Command;

#[cfg(feature = "page")]
use firmware::config::overlay::Overlay;
#[cfg(feature = "page")]
use firmware::sinks::page::offline::OfflinePage;

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

/// The process that is killed: overrides a setting as the page does.
#[cfg(feature = "page")]
#[test]
#[ignore = "another test runs it"]
fn override_probe() {
    let Some(state) = std::env::var_os("KILLED_STATE").map(PathBuf::from) else { return };
    let mut overlay = Overlay::read(&state).unwrap();
    overlay.set(("alarm", "alarm"), Some(2.0.into()));
    overlay.write(&state).unwrap();
    overlay.set(("alarm", "alarm"), None);
    overlay.set(("notify", "quiet"), None);
    overlay.write(&state).unwrap();
}

#[cfg(feature = "page")]
#[test]
fn sigkill_in_the_middle_of_every_write_leaves_the_settings_of_before_or_of_after() {
    let state = tempfile::tempdir().unwrap();
    let command = || {
        std::fs::write(state.path().join("page.toml"), "[notify]\nquiet = \"22:00-06:00\"\n").unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "killed::override_probe", "--include-ignored", "--test-threads=1"]);
        command.env("KILLED_STATE", state.path());
        command
    };
    let mut seen = std::collections::BTreeMap::<(bool, bool), usize>::new();
    let kills = at_every_write(state.path(), command, |at| {
        let overlay = Overlay::read(state.path()).unwrap_or_else(|error| panic!("{error} after the {at}th call"));
        let has = |key| overlay.get(key).is_some();
        *seen.entry((has(("notify", "quiet")), has(("alarm", "alarm")))).or_default() += 1;
    });
    // Open, write, sync, rename and the sync of the folder; then the file that overrides nothing is removed, with a sync.
    assert_eq!(kills, 7);
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [((false, false), 2), ((true, false), 4), ((true, true), 2)]);
}

/// The process that is killed: labels a clip by a request to the page.
#[cfg(feature = "page")]
#[test]
#[ignore = "another test runs it"]
fn label_probe() {
    let Some(folder) = std::env::var_os("KILLED_FOLDER").map(PathBuf::from) else { return };
    let page = OfflinePage::new(&folder).unwrap();
    let body = format!(r#"{{"clip":"{CLIP}","parts":[{{"to_s":2.0,"answer":"fault"}}]}}"#);
    let head = "POST /api/label HTTP/1.1\r\nHost: pump\r\nOrigin: http://pump\r\nContent-Type: application/json\r\n";
    let session = "Cookie: monitor_session={session}\r\nX-Form-Token: {form}\r\n\r\n";
    let answer = page.ask(format!("{head}{session}{body}").as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

#[cfg(feature = "page")]
const CLIP: &str = "000001_unsure_unknown_1s.wav";

#[cfg(feature = "page")]
#[test]
fn sigkill_in_the_middle_of_every_write_leaves_the_labels_of_before_or_of_after_and_the_next_start_the_manifest_of_them()
 {
    let place = Place::new("", 1, 1.0);
    let teach = place.path("teach");
    place.configure(&format!("[teach]\nfolder = {teach:?}\nreserve_mib = 0\n"));
    let entry = teach.join(CLIP).with_extension("json");
    let manifest = teach.join("manifest.csv");
    let none = serde_json::json!({
        "facts": {
            "reason": "unsure", "unix_ms": 1, "synchronised": true, "model": "m", "state": null, "leading": null,
            "confidence": 0.5, "level_dbfs": -30.0, "anomaly": null, "explanation": "",
        },
        "seconds": 2.0,
        "spectrum": { "mean_db": vec![0.0; 64], "deviation_db": vec![0.0; 64] },
        "parts": [],
    });
    let command = || {
        std::fs::create_dir_all(&teach).unwrap();
        let _ = std::fs::remove_file(&manifest);
        std::fs::write(teach.join(CLIP), [0; 100]).unwrap();
        std::fs::write(&entry, none.to_string()).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "killed::label_probe", "--include-ignored", "--test-threads=1"]);
        command.env("KILLED_FOLDER", place.folder.path());
        command
    };
    let (mut before, mut after) = (0, 0);
    let wav = place.wav();
    let kills = at_every_write(&teach, command, |at| {
        let found: serde_json::Value = serde_json::from_slice(&std::fs::read(&entry).unwrap()).unwrap();
        let labels = found["parts"].as_array().unwrap_or_else(|| panic!("torn at the {at}th call")).len();
        (before, after) = (before + usize::from(labels == 0), after + labels);
        // A manifest that is there is whole; the next start writes it from the entries, and removes the remains.
        let text = std::fs::read_to_string(&manifest).unwrap_or_default();
        assert!(text.is_empty() || text.ends_with(",fault\n"), "{text} after the {at}th call");
        assert!(place.run(&["--realtime", "--wav", wav.to_str().unwrap()]).output().unwrap().status.success());
        let text = std::fs::read_to_string(&manifest).unwrap_or_default();
        assert_eq!(
            text.lines().skip(1).filter(|row| row.starts_with(CLIP)).count(),
            labels,
            "{text} after the {at}th call"
        );
        assert_eq!(files(&teach).0, [] as [PathBuf; 0]);
    });
    // The entry and the manifest: open, write, sync, rename and the sync of the folder for each.
    assert_eq!((kills, before, after), (10, 4, 7));
}

#[test]
fn sigkill_in_the_middle_of_every_write_leaves_only_whole_clips_to_label_each_with_its_entry() {
    let place = Place::new("", 1, 3.0);
    let teach = place.path("teach");
    let queue = "clip_s = 2.0\nconfidence = 1.0\nunsure_s = 0.5\npause_s = 0.0\nreserve_mib = 0\n";
    place.configure(&format!("[teach]\nfolder = {teach:?}\n{queue}"));
    let wav = place.wav();
    let command = || {
        let _ = std::fs::remove_dir_all(&teach);
        place.run(&["--realtime", "--wav", wav.to_str().unwrap()])
    };
    let mut whole = 0;
    let kills = at_every_write(&teach, command, |at| {
        let (temporary, others) = files(&teach);
        assert!(temporary.len() <= 1, "{temporary:?}");
        for clip in others.iter().filter(|file| file.extension().is_some_and(|kind| kind == "wav")) {
            let mut reader = monitor_model::wav::WavReader::open(clip).unwrap();
            let mut samples = vec![0.0; 200_000];
            assert!(reader.read(&mut samples).unwrap() >= 47_000, "{} after the {at}th call", clip.display());
            let entry = std::fs::read(clip.with_extension("json")).unwrap();
            assert!(serde_json::from_slice::<serde_json::Value>(&entry).is_ok(), "torn at the {at}th call");
            whole += 1;
        }
    });
    assert!(kills >= 10 && whole >= 1, "{kills} kills, {whole} whole clips");
    assert_eq!(files(&teach).0, [] as [PathBuf; 0]);
}
