//! The JSON documents of the device against their schemas, and the examples of `docs/reference/json.md`.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;
#[path = "../../shared/testing/schema.rs"]
mod schema;

use std::process::Command;

use common::model::loudness_model_with_anomaly_score;
use common::place::{Place, status_of};
use common::program::{firmware, output, parse, wait};
use monitor_model::document::{Document, LINE};
use monitor_model::line::Line;
use monitor_wire::{
    Acknowledged, Alarm, BandChange, Explanation, Frame, Gap, Health, Message, TextList, Trend, Warning,
};
use serde_json::Value;

/// A place with a model that raises warnings and alarms by its score.
fn place() -> Place {
    let place = Place::new("[alarm]\nstates = [\"on_state\"]\nunknown_s = 0\nlatch = true\n", 4, 3.0);
    std::fs::write(place.model(), loudness_model_with_anomaly_score("off_state", "on_state")).unwrap();
    place
}

#[test]
fn every_line_of_run_and_check_is_valid() {
    let place = place();
    let wav = place.wav();
    let (code, text, stderr) = output(&mut place.run(&["--wav", wav.to_str().unwrap()]));
    assert_eq!(code, Some(0), "{stderr}");
    let run = parse(&text);
    let config = place.path("monitor.toml");
    let mut check = Command::new(firmware());
    check.args(["check", "--json", "--hop", "0.25", "--config", config.to_str().unwrap()]).arg(&wav);
    let (code, text, stderr) = output(&mut check);
    assert_eq!(code, Some(0), "{stderr}");
    let check = parse(&text);
    run.iter().chain(&check).for_each(schema::check);
    for kind in ["hello", "verdict", "state", "alarm", "warning", "health"] {
        assert!(run.iter().any(|line| line["kind"] == kind), "{kind}");
    }
}

#[test]
fn the_state_file_is_valid() {
    let place = place();
    let _program = place.run_on_stdin();
    wait(|| status_of(&place.status()).is_some(), || "the state file".into());
    schema::check(&status_of(&place.status()).unwrap());
}

#[test]
fn lines_that_are_rare_are_valid_too() {
    let labels = ["off", "on"];
    let band = BandChange { from_hz: 56, to_hz: 71, tenths_db: 112 };
    let bands = [band, BandChange::default(), BandChange::default()];
    let explanation = Explanation { detectors: [4, 0, 0, 0], level_tenths_db: -30, bands };
    let messages = [
        Message::Alarm(Alarm { cause: 200, ..Alarm::default() }),
        Message::Warning(Warning { active: true, explanation, ..Warning::default() }),
        Message::Warning(Warning::default()),
        Message::Trend(Trend::default()),
        Message::Health(Health { cpu_millidegrees: Some(48_250), alarms: 0b1111, refused: 3, ..Health::default() }),
        Message::Gap(Gap { index: 3, lost_frames: 480 }),
        Message::Acknowledged(Acknowledged { causes: 0b101, by: 1, index: 7 }),
        Message::Other { kind: 99, payload: &[1, 2] },
    ];
    for message in messages {
        let frame = Frame { sequence: 1, time_us: 1_500_000, message };
        let line = Document::new(LINE, Line { frame, labels: TextList::new(&labels) });
        schema::check(&serde_json::to_value(line).unwrap());
    }
}

#[test]
fn the_schema_is_the_first_key_and_the_others_are_as_without_it() {
    let frame = Frame { sequence: 1, time_us: 0, message: Message::Gap(Gap { index: 3, lost_frames: 480 }) };
    let line = Line { frame, labels: TextList::EMPTY };
    let plain = serde_json::to_string(&line).unwrap();
    let named = serde_json::to_string(&Document::new(LINE, line)).unwrap();
    assert_eq!(named, plain.replacen('{', r#"{"schema":"acoustic-monitor/line/1","#, 1));
}

#[test]
fn devices_and_doctor_are_valid() {
    for args in
        [&["devices", "null", "nope", "--json"][..], &["doctor", "--json", "--device", "null", "--seconds", "0.5"]]
    {
        let (_, text, stderr) = output(Command::new(firmware()).args(args));
        schema::check(&serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{stderr}")));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("devices.json");
    let mut command = Command::new(firmware());
    let (code, text, _) = output(command.args(["devices", "nope", "--json"]).arg(&file));
    assert!(code == Some(0) && text.contains("nope") && !text.contains('{'), "the table beside the file: {text}");
    schema::check(&serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap());
}

#[test]
fn the_check_finds_what_is_wrong() {
    let line = schema::load("line-1.json");
    let gap = serde_json::json!({
        "schema": LINE, "kind": "gap", "sequence": 1, "time_s": 0.5, "index": 3, "lost_frames": 480,
    });
    assert_eq!(schema::faults(&line, &gap), [""; 0]);
    let changed = |key: &str, value: Value| {
        let mut changed = gap.clone();
        changed[key] = value;
        !schema::faults(&line, &changed).is_empty()
    };
    assert!(changed("lost_frames", "480".into()) && changed("kind", "gaps".into()) && changed("new", 1.into()));
}

#[test]
fn every_example_of_the_reference_is_valid() {
    let page = include_str!("../../docs/reference/json.md");
    let blocks = page.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut checked = 0;
    for block in blocks {
        // A document of several lines, or one document a line.
        let documents = serde_json::from_str(block).map_or_else(|_| parse(block), |document| vec![document]);
        documents.iter().for_each(schema::check);
        checked += documents.len();
    }
    assert!(checked >= 4, "{checked}");
}

#[test]
fn every_schema_is_in_the_reference_and_names_itself() {
    let page = include_str!("../../docs/reference/json.md");
    for entry in std::fs::read_dir(schema::folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(page.contains(&format!("schemas/{name}")), "{name} is not in docs/reference/json.md");
        let Some(document) = name.strip_suffix("-1.json") else { continue };
        assert_eq!(schema::load(&name)["title"], format!("acoustic-monitor/{document}/1"), "{name}");
    }
}
