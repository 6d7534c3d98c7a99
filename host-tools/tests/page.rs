//! The `page` command over recordings: a real server.
#![allow(clippy::unwrap_used, reason = "a test")]

mod page_client;

use std::path::Path;
use std::process::Command;

use monitor_core::features::FeatureKind;
use monitor_core::model_card::ModelCard;
use monitor_export::{self as export, Dense};
use ndarray::Array2;
use page_client::Page;

const RATE: u32 = 16_000;

/// A model that takes the mean level of the bands for the state: silence is `off_state`, noise is `on_state`.
fn model(path: &Path) {
    let weights = Array2::from_shape_fn((2, 128), |(class, i)| if (class, i < 64) == (1, true) { 0.1 } else { 0.0 });
    let head = [Dense { weights, bias: vec![0.0, 0.1 * 64.0 * 3.5], relu: false }];
    let kind = FeatureKind::LogMel;
    let labels = ["off_state", "on_state"].map(String::from);
    std::fs::write(path, export::classifier(kind, None, &head, &labels, &ModelCard::untrained(kind)).unwrap()).unwrap();
}

/// `quiet` seconds of faint noise, then `loud` seconds of noise.
fn wav(path: &Path, quiet: f64, loud: f64) {
    let mut state = 1_u32;
    let frames = |seconds: f64| (seconds * f64::from(RATE)) as usize;
    monitor_model::wav::write(path, RATE, 1, |writer| {
        for frame in 0..frames(quiet) + frames(loud) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let level = if frame < frames(quiet) { 1e-4 } else { 0.1 };
            writer.push(&[((state >> 8) as f32 / 8_388_608.0 - 1.0) * level])?;
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_recording_has_its_states_over_time_its_picture_and_its_sound() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    model(Path::new(&at("model.tflite")));
    wav(Path::new(&at("shift.wav")), 10.0, 10.0);
    std::fs::write(at("broken.wav"), b"RIFF").unwrap();
    let page = Page::start(&["-q", "page", "--model", &at("model.tflite"), &at("shift.wav"), &at("broken.wav")]);
    assert_eq!(page.get("api/about").json()["kind"], "recordings");
    assert_eq!(page.get("api/recordings").json().as_array().unwrap().len(), 2);
    let found = page.get("api/recording/0").json();
    assert_eq!((found["seconds"].as_f64(), &found["alarms"]), (Some(20.0), &serde_json::Value::Null));
    let parts = found["parts"].as_array().unwrap();
    let last = parts.last().unwrap();
    assert_eq!((last["state"].as_i64(), last["to_s"].as_f64()), (Some(1), Some(20.0)), "{parts:?}");
    // The decision takes some seconds to be certain.
    assert!((10.0..15.0).contains(&last["from_s"].as_f64().unwrap()), "{parts:?}");
    assert!(parts.iter().any(|part| part["state"] == 0));
    let columns = found["columns"].as_array().unwrap();
    assert!((950..=1200).contains(&columns.len()), "{}", columns.len());
    let mean = |column: usize| {
        let text = columns[column].as_str().unwrap().as_bytes();
        text.iter().map(|byte| f64::from(*byte)).sum::<f64>() / text.len() as f64
    };
    assert!(mean(900) > mean(100) + 20.0, "{} {}", mean(900), mean(100));
    let sound = page.get("api/sound/0?from_s=1&to_s=3.5");
    assert_eq!(sound.body.len(), 44 + 2 * (2.5 * f64::from(RATE)) as usize);
    let broken = page.get("api/recording/1");
    assert!(broken.status == 409 && broken.text().contains("error"), "{broken:?}");
    for (path, status) in [
        ("api/recording/2", 404),
        ("api/sound/2?from_s=0&to_s=1", 404),
        ("api/sound/0?from_s=3&to_s=1", 400),
        ("api/sound/0?from_s=0&to_s=1e9", 400),
        ("api/sound/0?from_s=NaN&to_s=1", 400),
        ("api/sound/0", 400),
        ("api/fleet", 404),
    ] {
        assert_eq!(page.get(path).status, status, "{path}");
    }
}

#[test]
fn wrong_options_are_named_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("x.tflite").to_str().unwrap().to_owned();
    wav(&folder.path().join("a.wav"), 1.0, 1.0);
    let a = folder.path().join("a.wav").to_str().unwrap().to_owned();
    // A port on which nothing listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let broker = format!("127.0.0.1:{port}");
    for (arguments, code, part) in [
        (&[][..], 2, "required"),
        (&[&a[..]], 2, "--model"),
        (&["--mqtt", "a b"], 2, "HOST:PORT"),
        (&["--mqtt", &broker], 1, "check host, port, --credentials and --ca"),
        (&["--mqtt", &broker, "--silent", "0"], 1, "--silent 0: give"),
        (&["--model", &missing, &a], 1, "x.tflite"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_host-tools")).arg("page").args(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(code) && error.contains(part), "{arguments:?}: {error}");
    }
}
