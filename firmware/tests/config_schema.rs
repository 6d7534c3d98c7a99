//! `docs/reference/schemas/monitor-toml.json`, by which editors complete and check the configuration: made of the shipped
//! file's keys, defaults and comments, and of the ranges below, which are compared with the program's own checks.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p firmware --test config_schema` writes it anew.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

#[path = "../../shared/testing/schema.rs"]
mod schema;

use firmware::config::Config;
use serde_json::{Map, Value, json};

const SHIPPED: &str = include_str!("../monitor.toml");
const FILE: &str = "monitor-toml.json";

/// Smallest and largest value of numbers.
const RANGES: [(&str, f64, f64); 47] = [
    ("listen.hop_s", 0.1, 1.0),
    ("capture.rate", 8_000.0, 384_000.0),
    ("capture.channels", 1.0, 32.0),
    ("capture.period_ms", 1.0, 500.0),
    ("capture.buffer_ms", 2.0, 5_000.0),
    ("capture.priority", 0.0, 99.0),
    ("capture.cpu", 0.0, 1_023.0),
    ("capture.stall_periods", 4.0, 10_000.0),
    ("capture.ring_kib", 64.0, 65_536.0),
    ("capture.backlog_ms", 100.0, 60_000.0),
    ("capture.reopen_max_ms", 100.0, 60_000.0),
    ("microphone.after_s", 0.0, 3_600.0),
    ("microphone.offset", 0.0, 1.0),
    ("microphone.clipped", 0.0, 1.0),
    ("decision.smoothing_s", 0.0, 3_600.0),
    ("decision.confidence", 0.0, 1.0),
    ("decision.hysteresis", 0.0, 1.0),
    ("decision.dwell_s", 0.0, 3_600.0),
    ("alarm.unknown_s", 0.0, 3_600.0),
    ("alarm.alarm", 0.1, 100.0),
    ("alarm.persistence_s", 0.5, 10.0),
    ("alarm.warn", 0.1, 100.0),
    ("alarm.no_sound_s", 0.0, 3_600.0),
    ("serial.baud", 50.0, 4_000_000.0),
    ("serial.queue", 4.0, 1_024.0),
    ("gpio.heartbeat_s", 0.05, 60.0),
    ("mqtt.port", 1.0, 65_535.0),
    ("mqtt.every_s", 0.1, 3_600.0),
    ("mqtt.queue", 1.0, 100_000.0),
    ("mqtt.keep_alive_s", 5.0, 3_600.0),
    ("notify.cooldown_s", 0.0, 86_400.0),
    ("notify.queue", 1.0, 1_000.0),
    ("teach.clip_s", 2.0, 30.0),
    ("teach.confidence", 0.0, 1.0),
    ("teach.unsure_s", 0.5, 600.0),
    ("teach.pause_s", 0.0, 86_400.0),
    ("teach.distance_db", 0.0, 40.0),
    ("teach.places", 1.0, 200.0),
    ("teach.max_mib", 1.0, 1_048_576.0),
    ("teach.reserve_mib", 0.0, 1_048_576.0),
    ("events.max_kib", 64.0, 1_048_576.0),
    ("clips.before_s", 0.0, 60.0),
    ("clips.after_s", 1.0, 60.0),
    ("clips.pause_s", 0.0, 86_400.0),
    ("clips.max_mib", 1.0, 1_048_576.0),
    ("clips.reserve_mib", 0.0, 1_048_576.0),
    ("status.every_s", 0.1, 3_600.0),
];

/// Keys with a choice of texts.
const CHOICES: [(&str, &[&str]); 7] = [
    ("capture.format", &["auto", "s16", "s24", "s24_3le", "s32", "f32"]),
    ("stdout.format", &["auto", "live", "json", "none"]),
    ("serial.format", &["wire", "text"]),
    ("mqtt.version", &["5", "3.1.1"]),
    ("page.look", &["password", "open"]),
    ("notify.email.encryption", &["starttls", "tls", "none"]),
    ("privacy.speech", &["mute", "keep"]),
];

/// A line `key = value`, also as a comment.
fn key_of(line: &str) -> Option<(&str, toml::Value)> {
    let (key, value) = line.trim_start_matches("# ").split_once(" = ")?;
    let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let table: toml::Table = is_key.then(|| format!("value = {value}").parse().ok())??;
    Some((key, table["value"].clone()))
}

/// The schema of one key.
fn of_key(name: &str, value: &toml::Value, is_default: bool, comment: &str) -> Value {
    let mut schema = match value {
        toml::Value::String(_) => json!({ "type": "string" }),
        toml::Value::Integer(_) => json!({ "type": "integer" }),
        toml::Value::Float(_) => json!({ "type": "number" }),
        toml::Value::Boolean(_) => json!({ "type": "boolean" }),
        toml::Value::Array(_) => json!({ "type": "array", "items": { "type": "string" } }),
        toml::Value::Table(_) => json!({
            "type": "object", "additionalProperties": { "type": "number", "minimum": 0.0, "maximum": 1.0 },
        }),
        toml::Value::Datetime(_) => panic!("{name}"),
    };
    if let Some((_, least, most)) = RANGES.iter().find(|(key, ..)| *key == name) {
        schema["minimum"] = json!(least);
        schema["maximum"] = json!(most);
    }
    if let Some((_, choices)) = CHOICES.iter().find(|(key, _)| *key == name) {
        schema = json!({ "enum": choices });
    }
    if name == "capture.channel" {
        schema = json!({ "anyOf": [{ "const": "average" }, { "type": "integer", "minimum": 0 }] });
    }
    if is_default {
        schema["default"] = serde_json::to_value(value).unwrap();
    }
    if !comment.is_empty() {
        schema["description"] = json!(comment);
    }
    schema
}

