//! The commands that need a sound device, run on a paced one.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::fs;

use common::{Devices, ramp};
use serde_json::Value;

/// A ramp that wraps at full scale, since its samples are S16.
fn devices() -> Devices {
    Devices::new().paced("ramp", &ramp("S16_LE", 20 * 16_000, 1), "S16_LE", 16_000, 1)
}

/// `frames` frames of a square wave at 100 Hz with amplitude `height`.
fn square(height: i16, frames: u32) -> Vec<u8> {
    (0..frames).flat_map(|frame| if frame / 80 % 2 == 0 { height } else { -height }.to_le_bytes()).collect()
}

#[test]
fn record_writes_whole_files_named_as_parts_of_one_recording_and_bit_exact() {
    let devices = devices();
    let out = devices.folder.path().join("data");
    let output = devices
        .command(env!("CARGO_BIN_EXE_firmware"))
        .args(["record", "--label", "on_state", "--seconds", "2.5", "--part-seconds", "1", "--device", "ramp", "--out"])
        .arg(&out)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut files: Vec<_> = fs::read_dir(out.join("on_state")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let names: Vec<_> = files.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].ends_with("Z_000.wav") && names[1].ends_with("Z_001.wav") && names[0][..16] == names[1][..16]);
    let mut expected = 0u16;
    for file in &files {
        let bytes = fs::read(file).unwrap();
        assert_eq!(&bytes[..4], b"RIFF");
        assert_eq!(bytes.len(), 44 + 2 * 16_000);
        for sample in bytes[44..].chunks_exact(2) {
            assert_eq!(u16::from_le_bytes([sample[0], sample[1]]), expected);
            expected = expected.wrapping_add(1);
        }
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    // The ramp reaches full scale, and half a second is too short for a part.
    assert!(stderr.contains("samples are clipped") && stderr.contains("left out"), "{stderr}");
}

#[test]
fn record_stopped_by_a_signal_keeps_the_sound_so_far_and_fails() {
    use nix::sys::signal::{Signal, kill};
    let devices = devices();
    let out = devices.folder.path().join("data");
    let child = devices
        .command(env!("CARGO_BIN_EXE_firmware"))
        .args(["record", "--label", "off", "--seconds", "15", "--device", "ramp", "--out"])
        .arg(&out)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_secs(3));
    kill(nix::unistd::Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let files: Vec<_> = fs::read_dir(out.join("off")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    assert!(files[0].to_string_lossy().ends_with("_000.wav") && fs::metadata(&files[0]).unwrap().len() > 40_000);
}

#[test]
fn record_stopped_by_a_signal_before_any_sound_ends_at_once_with_an_error() {
    use nix::sys::signal::{Signal, kill};
    let devices = devices();
    let out = devices.folder.path().join("data");
    let child = devices
        .command(env!("CARGO_BIN_EXE_firmware"))
        .args(["record", "--label", "off", "--device", "hw:CARD=NoSuchCard", "--out"])
        .arg(&out)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_secs(1));
    let signalled = std::time::Instant::now();
    kill(nix::unistd::Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(signalled.elapsed() < std::time::Duration::from_secs(1), "{:?}", signalled.elapsed());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("stopped before there was any sound") && stderr.contains("NoSuchCard"), "{stderr}");
    assert!(!out.exists());
}

#[test]
fn record_from_an_absent_device_fails_with_an_error() {
    let devices = devices();
    let output = devices
        .command(env!("CARGO_BIN_EXE_firmware"))
        .args(["record", "--label", "on", "--device", "hw:CARD=NoSuchCard", "--out"])
        .arg(devices.folder.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains("hw:CARD=NoSuchCard") && stderr.contains("firmware devices"), "{stderr}");
}

fn doctor(devices: &Devices, device: &str) -> (Option<i32>, Value) {
    let output = devices
        .command(env!("CARGO_BIN_EXE_firmware"))
        .args(["doctor", "--json", "--seconds", "1", "--device", device])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{stderr}")))
}

fn verdict<'a>(report: &'a Value, name: &str) -> &'a str {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap()["verdict"].as_str().unwrap()
}

#[test]
fn doctor_finds_a_good_device_good() {
    let devices = Devices::new().paced("good", &square(3000, 160_000), "S16_LE", 16_000, 1);
    let (code, report) = doctor(&devices, "good");
    for check in ["device", "flow", "level", "clipping", "offset", "free space"] {
        assert_eq!(verdict(&report, check), "good", "{report:#}");
    }
    assert_eq!((code, &report["good"]), (Some(0), &Value::Bool(true)), "{report:#}");
}

#[test]
fn doctor_finds_clipping_and_fails() {
    let devices = Devices::new().paced("loud", &square(32_767, 160_000), "S16_LE", 16_000, 1);
    let (code, report) = doctor(&devices, "loud");
    assert_eq!((code, verdict(&report, "clipping")), (Some(1), "broken"), "{report:#}");
}

