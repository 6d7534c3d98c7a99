//! `train`, `evaluate` and `pipeline` as a person runs them, on small recordings of hums and hisses.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A recording of `seconds`: a hum of `hz` with its overtones, and some noise, all from `seed`.
fn write_wav(path: &Path, hz: f32, seconds: f32, seed: u32) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    let mut noise = seed.wrapping_mul(2_654_435_761) | 1;
    let hz = hz * (1.0 + 0.02 * (seed % 5) as f32);
    for index in 0..(seconds * 16_000.0) as u32 {
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        let t = index as f32 / 16_000.0;
        let hum: f32 = (1..5).map(|k| (std::f32::consts::TAU * hz * k as f32 * t).sin() / k as f32).sum();
        let hiss = noise as f32 / u32::MAX as f32 - 0.5;
        writer.write_sample(((0.2 * hum + 0.1 * hiss) * 16_384.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
}

/// Three classes in four groups each (the machines m0 to m3), two files of 2.5 s per group.
fn data(folder: &Path) -> PathBuf {
    let data = folder.join("data");
    for (class, hz) in [("fast", 400.0), ("off", 0.0), ("slow", 110.0)] {
        for machine in 0..4 {
            for take in 0..2 {
                write_wav(&data.join(class).join(format!("m{machine}_{take:03}.wav")), hz, 2.5, machine * 7 + take);
            }
        }
    }
    data
}

fn run(args: &[&str], paths: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-tools"));
    command.args(args);
    for (option, path) in paths {
        command.arg(option).arg(path);
    }
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Trains on log-mel features and returns what was printed.
fn train(data: &Path, out: &Path, more: &[&str]) -> Output {
    let args: Vec<&str> = ["train", "--features", "logmel"].iter().chain(more).copied().collect();
    run(&args, &[("--data", data), ("--out", out)])
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

const FILES: [&str; 4] =
    ["sound_classifier.tflite", "sound_classifier_head.tflite", "training_history.png", "training_report.json"];

#[test]
fn the_same_seed_writes_the_same_bytes_into_the_output_and_into_a_folder_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let outs = [folder.path().join("a"), folder.path().join("b")];
    for out in &outs {
        let output = train(&data, out, &["--folds", "0"]);
        assert!(output.status.success(), "{}", text(&output));
    }
    let run = std::fs::read_dir(outs[0].join("runs")).unwrap().next().unwrap().unwrap().path();
    for file in FILES {
        let bytes = std::fs::read(outs[0].join(file)).unwrap();
        assert_eq!(bytes, std::fs::read(outs[1].join(file)).unwrap(), "{file}");
        assert_eq!(bytes, std::fs::read(run.join(file)).unwrap(), "{file}");
    }
    assert!(std::fs::read_dir(&outs[0]).unwrap().all(|entry| {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        name == "runs" || FILES.contains(&name.as_str())
    }));
}

#[test]
fn held_out_groups_and_every_fold_are_classified_right() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let data = data(folder.path());
    let output = train(&data, &folder.path().join("out"), &["--json", report.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output));
    let report = json(&report);
    assert_eq!(report["held_out"]["by_window"]["accuracy"], 1.0, "{}", text(&output));
    assert_eq!(report["cross_validation"]["by_recording"]["accuracy"], 1.0, "{}", text(&output));
    assert_eq!(report["cross_validation"]["folds"].as_array().unwrap().len(), 4);
    let calibration = &report["cross_validation"]["calibration"];
    assert!(calibration["ece_after"].as_f64().unwrap() < 0.05, "{calibration}");
    assert!(calibration["kept"].as_f64().unwrap() > 0.8, "{calibration}");
    // A machine is held out as a whole, with all of its classes.
    assert_eq!(report["held_out"]["sample_size"]["groups"].as_array().unwrap().len(), 1);
    assert_eq!(report["held_out"]["sample_size"]["files"], 6);
    // The key of version 0.1 is still written.
    assert_eq!(report["held_out"]["standing"], report["held_out"]["sample_size"]);
    assert_eq!(report["trained_on"]["files"], 18);
}

#[test]
fn evaluation_separates_recordings_trained_on_from_others() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (data(folder.path()), folder.path().join("out"));
    assert!(train(&data, &out, &["--folds", "0", "--head", "linear"]).status.success());
    let figures = folder.path().join("figures.json");
    let args = ["evaluate", "--json", figures.to_str().unwrap()];
    let output = run(&args, &[("--data", &data), ("--model", &out.join(FILES[0])), ("--out", &out)]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("WARNING: the model was trained on 18 of 24 files"), "{}", text(&output));
    let model = monitor_model::owned::OwnedModel::load(&out.join(FILES[0])).unwrap();
    let card = model.contents().card.unwrap();
    assert_eq!(card.class_confidence.len(), 3);
    assert!(card.class_confidence.iter().all(|own| (40..=80).contains(own)), "{:?}", card.class_confidence);
    // The score was fitted to what was held out from the head too, so that no group is new to it.
    assert_eq!((card.score.groups, card.score.recording_hashes.len()), (4, 6 * 8));
    assert_eq!((card.training.groups, card.score_groups()), (3, 4));
    let figures = json(&figures);
    assert_eq!(figures["promise"]["groups_trained_on"], 4, "{figures}");
    assert_eq!(figures["promise"]["alarm"]["groups"], 0, "{figures}");
    assert_eq!(figures["all"]["sample_size"]["files"], 24);
    assert_eq!(figures["never_trained_on"]["sample_size"]["files"], 6);
    assert_eq!(figures["all"]["sample_size"]["note"], "partly trained on, optimistic");
    assert_eq!(&std::fs::read(out.join("confusion_matrix.png")).unwrap()[1..4], b"PNG");
}

#[test]
fn evaluation_of_a_class_that_the_model_lacks_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (data(folder.path()), folder.path().join("out"));
    assert!(train(&data, &out, &["--folds", "0", "--head", "linear"]).status.success());
    std::fs::rename(data.join("slow"), data.join("broken")).unwrap();
    let output = run(&["evaluate"], &[("--data", &data), ("--model", &out.join(FILES[0])), ("--out", &out)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("broken") && text(&output).contains("fast, off, slow"), "{}", text(&output));
}

#[test]
fn one_file_per_class_is_trained_on_and_every_figure_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    write_wav(&data.join("on_state").join("on_merged.wav"), 200.0, 30.0, 1);
    write_wav(&data.join("off_state").join("off_merged.wav"), 0.0, 30.0, 2);
    let report = folder.path().join("report.json");
    let output = train(&data, &folder.path().join("out"), &["--head", "linear", "--json", report.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output));
    for line in text(&output).lines().filter(|line| line.contains("accuracy 0") || line.contains("accuracy 1")) {
        assert!(line.ends_with("[within recording, optimistic]"), "{line}");
    }
    let report = json(&report);
    for figures in ["held_out", "cross_validation"] {
        assert_eq!(report[figures]["sample_size"]["note"], "within recording, optimistic");
    }
}

