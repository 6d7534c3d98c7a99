//! The `predict` command: text, JSON and log.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../shared/core/tests/common/mod.rs"]
mod common;

use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use host_tools::{named_contents, predict_recording};
use monitor_core::features::FeatureKind;
use monitor_core::model_card::ModelCard;
use monitor_core::pipeline::Verdict;
use monitor_export::{self as export, Dense, test_network};
use monitor_model::owned::{Memory, OwnedModel};
use monitor_model::wav::WavReader;
use ndarray::Array2;
use test_needs::needs;

/// A model that takes the mean level of the bands for the state: silence is `off_state`, noise is `on_state`.
fn model(path: &Path) {
    // Silence is ln(0.001) = -6.9 in every band, noise at a tenth of full scale about 0.
    let weights = Array2::from_shape_fn((2, 128), |(class, i)| match (class, i < 64) {
        (1, true) => 0.1,
        _ => 0.0,
    });
    let head = [Dense { weights, bias: vec![0.0, 0.1 * 64.0 * 3.5], relu: false }];
    let kind = FeatureKind::LogMel;
    let card = ModelCard::untrained(kind);
    let labels = ["off_state", "on_state"].map(String::from);
    std::fs::write(path, export::classifier(kind, None, &head, &labels, &card).unwrap()).unwrap();
}

/// `quiet` seconds of silence, then `loud` seconds of noise.
fn wav(path: &Path, rate_hz: u32, quiet: f64, loud: f64) {
    let mut state = 1_u32;
    monitor_model::wav::write(path, rate_hz, 1, |writer| {
        let frames = |seconds: f64| (seconds * f64::from(rate_hz)) as usize;
        writer.push(&vec![0.0; frames(quiet)])?;
        for _ in 0..frames(loud) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            writer.push(&[((state >> 8) as f32 / 8_388_608.0 - 1.0) * 0.1])?;
        }
        Ok(())
    })
    .unwrap();
}

fn predict(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-tools"));
    command.current_dir(folder).args(["predict", "--model", "model.tflite"]);
    command
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A folder with the model and two recordings.
fn scene() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    model(&folder.path().join("model.tflite"));
    wav(&folder.path().join("data/on_state/a.wav"), 48_000, 0.0, 3.0);
    wav(&folder.path().join("data/off_state/b.wav"), 44_100, 5.0, 2.0);
    folder
}

#[test]
fn a_window_per_second_is_a_line_as_in_the_original_system() {
    let folder = scene();
    let output = run(predict(folder.path()).arg("data/off_state/b.wav"));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let stdout = text(&output.stdout);
    let lines: Vec<_> = stdout.lines().filter(|line| line.starts_with("Time ")).collect();
    assert_eq!(lines.len(), 7, "{stdout}");
    for (second, line) in lines.iter().enumerate() {
        let state = if second < 5 { "off_state" } else { "on_state" };
        let start = format!("Time {second}.00s: {state} (");
        assert!(line.starts_with(&start) && line.contains(") | Chunk: (16000,) | Inference: "), "{line}");
        assert!(line.ends_with("ms"), "{line}");
    }
    assert!(stdout.contains("Most frequent: off_state, 5 of 7 s"), "{stdout}");
    assert!(stdout.contains("off_state  5.0 s  5 windows"), "{stdout}");
    assert!(stdout.contains("inference p50") && stdout.contains("x real time"), "{stdout}");
}

#[test]
fn several_recordings_are_printed_in_order_and_then_the_speed_of_all() {
    let folder = scene();
    let files: Vec<String> = (0..6).map(|index| format!("data/{index}.wav")).collect();
    for (index, file) in files.iter().enumerate() {
        // The first takes the longest.
        wav(&folder.path().join(file), 48_000, f64::from(8 - index as u32), 1.0);
    }
    let output = run(predict(folder.path()).args(&files).args(["--json", "figures.json"]));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let stdout = text(&output.stdout);
    let shown: Vec<_> = stdout.lines().filter_map(|line| line.strip_prefix("== ")).collect();
    assert_eq!(shown, files, "{stdout}");
    for (file, rest) in files.iter().zip(stdout.split("== ").skip(1)) {
        assert!(rest.starts_with(file) && rest.contains(&format!("Summary of {file}: ")), "{rest}");
    }
    // 9 + 8 + 7 + 6 + 5 + 4 seconds.
    let last = stdout.lines().last().unwrap();
    assert!(last.starts_with("6 recordings, 39.0 s of sound in ") && last.ends_with("x real time"), "{last}");
    let figures: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("figures.json")).unwrap()).unwrap();
    assert_eq!(figures["speed"]["seconds"], 39.0);
}

