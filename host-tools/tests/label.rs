//! The `label` command: a real server, and what `train` reads of it.
#![allow(clippy::unwrap_used, reason = "a test")]

mod page_client;

use std::path::Path;
use std::process::Command;

use host_tools::{Dataset, JsonOut, Ui};
use page_client::Page;
use serde_json::{Value, json};

const RATE: u32 = 16_000;

/// A recording of noise at the level of each part: (seconds, level).
fn wav(path: &Path, parts: &[(f64, f32)]) {
    let mut state = 1_u32;
    monitor_model::wav::write(path, RATE, 1, |writer| {
        for (seconds, level) in parts {
            for _ in 0..(seconds * f64::from(RATE)) as usize {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                writer.push(&[((state >> 8) as f32 / 8_388_608.0 - 1.0) * level])?;
            }
        }
        Ok(())
    })
    .unwrap();
}

fn label(folder: &Path) -> Page {
    Page::start(&["--quiet", "label", "--data", folder.to_str().unwrap(), "--label", "off_state"])
}

#[test]
fn stretches_are_labelled_cut_and_taken_back_and_train_reads_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    // Two sounds in turn, as a night's recording has.
    wav(&folder.path().join("night.wav"), &[(6.0, 0.01), (7.0, 0.3), (6.0, 0.01), (8.0, 0.3)]);
    let page = label(folder.path());
    let work = page.get("api/work").json();
    assert_eq!((&work["left"], &work["labels"][0]["label"]), (&json!(4), &json!("off_state")), "{work}");
    assert_eq!(work["stretch"]["proposal"], Value::Null);
    // A cut, taken back.
    let (id, from) = (&work["stretch"]["id"], work["stretch"]["from_s"].as_f64().unwrap());
    let cut = page.post("api/cut", &json!({"id": id, "at_s": from + 3.0})).json();
    assert_eq!((&cut["left"], cut["stretch"]["to_s"].as_f64()), (&json!(5), Some(from + 3.0)), "{cut}");
    assert_eq!(page.post("api/undo", &json!({})).json()["left"], 4);
    // Each is labelled by what is heard of it.
    let mut work = page.get("api/work").json();
    let mut first_two = Vec::new();
    while !work["stretch"].is_null() {
        let id = &work["stretch"]["id"];
        let sound = page.get(&format!("api/sound/{id}"));
        assert!(sound.head.contains("content-type: audio/wav"), "{}", sound.head);
        let seconds = work["stretch"]["to_s"].as_f64().unwrap() - work["stretch"]["from_s"].as_f64().unwrap();
        assert!((sound.body.len() as f64 - 44.0 - seconds * f64::from(RATE) * 2.0).abs() < 4.0);
        let loudest =
            sound.body[44..].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]).unsigned_abs()).max();
        let label = if loudest.unwrap() > 3000 { "on_state" } else { "off_state" };
        first_two.push(label);
        work = page.post("api/label", &json!({"id": id, "label": label})).json();
    }
    // The second is the one that is least like the first.
    assert_ne!(first_two[0], first_two[1]);
    assert_eq!(
        (&work["labelled"], &work["left"], work["labelled_s"].as_f64().unwrap().round()),
        (&json!(4), &json!(0), 27.0)
    );
    drop(page);
    let dataset = Dataset::load(folder.path(), &Ui::new(&JsonOut::default())).unwrap();
    assert_eq!(dataset.classes, ["off_state", "on_state"]);
    let seconds = |label: usize| -> f64 {
        dataset.recordings.iter().filter(|one| one.label == label).map(|one| one.seconds).sum()
    };
    // Blocks for validation leave a gap of a window between them.
    assert!((seconds(0) - 12.0).abs() < 4.0 && (seconds(1) - 15.0).abs() < 4.0, "{} {}", seconds(0), seconds(1));
    // It goes on where it ended.
    let work = label(folder.path()).get("api/work").json();
    assert_eq!((&work["stretch"], &work["labelled"]), (&Value::Null, &json!(4)));
}