/// The whole schema.
fn made() -> Value {
    let mut sections: Map<String, Value> = Map::new();
    let (mut section, mut comment) = (String::new(), Vec::new());
    for line in SHIPPED.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name.to_string();
            comment.clear();
            sections
                .entry(section.clone())
                .or_insert_with(|| json!({ "type": "object", "properties": {}, "additionalProperties": false }));
        } else if let Some((key, value)) = key_of(line).filter(|_| !section.is_empty()) {
            let name = format!("{section}.{key}");
            let made = of_key(&name, &value, !line.starts_with('#'), &comment.join(" "));
            sections[&section]["properties"][key] = made;
            comment.clear();
        } else if let Some(text) = line.strip_prefix("# ") {
            comment.push(text);
        } else {
            comment.clear();
        }
    }
    let nested: Vec<String> = sections.keys().filter(|name| name.contains('.')).cloned().collect();
    for name in nested {
        let (section, key) = name.split_once('.').unwrap();
        let table = sections.remove(&name).unwrap();
        sections[section]["properties"][key] = table;
    }
    // A line for each state.
    sections["gpio"]["properties"]["states"] = json!({
        "type": "object", "additionalProperties": { "type": "integer", "minimum": 0 },
        "description": "One line per state: active while that state is reported. \"unknown\" is a state as well.",
    });
    sections["listen"]["properties"]["allow_enrolment"] = json!({
        "type": "boolean", "description": "The name of allow_baseline until version 0.1.",
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "monitor.toml",
        "description": "Configuration of the acoustic machine monitor on the device.",
        "type": "object",
        "properties": sections,
        "additionalProperties": false,
    })
}

fn json_of(text: &str) -> Value {
    serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap()
}

#[test]
fn the_schema_is_up_to_date() {
    schema::check_file(FILE, &made());
}

#[test]
fn the_shipped_file_and_the_defaults_are_valid_and_have_no_key_that_the_schema_lacks() {
    let made = made();
    schema::check_by(&made, &json_of(SHIPPED));
    // As TOML, which has no null: a key without a default is absent.
    schema::check_by(&made, &json_of(&toml::to_string(&Config::default()).unwrap()));
    // The keys without a default too.
    let all: Vec<String> = SHIPPED
        .lines()
        .map(|line| if key_of(line).is_some() { line.trim_start_matches("# ").into() } else { line.into() })
        .collect();
    let all = all.join("\n");
    schema::check_by(&made, &json_of(&all));
    assert!(all.contains("\ncpu = 3\n") && all.contains("\non_state = 17\n"));
}

#[test]
fn ranges_and_choices_are_those_of_the_program() {
    let with = |name: &str, value: String| {
        let (section, key) = name.split_once('.').unwrap();
        let text = format!("[{section}]\n{key} = {value}\n");
        (Config::parse(&text).err().map(|error| error.to_string()), schema::faults(&made(), &json_of(&text)))
    };
    for (name, least, most) in RANGES {
        let key = name.split_once('.').unwrap().1;
        let is_whole = made()["properties"][name.split_once('.').unwrap().0]["properties"][key]["type"] == "integer";
        let (step, digits) = if is_whole { (1.0, 0) } else { (0.01, 2) };
        for (value, is_valid) in [(least, true), (most, true), (least - step, false), (most + step, false)] {
            let (error, faults) = with(name, format!("{value:.digits$}"));
            let refused = error.as_ref().is_some_and(|error| error.contains(key));
            // Settings that must fit each other are no fault of the one value.
            let together =
                ["capture.period_ms", "capture.buffer_ms", "alarm.warn", "decision.confidence", "decision.hysteresis"];
            assert!(refused != is_valid || together.contains(&name), "{name} = {value}: {error:?}");
            assert_eq!(faults.is_empty(), is_valid, "{name} = {value}: {faults:?}");
        }
    }
    for (name, choices) in CHOICES {
        for choice in choices {
            assert_eq!(with(name, format!("{choice:?}")), (None, Vec::new()), "{name} = {choice}");
        }
        let (error, faults) = with(name, "\"else\"".into());
        assert!(error.is_some() && faults.len() == 1, "{name}: {error:?} {faults:?}");
    }
}

#[test]
fn an_unknown_key_and_a_wrong_type_are_not_valid() {
    for text in ["[listen]\nhopp_s = 1.0", "[lisen]\n", "[listen]\nhop_s = \"fast\"", "[gpio.states]\non_state = \"x\""]
    {
        assert_eq!(schema::faults(&made(), &json_of(text)).len(), 1, "{text}");
        assert!(Config::parse(text).is_err(), "{text}");
    }
}