#[test]
fn windows_that_several_cores_compute_are_those_of_one_listener_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let (file, sound) = (folder.path().join("model.tflite"), folder.path().join("long.wav"));
    model(&file);
    wav(&sound, 48_000, 6.0, 10.0);
    let model = OwnedModel::load(&file).unwrap();
    let contents = named_contents(&model).unwrap();
    let classifier = contents.classifier.clone();

    // A window every 50 ms: several batches, the last of them not full.
    let mut expected = Vec::new();
    let mut collect = |verdict: &Verdict<'_>| expected.push((verdict.start_sample, verdict.probabilities.to_vec()));
    let mut memory = Memory::new(&classifier, 48_000).unwrap();
    let mut pipeline = memory.pipeline(classifier.clone(), 48_000, 5).unwrap();
    let (mut reader, mut samples) = (WavReader::open(&sound).unwrap(), vec![0.0; 16 * 48_000]);
    assert_eq!(reader.read(&mut samples).unwrap(), samples.len());
    pipeline.push(&samples, &mut collect);
    pipeline.finish(&mut collect);
    assert!(expected.len() > 290, "{}", expected.len());

    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let judge = || contents.judge(5).unwrap();
        let mut found = Vec::new();
        let result = pool.install(|| {
            predict_recording(&sound, &classifier, 5, judge(), |concluded| {
                let start = (concluded.window.start_s * 16_000.0).round() as u64;
                found.push((start, concluded.probabilities.to_vec()));
                ControlFlow::Continue(())
            })
        });
        let result = result.unwrap();
        assert_eq!(found, expected, "{threads} threads");
        assert_eq!((result.windows.len(), result.seconds), (expected.len(), 16.0));
        let stopped =
            pool.install(|| predict_recording(&sound, &classifier, 5, judge(), |_| ControlFlow::Break(()))).unwrap();
        assert_eq!(stopped.windows.len(), 1);
    }
}

#[test]
fn the_hop_is_free() {
    let folder = scene();
    let output = run(predict(folder.path()).args(["data/on_state/a.wav", "--hop", "0.1"]));
    let stdout = text(&output.stdout);
    let lines: Vec<_> = stdout.lines().filter(|line| line.starts_with("Time ")).collect();
    // 3 s hold windows that start at 0, 0.1 .. 2.0.
    assert_eq!(lines.len(), 21, "{stdout}");
    assert!(lines[1].starts_with("Time 0.10s") && lines[1].contains("Chunk: (1600,)"), "{}", lines[1]);
}

#[test]
fn the_log_compares_each_file_with_its_folder_and_is_reproducible() {
    let folder = scene();
    std::fs::write(folder.path().join("data/off_state/broken.wav"), b"no sound").unwrap();
    let log = || {
        let output = run(predict(folder.path()).args(["data", "--log", "batch.log"]));
        assert_eq!(output.status.code(), Some(1), "one file is broken");
        assert!(text(&output.stderr).contains("broken.wav"), "{}", text(&output.stderr));
        std::fs::read_to_string(folder.path().join("batch.log")).unwrap()
    };
    let first = log();
    assert!(first.contains("| True: on_state | Predicted: on_state | Mean confidence: "), "{first}");
    assert!(first.contains("Total: 2 of 2 PASS (100.0 %)"), "{first}");
    assert!(first.contains("ERROR: ") && first.contains("Errors: 1"), "{first}");
    assert_eq!(log(), first);
}