#[test]
fn other_sites_and_wrong_requests_are_refused_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    wav(&folder.path().join("a.wav"), &[(3.0, 0.1)]);
    let page = label(folder.path());
    let host = ("Host", &page.host[..]);
    assert_eq!(page.request("GET", "/", &[host], "").status, 404);
    assert_eq!(page.request("GET", &page.base, &[("Host", "evil.example")], "").status, 421);
    let path = format!("{}api/skip", page.base);
    let json = ("Content-Type", "application/json");
    let body = json!({"id": 0}).to_string();
    assert_eq!(page.request("POST", &path, &[host, json, ("Origin", "http://evil.example")], &body).status, 403);
    assert_eq!(page.request("POST", &path, &[host, ("Content-Type", "text/plain")], &body).status, 415);
    assert_eq!(page.request("POST", &path, &[host, json], "{").status, 400);
    assert_eq!(page.request("POST", &path, &[host, json], &" ".repeat(20_000)).status, 413);
    assert_eq!(page.request("DELETE", &path, &[host], "").status, 405);
    assert_eq!(page.post("api/skip", &json!({"id": 99})).status, 409);
    assert_eq!(page.post("api/cut", &json!({"id": 0, "at_s": 0.2})).status, 409);
    assert_eq!(page.post("api/label", &json!({"id": 0, "label": ""})).status, 409);
    assert_eq!(page.get("api/sound/99").status, 404);
    assert_eq!(page.get("assets/../../Cargo.toml").status, 404);
    assert_eq!((&page.get("api/work").json()["left"], folder.path().join("manifest.csv").exists()), (&json!(1), false));
}

#[test]
fn the_page_is_complete_and_loads_nothing_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    wav(&folder.path().join("a.wav"), &[(3.0, 0.1)]);
    let page = label(folder.path());
    let index = page.get("");
    assert!(index.head.contains("content-security-policy: default-src 'none'; script-src 'self'"), "{}", index.head);
    let mut waiting: Vec<String> =
        index.text().split('"').filter(|part| part.starts_with("assets/")).map(Into::into).collect();
    let mut seen = Vec::new();
    while let Some(name) = waiting.pop() {
        let file = page.get(&name);
        assert_eq!(file.status, 200, "{name}");
        let text = file.text();
        let imports = text.split("from './").skip(1).filter_map(|rest| rest.split('\'').next());
        waiting.extend(imports.map(|import| format!("assets/{import}")).filter(|import| !seen.contains(import)));
        seen.push(name);
    }
    assert!(seen.iter().any(|name| name == "assets/palette.js") && seen.iter().any(|name| name == "assets/de.js"));
    // Both languages have the same texts.
    let keys = |name: &str| -> Vec<String> {
        let text = page.get(name).text();
        text.lines()
            .filter_map(|line| line.trim().strip_prefix('\'')?.split_once('\'').map(|(key, _)| key.into()))
            .collect()
    };
    assert_eq!(keys("assets/de.js"), keys("assets/en.js"));
}

#[test]
fn wrong_options_are_named_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    wav(&folder.path().join("a.wav"), &[(3.0, 0.1)]);
    std::fs::write(folder.path().join("manifest.csv"), "file,label,group\na.wav,on,1\n").unwrap();
    let data = folder.path().to_str().unwrap();
    let below_a_file = folder.path().join("a.wav/labels.csv");
    let below_a_file = below_a_file.to_str().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (arguments, part) in [
        (&["--data", "missing"][..], "there is no such folder"),
        // Both before the model and the recordings are read.
        (&["--data", data, "--model", "missing.tflite", "--port", &port], "give another one by --port"),
        (&["--data", data, "--model", "missing.tflite", "--out", below_a_file], "labels.csv cannot be written"),
        (&["--data", data, "--change", "0"], "from 1 to 1000"),
        (&["--data", data], "name another file by --out"),
        (&["--data", data, "--out", "labels.csv", "--model", "missing.tflite"], "missing.tflite"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_host-tools")).arg("label").args(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && error.contains(part), "{arguments:?}: {error}");
    }
}
