//! The `visualize` command: pictures, figures, reproducibility.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::process::{Command, Output};

const PICTURES: [&str; 3] = ["embeddings_pca_check.png", "embeddings_tsne_check.png", "class_log_mel.png"];

/// A tone in noise; tone and noise are the file's own.
fn wav(path: &Path, tone_hz: f32, seconds: f32) {
    let mut state = path.to_string_lossy().bytes().fold(7_u32, |state, byte| state.wrapping_mul(31) + u32::from(byte));
    monitor_model::wav::write(path, 16_000, 1, |writer| {
        for i in 0..(seconds * 16_000.0) as usize {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 8) as f32 / 8_388_608.0 - 1.0;
            let tone = (std::f32::consts::TAU * tone_hz * i as f32 / 16_000.0).sin();
            writer.push(&[0.2 * tone + 0.02 * noise])?;
        }
        Ok(())
    })
    .unwrap();
}

fn data(classes: &[(&str, f32)], seconds: f32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, tone_hz) in classes {
        for machine in 0..3 {
            let path = folder.path().join(format!("data/{class}/m{machine}_000.wav"));
            wav(&path, tone_hz + 5.0 * machine as f32, seconds);
        }
    }
    folder
}

fn visualize(folder: &Path, out: &str, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-tools"));
    command.current_dir(folder).args([
        "visualize",
        "--data",
        "data",
        "--features",
        "logmel",
        "--out",
        out,
        "--json",
        "-",
    ]);
    command.args(more).output().unwrap()
}

fn figures(output: &Output) -> serde_json::Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_same_data_give_the_same_pictures_and_figures() {
    let folder = data(&[("low", 300.0), ("high", 3000.0)], 4.0);
    let first = figures(&visualize(folder.path(), "first", &[]));
    assert_eq!(first["windows_per_class"], serde_json::json!([21, 21]));
    assert!(first["silhouette"].as_f64().unwrap() > 0.25, "two tones are apart: {first}");
    let explained: Vec<f64> =
        first["explained_variance"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert!(explained[0] >= explained[1] && explained.iter().sum::<f64>() <= 1.0, "{explained:?}");
    let second = figures(&visualize(folder.path(), "second", &[]));
    assert_eq!(first["silhouette"], second["silhouette"]);
    for name in PICTURES {
        let read = |out: &str| std::fs::read(folder.path().join(out).join(name)).unwrap();
        assert!(read("first") == read("second"), "{name} differs");
    }
}

#[test]
fn a_limit_on_windows_is_kept_and_stated() {
    let folder = data(&[("low", 300.0), ("high", 3000.0)], 4.0);
    let output = visualize(folder.path(), "out", &["--most", "20", "--seed", "5"]);
    assert_eq!(figures(&output)["sampled_windows"], 20);
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("20 of 42 windows (seed 5)"), "{words}");
}

#[test]
fn too_few_windows_for_t_sne_leave_the_other_pictures_and_no_old_one() {
    let folder = data(&[("low", 300.0), ("high", 3000.0)], 1.2);
    std::fs::create_dir(folder.path().join("out")).unwrap();
    std::fs::write(folder.path().join("out").join(PICTURES[1]), b"of other data").unwrap();
    let output = visualize(folder.path(), "out", &[]);
    assert!(figures(&output)["tsne_perplexity"].is_null());
    let there = PICTURES.map(|name| folder.path().join("out").join(name).exists());
    assert_eq!(there, [true, false, true]);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = visualize(folder.path(), "out", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("data"));
}