#[test]
fn doctor_finds_a_dead_microphone_and_a_missing_device_and_fails() {
    let devices = Devices::new().paced("dead", &[], "S16_LE", 16_000, 1);
    let (code, report) = doctor(&devices, "dead");
    assert_eq!((code, verdict(&report, "level")), (Some(1), "broken"), "{report:#}");
    let (code, report) = doctor(&devices, "hw:CARD=NoSuchCard");
    assert_eq!((code, verdict(&report, "device")), (Some(1), "broken"), "{report:#}");
}

#[test]
fn devices_lists_the_capabilities_of_a_device() {
    let devices = devices();
    let output = devices
        .command(env!("CARGO_BIN_EXE_firmware"))
        .args(["devices", "--json", "-", "ramp", "nope"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let report = &report["devices"];
    assert_eq!(report[0]["formats"], serde_json::json!(["S16_LE"]));
    assert_eq!(report[0]["rates"], serde_json::json!([16_000]));
    assert_eq!(report[0]["channels"], serde_json::json!([1, 1]));
    assert!(report[1]["error"].as_str().unwrap().contains("no such device"));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn refused_privileges_give_one_warning_with_the_remedy_and_the_program_continues() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("firmware");
    fs::copy(env!("CARGO_BIN_EXE_firmware"), &program).unwrap();
    // Drops the right to real-time priority where the user has it.
    let mut command = std::process::Command::new("prlimit");
    command.arg("--rtprio=0").arg(&program);
    // libasound's null device needs no privileges.
    command.args(["doctor", "--json", "--seconds", "0.5", "--device", "null", "--space", "/"]).current_dir("/");
    if nix::unistd::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verdict(&report, "device"), "good", "{report:#}");
    let checks = report["checks"].as_array().unwrap();
    let real_time = checks.iter().find(|check| check["name"] == "real time").unwrap();
    let remedy = real_time["remedy"].as_str().unwrap();
    assert!(
        remedy.contains("real-time scheduling: Operation not permitted") && remedy.contains("LimitRTPRIO"),
        "{remedy}"
    );
}

#[test]
fn validate_config_checks_states_against_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let (config, model) = (folder.path().join("monitor.toml"), folder.path().join("model.tflite"));
    fs::write(&model, common::model::loudness_model("off_state", "on_state")).unwrap();
    let validate = |text: &str, with_model: bool| {
        fs::write(&config, text).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_firmware"));
        command.arg("validate-config").arg(&config);
        if with_model {
            command.arg("--model").arg(&model);
        }
        let (code, _, stderr) = common::program::output(&mut command);
        (code, stderr)
    };
    let gone = format!("[listen]\nmodel = {:?}\n", folder.path().join("gone.tflite"));
    assert_eq!(validate("[gpio.states]\non_state = 4\nunknown = 5\n", true).0, Some(0));
    for (slip, key) in [
        ("[gpio.states]\non_stat = 4\n", "gpio.states"),
        ("[alarm]\nstates = [\"on_stat\"]\n", "alarm.states"),
        ("[decision]\nclass_confidence = { on_stat = 0.7 }\n", "decision.class_confidence"),
    ] {
        let (code, stderr) = validate(slip, true);
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains(key) && stderr.contains("on_stat\"") && stderr.contains("monitor.toml"), "{stderr}");
        assert!(stderr.contains("it has off_state, on_state, unknown"), "{stderr}");
        // Without the model the states cannot be checked, and a message reports that.
        let (code, stderr) = validate(&(gone.clone() + slip), false);
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stderr.contains("gone.tflite is not here"), "{stderr}");
    }
    // Without --model, the model named in the file is used.
    let (code, stderr) = validate(&format!("[listen]\nmodel = {model:?}\n[gpio.states]\non_stat = 4\n"), false);
    assert_eq!(code, Some(1), "{stderr}");
}

#[test]
fn an_invalid_option_is_a_usage_error_with_exit_code_2() {
    let wrong: [&[&str]; 11] = [
        &["run", "--hop", "7"],
        &["run", "--realtime"],
        &["check", "--hop", "nan", "x.wav"],
        &["doctor", "--seconds", "0"],
        &["doctor", "--device", ""],
        &["doctor", "--rate", "3"],
        &["record", "--out", "x", "--label", "../x"],
        &["record", "--out", "x", "--label", "on", "--seconds", "-1"],
        &["record", "--out", "x", "--label", "on", "--part-seconds", "x"],
        &["record", "--out", "x", "--label", "on", "--part-seconds", "0.5"],
        &["devices", "--no-such-option"],
    ];
    for args in wrong {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_firmware")).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_closed_output_pipe_causes_no_panic() {
    for args in
        [&["devices"][..], &["validate-config", "--print", concat!(env!("CARGO_MANIFEST_DIR"), "/monitor.toml")]]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let both = (writer.try_clone().unwrap(), writer);
        let status = std::process::Command::new(env!("CARGO_BIN_EXE_firmware"))
            .args(args)
            .stdout(both.0)
            .stderr(both.1)
            .status()
            .unwrap();
        assert!(matches!(status.code(), Some(0 | 1)), "{args:?}: {status}");
    }
}