#[test]
fn one_class_with_too_little_sound_is_refused_with_what_to_record() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    write_wav(&data.join("on_state").join("a_000.wav"), 200.0, 3.0, 1);
    let output = train(&data, &folder.path().join("out"), &[]);
    assert_eq!(output.status.code(), Some(1));
    let text = text(&output);
    assert!(text.contains("only one class, on_state") && text.contains("record 5"), "{text}");
}

/// Normal sound alone: six recordings of 8 s, each a group of its own.
fn normal_sound(folder: &Path) -> PathBuf {
    let data = folder.join("normal_data");
    for day in 0..6 {
        write_wav(&data.join("normal").join(format!("day{day}.wav")), 110.0, 8.0, day);
    }
    data
}

#[test]
fn normal_sound_alone_trains_and_other_sound_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (normal_sound(folder.path()), folder.path().join("out"));
    let output = train(&data, &out, &[]);
    let printed = text(&output);
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains("the anomaly score decides between normal and unknown"), "{printed}");
    assert!(printed.contains("of 6 groups"), "{printed}");
    assert!(!printed.contains("macro-F1") && !printed.contains("NaN"), "{printed}");
    let report = json(&out.join("training_report.json"));
    assert_eq!((&report["left_out"]["groups"], &report["held_out"]), (&Value::from(6), &Value::Null));

    // Another day of the same machine, and a machine that runs much faster.
    let test = folder.path().join("test");
    for take in 0..3 {
        write_wav(&test.join("normal").join(format!("day{}.wav", 7 + take)), 110.0, 16.0, 12 + take);
        write_wav(&test.join("bearing").join(format!("fault{take}.wav")), 700.0, 16.0, 12 + take);
    }
    let (model, figures) = (out.join("sound_classifier.tflite"), folder.path().join("figures.json"));
    let paths = [("--model", &*model), ("--data", &*test), ("--out", &*out), ("--json", &*figures)];
    let output = run(&["evaluate"], &paths);
    assert!(output.status.success(), "{}", text(&output));
    let one_class = json(&figures)["one_class"].clone();
    assert_eq!(one_class["recordings_right"], serde_json::json!([6, 6]), "{one_class}");
    assert_eq!(
        (&one_class["classes"][0]["class"], &one_class["classes"][1]["in_state"]),
        (&"bearing".into(), &1.0.into())
    );
    assert!(out.join("anomaly_scores.png").is_file());

    let page = folder.path().join("page.html");
    let output = run(&["report"], &[("--model", &model), ("--data", &test), ("--out", &page)]);
    assert!(output.status.success(), "{}", text(&output));
    // Without the pictures, whose base64 may contain any letters.
    let page = std::fs::read_to_string(page).unwrap();
    let page: String = page.split("base64,").map(|part| part.trim_start_matches(|c| c != '"' && c != '<')).collect();
    assert!(page.contains("6 of 6") && !page.contains("macro") && !page.contains("NaN"));

    let fault = test.join("bearing").join("fault0.wav");
    let output = run(&["predict", fault.to_str().unwrap()], &[("--model", &model), ("--json", &figures)]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("alarm); 1 warning, 1 alarm"), "{}", text(&output));
    let file = json(&figures)["files"][0].clone();
    assert_eq!((&file["predicted"], &file["windows"][11]["state"]), (&"unknown".into(), &"unknown".into()), "{file}");
    let output = run(&["inspect", model.to_str().unwrap()], &[]);
    assert!(!text(&output).contains("cannot"), "{}", text(&output));
}