#[test]
fn json_on_stdout_stands_alone() {
    let folder = scene();
    let output = run(predict(folder.path()).args(["data/on_state/a.wav", "--json", "-"]));
    let figures: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let file = &figures["files"][0];
    assert_eq!(file["outcome"], "PASS");
    assert_eq!(file["predicted"], "on_state");
    assert_eq!(file["windows"].as_array().unwrap().len(), 3);
    assert_eq!(file["windows"][2]["start_s"], 2.0);
    assert!(text(&output.stderr).contains("Time 0.00s: on_state"));
}

#[test]
fn a_closed_pipe_ends_the_command_without_an_error() {
    let folder = scene();
    wav(&folder.path().join("long.wav"), 16_000, 0.0, 60.0);
    let mut child = predict(folder.path())
        .args(["long.wav", "--hop", "0.01"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("Time 0.00s"));
    // The pipe is closed now.
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    let folder = scene();
    let short = folder.path().join("short.wav");
    wav(&short, 16_000, 0.5, 0.0);
    let refused = |arguments: &[&str], code: i32, word: &str| {
        let output = run(predict(folder.path()).args(arguments));
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(word), "{stderr}");
    };
    refused(&["short.wav"], 1, "shorter than one window");
    refused(&["nowhere.wav"], 1, "nowhere.wav");
    refused(&["data", "--hop", "0"], 2, "0.01 to 3600");
    refused(&[], 2, "Usage");
    std::fs::write(folder.path().join("model.tflite"), b"no model").unwrap();
    refused(&["data"], 1, "model.tflite");
}

/// The first line of `predict` with a model that has YAMNet's own classifier.
fn first_verdict(model: &[u8]) -> String {
    let folder = scene();
    std::fs::write(folder.path().join("model.tflite"), model).unwrap();
    let output = run(predict(folder.path()).args(["data/off_state/b.wav"]));
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).lines().next().unwrap().into()
}

#[test]
fn a_model_with_yamnets_own_classifier_names_its_classes() {
    let line = first_verdict(&test_network::from_waveform().unwrap());
    assert!(line.starts_with("Time 0.00s: class "), "{line}");
}

#[needs(base_model)]
#[test]
fn the_plain_base_model_names_audioset_classes() {
    let line = first_verdict(&common::base_model());
    assert!(line.starts_with("Time 0.00s: Silence ("), "{line}");
}

/// What a command of bash shows on a terminal in `folder`.
#[cfg(target_os = "linux")]
fn on_terminal(folder: &Path, command: &str) -> String {
    let command = command.replace("host-tools", env!("CARGO_BIN_EXE_host-tools"));
    let mut script = Command::new("script");
    script.args(["-q", "-e", "-c", &command, "/dev/null"]).current_dir(folder).env("TERM", "xterm");
    let output = run(script.stdin(Stdio::null()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[cfg(target_os = "linux")]
#[test]
fn a_progress_bar_shows_on_the_terminal_where_the_lines_go_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    model(&folder.path().join("model.tflite"));
    for name in ["a.wav", "b.wav"] {
        wav(&folder.path().join(name), 16_000, 0.5, 9.5);
    }
    let command = "host-tools predict --model model.tflite";
    let one = on_terminal(folder.path(), &format!("{command} a.wav > lines"));
    assert!(one.contains("predicting [") && one.contains("/10"), "{one:?}");
    let lines = std::fs::read_to_string(folder.path().join("lines")).unwrap();
    assert!(lines.starts_with("Time 0.00s: ") && !lines.contains("predicting"), "{lines}");
    let several = on_terminal(folder.path(), &format!("{command} a.wav b.wav > lines"));
    assert!(several.contains("predicting [") && several.contains("/2"), "{several:?}");
    // The lines themselves show the progress.
    assert!(!on_terminal(folder.path(), &format!("{command} a.wav")).contains("predicting"));
    assert!(
        !on_terminal(folder.path(), &format!("{command} --json out.json --log - a.wav > lines")).contains("predicting")
    );
}
