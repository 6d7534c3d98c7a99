//! One recording through every input of the program: the verdicts are bit-identical, before and after the decision.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::Devices;
use common::model::{loudness_model, loudness_model_with_anomaly_score, noise, write_wav};
use common::program::{Program, Verdict, firmware, output, parse, verdicts};
use monitor_core::features::FeatureKind;
use monitor_export::test_network;
use serde_json::Value;

const HOP: &str = "0.25";

struct Place {
    folder: tempfile::TempDir,
    samples: Vec<i16>,
    model: Vec<u8>,
}

impl Place {
    fn new(model: Vec<u8>, parts: usize) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), samples: noise(parts, 1.5), model };
        write_wav(&place.path("sound.wav"), &place.samples);
        std::fs::write(place.path("model.tflite"), &place.model).unwrap();
        place
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn raw(&self) -> Vec<u8> {
        self.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
    }

    /// The verdicts of `host-tools predict`. Runs the program named by `HOST_TOOLS`, otherwise compiles it.
    fn expected(&self) -> Vec<Verdict> {
        let compiled = std::env::var_os("HOST_TOOLS").map(Command::new);
        let mut command = compiled.unwrap_or_else(|| {
            let mut command = Command::new(env!("CARGO"));
            command.args(["run", "--quiet", "--locked", "--package", "host-tools", "--"]);
            command
        });
        command
            .args(["predict", "--json", "-", "--hop", HOP, "--model"])
            .args([self.path("model.tflite"), self.path("sound.wav")])
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        let (code, text, stderr) = output(command.stdin(Stdio::null()));
        assert_eq!(code, Some(0), "predict: {stderr}");
        let report: Value = serde_json::from_str(&text).unwrap();
        let windows = report["files"][0]["windows"].as_array().unwrap();
        let number = |value: &Value| value.as_f64().unwrap();
        let verdict = |(index, window): (u64, &Value)| Verdict {
            index,
            start_s: number(&window["start_s"]),
            state: window["state"].as_str().unwrap().into(),
            confidence: number(&window["state_confidence"]),
            level_dbfs: number(&window["level_dbfs"]),
            anomaly: window["anomaly"].as_f64(),
            alarm: window["anomaly_alarm"] == true,
            probabilities: window["probabilities"].as_array().unwrap().iter().map(number).collect(),
        };
        (0..).zip(windows).map(verdict).collect()
    }

    fn firmware(&self, more: &[&str]) -> Command {
        let mut command = Command::new(firmware());
        command.args(more).arg("--hop").arg(HOP).arg("--model").arg(self.path("model.tflite"));
        command
    }
}

fn all_inputs(place: &Place, realtime: bool) -> Vec<Verdict> {
    let expected = place.expected();
    assert!(expected.len() > 8);
    let wav = place.path("sound.wav");
    let wav = wav.to_str().unwrap();

    let (_, checked, stderr) = output(place.firmware(&["check", "--json", wav]).stdin(Stdio::null()));
    assert_eq!(verdicts(&parse(&checked)), expected, "check: {stderr}");

    let (_, run, stderr) = output(&mut place.firmware(&["run", "--wav", wav]));
    assert_eq!(verdicts(&parse(&run)), expected, "run --wav: {stderr}");

    // Raw frames on standard input in the default form of the configuration: S16, mono, 48 kHz.
    let mut program = Program::start(place.firmware(&["run", "--stdin"]));
    program.child.stdin.take().unwrap().write_all(&place.raw()).unwrap();
    let (_, _, lines, stderr) = program.end();
    assert_eq!(verdicts(&lines), expected, "run --stdin: {stderr}");

    if realtime {
        let (_, run, stderr) = output(&mut place.firmware(&["run", "--realtime", "--wav", wav]));
        assert_eq!(verdicts(&parse(&run)), expected, "run --wav --realtime: {stderr}");
        assert_eq!(over_alsa(place, expected.len() - 1), expected[..expected.len() - 1], "run over ALSA");
    }
    expected
}

/// The first windows through libasound, mmap, the capture thread and the ring, in real time.
fn over_alsa(place: &Place, windows: usize) -> Vec<Verdict> {
    let devices = Devices::new().paced("microphone", &place.raw(), "S16_LE", 48_000, 1);
    let mut command = devices.command(firmware());
    command.args(["run", "--device", "microphone", "--hop", HOP, "--model"]).arg(place.path("model.tflite"));
    let program = Program::start(command);
    program.wait("windows over ALSA", |program| program.reports("verdict").len() >= windows);
    program.signal(nix::sys::signal::Signal::SIGTERM);
    let (_, _, lines, _) = program.end();
    verdicts(&lines).into_iter().take(windows).collect()
}