#[test]
fn the_pipeline_approves_one_class_by_its_left_out_groups_and_no_figures_within_a_recording() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (normal_sound(folder.path()), folder.path().join("out"));
    let verdict = folder.path().join("verdict.json");
    let pipeline = |data: &Path| {
        run(&["pipeline", "--features", "logmel"], &[("--data", data), ("--out", &out), ("--json", &verdict)])
    };
    let output = pipeline(&data);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("left-out groups raised the alarm"), "{}", text(&output));
    assert_eq!(json(&verdict)["verdict"], "pass");

    let merged = folder.path().join("merged");
    write_wav(&merged.join("normal").join("day.wav"), 110.0, 30.0, 1);
    let output = pipeline(&merged);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("NOT PROVEN") && text(&output).contains("record"), "{}", text(&output));
    assert_eq!(json(&verdict)["verdict"], "not_proven");
}

#[test]
fn the_pipeline_does_not_approve_a_coin() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    // Two classes of the same sound.
    for (class, seed) in [("heads", 0), ("tails", 50)] {
        for group in 0..4 {
            write_wav(&data.join(class).join(format!("{class}{group}.wav")), 110.0, 2.5, seed + group);
        }
    }
    let args = ["pipeline", "--features", "logmel", "--head", "linear", "--min-f1", "0"];
    let output = run(&args, &[("--data", &data), ("--out", &out)]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let printed = text(&output);
    assert!(printed.contains("FAIL: not better than guessing") && !printed.contains("PASS"), "{printed}");
}

#[test]
fn options_out_of_range_are_usage_errors() {
    for option in [["--folds", "1"], ["--hold-out", "0.9"], ["--hop", "0"], ["--head", "tree"], ["--features", "mfcc"]]
    {
        let output = run(&["train", "--data", "x"], &[(option[0], Path::new(option[1]))]);
        assert_eq!(output.status.code(), Some(2), "{option:?}: {}", text(&output));
    }
}

#[test]
fn the_pipeline_trains_and_verifies_the_file_that_it_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (data(folder.path()), folder.path().join("out"));
    let args = ["pipeline", "--features", "logmel", "--head", "linear", "--folds", "2", "--min-f1", "0.9"];
    let output = run(&args, &[("--data", &data), ("--out", &out)]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("PASS"), "{}", text(&output));
    assert!(text(&output).contains("Time 0.00s: "), "{}", text(&output));
}

#[test]
fn nothing_but_json_goes_to_stdout_when_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let output = train(&data, &folder.path().join("out"), &["--folds", "0", "--head", "linear", "--json", "-"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["head"]["chosen"]["kind"], "linear");
}

#[test]
fn a_class_that_is_not_normal_scores_as_an_anomaly_and_normal_ones_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let out = folder.path().join("out");
    let output = train(&data, &out, &["--folds", "0", "--normal", "off,slow"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("Anomaly score: fitted to"), "{}", text(&output));
    let scores = |class: &str| -> Vec<f64> {
        let (wav, report) = (folder.path().join(format!("{class}.wav")), folder.path().join("predict.json"));
        // A machine that training did not have.
        write_wav(&wav, if class == "fast" { 400.0 } else { 110.0 }, 6.0, 36);
        let model = out.join("sound_classifier.tflite");
        let args = ["predict", "--hop", "0.48", wav.to_str().unwrap()];
        let output = run(&args, &[("--model", &model), ("--json", &report)]);
        assert!(output.status.success(), "{}", text(&output));
        let windows = json(&report)["files"][0]["windows"].as_array().unwrap().clone();
        // There is no score until the mean is settled.
        let scores: Vec<f64> = windows.iter().filter_map(|window| window["anomaly"].as_f64()).collect();
        assert!(!scores.is_empty() && windows[0]["anomaly"].is_null());
        scores
    };
    let (fast, slow) = (scores("fast"), scores("slow"));
    assert!(fast.iter().all(|score| *score >= 1.0), "{fast:?}");
    assert!(slow.iter().filter(|score| **score >= 1.0).count() * 2 < slow.len(), "{slow:?}");

    let unknown = train(&data, &out, &["--folds", "0", "--normal", "quick"]);
    assert_eq!(unknown.status.code(), Some(1));
    let printed = text(&unknown);
    assert!(printed.contains("--normal quick: there is no such class; name some of fast, off, slow"), "{printed}");
    // Before the features are computed and anything is fitted.
    assert!(!printed.contains("features ("), "{printed}");
}

/// The sample of a model, refitted without labels: the model's own head and its labels' figures stay.
#[test]
fn a_refit_to_the_carried_sample_alone_is_the_models_head() {
    use monitor_core::training_sample::{ENTRY, TrainingSample};
    use monitor_model::owned::OwnedModel;
    use monitor_model::refit::refit;

    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let output = train(&data, folder.path(), &["--folds", "0", "--head", "linear"]);
    assert!(output.status.success(), "{}", text(&output));
    let model = OwnedModel::load(&folder.path().join(FILES[0])).unwrap();
    let entry = model.contents().file.metadata(ENTRY).unwrap();
    assert!(entry.len() <= 96 * 1024, "{}", entry.len());
    let sample = TrainingSample::from_bytes(entry).unwrap();
    assert!(sample.flags.linear && !sample.flags.within_recording && !sample.flags.trained_on);
    // Held-out machines are in no fit.
    let groups = |validate: bool| -> std::collections::BTreeSet<u16> {
        if validate {
            sample.to_validate().map(|w| w.group).collect()
        } else {
            sample.to_fit().map(|w| w.group).collect()
        }
    };
    assert!(!groups(true).is_empty() && groups(true).is_disjoint(&groups(false)));
    let head = model.contents().classifier.head().unwrap();
    let found = refit(sample, head, 3, &[], &mut |_, _| ()).unwrap();
    let own = head.layers()[0].weights;
    let largest = own.iter().map(f32::abs).fold(0.0, f32::max);
    let off = own.iter().zip(&found.weights).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 0.05 * largest, "{off} of {largest}");
    let [before, after] = found.validation.macro_f1;
    assert!((before - after).abs() < 1e-9 && before > 0.9, "{before} {after}");
}