#[test]
fn the_verdicts_are_the_same_through_every_input() {
    let verdicts = all_inputs(&Place::new(loudness_model("off_state", "on_state"), 4), true);
    assert!(
        verdicts.iter().any(|window| window.state == "on_state")
            && verdicts.iter().all(|window| window.anomaly.is_none())
    );
}

#[test]
fn the_verdicts_of_a_model_with_an_anomaly_score_are_the_same_through_every_input() {
    let verdicts = all_inputs(&Place::new(loudness_model_with_anomaly_score("off_state", "on_state"), 4), true);
    // There is no score until the mean is settled, and none is lost from then on.
    let first = verdicts.iter().position(|window| window.anomaly.is_some()).unwrap();
    let scores: Vec<f64> = verdicts[first..].iter().map(|window| window.anomaly.unwrap()).collect();
    assert!(first > 0);
    assert!(scores.iter().any(|score| *score != scores[0]), "{scores:?}");
    let alarms: Vec<bool> = verdicts.iter().map(|window| window.alarm).collect();
    assert!(alarms.contains(&true) && !alarms[0], "{scores:?} {alarms:?}");
}

#[test]
fn the_verdicts_of_a_recording_with_digital_silence_are_the_same_through_every_input() {
    let mut place = Place::new(loudness_model("off_state", "on_state"), 3);
    let at = place.samples.len() * 2 / 3;
    place.samples.splice(at..at, vec![0; 3 * 48_000]);
    write_wav(&place.path("sound.wav"), &place.samples);
    let states: Vec<String> = all_inputs(&place, true).into_iter().map(|window| window.state).collect();
    let dead = states.iter().rposition(|state| state == "unknown").unwrap();
    assert!(states[..dead].iter().any(|state| state != "unknown"), "{states:?}");
}

#[test]
fn the_verdicts_of_the_network_are_the_same_through_every_input() {
    all_inputs(&Place::new(test_network::from_waveform().unwrap(), 3), false);
    all_inputs(&Place::new(test_network::classifier(FeatureKind::Hybrid).unwrap(), 3), false);
}

#[test]
fn check_prints_the_lines_of_predict_and_confirms_that_the_model_runs() {
    let place = Place::new(loudness_model("off_state", "on_state"), 2);
    let wav = place.path("sound.wav");
    let mut command = Command::new(firmware());
    command.arg("check").arg("--model").arg(place.path("model.tflite")).arg(&wav);
    let (code, text, stderr) = output(&mut command);
    assert_eq!(code, Some(0));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("Time 0.00s: off_state ("), "{text}");
    assert!(lines[1].contains("| Chunk: (16000,) | Inference: "), "{text}");
    assert!(stderr.contains("the model runs"), "{stderr}");
    // A truncated model and a recording that is too short are rejected with a message.
    std::fs::write(place.path("model.tflite"), &place.model[..1000]).unwrap();
    let (code, _, stderr) = output(&mut command);
    assert_eq!(code, Some(1), "{stderr}");
    std::fs::write(place.path("model.tflite"), &place.model).unwrap();
    write_wav(&wav, &place.samples[..4_800]);
    let (code, _, stderr) = output(&mut command);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("shorter than one window"), "{stderr}");
}

#[test]
fn check_states_digital_silence_and_the_faults_of_the_microphone() {
    let place = Place::new(loudness_model("off_state", "on_state"), 1);
    let wav = place.path("sound.wav");
    let check = |samples: &[i16]| {
        write_wav(&wav, samples);
        let mut command = Command::new(firmware());
        let (code, _, stderr) = output(command.arg("check").arg("--model").arg(place.path("model.tflite")).arg(&wav));
        assert_eq!(code, Some(0), "{stderr}");
        stderr
    };
    let silent = check(&[0; 4 * 48_000]);
    assert!(silent.contains("sound.wav: every sample is 0: muted, not connected"), "{silent}");
    assert!(silent.contains("Dead microphone: 3 of 4 s (digital silence"), "{silent}");
    let stuck = check(&[8192; 4 * 48_000]);
    assert!(stuck.contains("every sample is 0.25: a broken converter"), "{stuck}");
    let loud = |at: usize| if (at / 100).is_multiple_of(2) { i16::MAX } else { i16::MIN };
    let clipped = check(&(0..4 * 48_000).map(loud).collect::<Vec<_>>());
    assert!(clipped.contains("Microphone: clipped, at least for a time"), "{clipped}");
    let alive = check(&place.samples);
    assert!(!alive.contains("every sample") && !alive.to_lowercase().contains("microphone"), "{alive}");
}
