//! `docs/reference/schemas/network-toml.json`, by which editors complete and check the card's `network.toml`: made of the shipped
//! file's keys, defaults and comments, and of the patterns below, which are compared with the program's own checks.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p firmware --test network_schema` writes it anew.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

#[path = "../../shared/testing/schema.rs"]
mod schema;

use firmware::network::NetworkConfig;
use serde_json::{Map, Value, json};

const SHIPPED: &str = include_str!("../network.toml");
const FILE: &str = "network-toml.json";

/// A number from 0 to 255 as addresses have it.
const BYTE: &str = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

/// What the texts of a key look like; of a list, each of its texts.
fn pattern(key: &str) -> Option<String> {
    let ipv4 = format!("{BYTE}(\\.{BYTE}){{3}}");
    let pattern = match key {
        "hostname" => "^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$".into(),
        "ethernet.address" | "wifi.address" => format!("^({ipv4}/(3[0-2]|[12][0-9]|[1-9]))?$"),
        "ethernet.gateway" | "wifi.gateway" => format!("^({ipv4})?$"),
        // Of IPv6 only the characters: the program checks the rest.
        "ethernet.dns" | "wifi.dns" => format!("^({ipv4}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$"),
        "wifi.ssid" => "^.{0,32}$".into(),
        "wifi.passphrase" => "^([ -~]{8,63}|[0-9A-Fa-f]{64})?$".into(),
        "wifi.country" => "^([A-Z]{2})?$".into(),
        "time.servers" => "^[A-Za-z0-9.:-]+$".into(),
        _ => return None,
    };
    Some(pattern)
}

/// The schema of one key.
fn of_key(name: &str, value: &toml::Value, comment: &str) -> Value {
    let mut schema = match value {
        toml::Value::String(_) => json!({ "type": "string" }),
        toml::Value::Boolean(_) => json!({ "type": "boolean" }),
        toml::Value::Array(_) => json!({ "type": "array", "items": { "type": "string" } }),
        other => panic!("{name} = {other}: a kind of setting that this test does not know"),
    };
    if let Some(pattern) = pattern(name) {
        let texts = if value.is_array() { &mut schema["items"] } else { &mut schema };
        texts["pattern"] = json!(pattern);
    }
    schema["default"] = serde_json::to_value(value).unwrap();
    if !comment.is_empty() {
        schema["description"] = json!(comment);
    }
    schema
}

/// A line of the shipped file and its comment. No text of that file contains `#`.
fn parts(line: &str) -> (&str, &str) {
    let (content, comment) = line.split_once('#').unwrap_or((line, ""));
    (content.trim(), comment.trim())
}

/// The whole schema.
fn made() -> Value {
    let mut properties = Map::new();
    let mut section = String::new();
    for (content, comment) in SHIPPED.lines().map(parts).filter(|(content, _)| !content.is_empty()) {
        if let Some(name) = content.strip_prefix('[').and_then(|content| content.strip_suffix(']')) {
            section = name.into();
            let mut table = json!({ "type": "object", "properties": {}, "additionalProperties": false });
            if !comment.is_empty() {
                table["description"] = json!(comment);
            }
            properties.insert(section.clone(), table);
            continue;
        }
        let table: toml::Table = content.parse().unwrap();
        let (key, value) = table.iter().next().unwrap();
        if section.is_empty() {
            properties.insert(key.clone(), of_key(key, value, comment));
        } else {
            // The file explains the keys of addresses once.
            let comment = match properties["ethernet"]["properties"][key]["description"].as_str() {
                Some(former) if comment.is_empty() => former.to_owned(),
                _ => comment.to_owned(),
            };
            properties[&section]["properties"][key] = of_key(&format!("{section}.{key}"), value, &comment);
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "network.toml",
        "description": "The network of the card: Ethernet, Wi-Fi, the name of the device and its clock.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

/// What the program and the schema have against a file.
fn judged(text: &str) -> (Option<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.toml");
    std::fs::write(&path, text).unwrap();
    let value = serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
    (NetworkConfig::load(&path).err().map(|error| error.to_string()), schema::faults(&made(), &value))
}

/// A file in which `key` has this value, and the keys that it needs beside it are right.
fn with(key: &str, value: &str) -> String {
    let mut file: toml::Table = "[ethernet]\naddress = \"192.168.1.20/24\"
[wifi]\nssid = \"hall\"\npassphrase = \"12345678\"\ncountry = \"DE\"\naddress = \"192.168.1.21/24\"\n[time]"
        .parse()
        .unwrap();
    let value: toml::Value = format!("value = {value}").parse::<toml::Table>().unwrap()["value"].clone();
    match key.split_once('.') {
        Some((section, key)) => file[section].as_table_mut().unwrap().insert(key.into(), value),
        None => file.insert(key.into(), value),
    };
    toml::to_string(&file).unwrap()
}

#[test]
fn the_schema_is_up_to_date() {
    schema::check_file(FILE, &made());
}

#[test]
fn the_shipped_file_is_valid_and_every_key_is_described() {
    assert_eq!(judged(SHIPPED), (None, Vec::new()));
    let made = made();
    let mut keys = 0;
    for (name, section) in made["properties"].as_object().unwrap() {
        for (key, member) in section["properties"].as_object().unwrap_or(&Map::new()) {
            assert!(pattern(&format!("{name}.{key}")).is_some() || member["type"] == "boolean", "{name}.{key}");
            keys += 1;
        }
    }
    // The name of the device lies outside of the tables.
    assert_eq!((keys, made["properties"]["hostname"]["default"].as_str()), (11, Some("acoustic-monitor")));
    let described = &made["properties"]["wifi"]["properties"]["address"]["description"];
    assert_eq!(described, &made["properties"]["ethernet"]["properties"]["address"]["description"]);
    assert!(described.as_str().unwrap().contains("DHCP"));
}

#[test]
fn patterns_accept_and_reject_what_the_program_does() {
    let long = format!("\"{}\"", "x".repeat(63));
    let longer = format!("\"{}\"", "x".repeat(64));
    let key = format!("\"{}\"", "0f".repeat(32));
    let ssid = format!("\"{}\"", "x".repeat(33));
    let accepted = [
        ("hostname", vec!["\"a\"", "\"press-3\"", &long]),
        ("ethernet.enabled", vec!["false"]),
        ("ethernet.address", vec!["\"\"", "\"10.0.0.1/8\"", "\"192.168.1.20/32\"", "\"255.255.255.255/1\""]),
        ("ethernet.gateway", vec!["\"\"", "\"192.168.1.1\""]),
        ("ethernet.dns", vec!["[]", "[\"192.168.1.1\", \"fd00::1\"]", "[\"::ffff:10.0.0.1\"]"]),
        ("wifi.ssid", vec!["\"Halle 3 ü\""]),
        ("wifi.passphrase", vec!["\"12345678\"", "'say \"#1\" twice'", &long, &key]),
        ("wifi.country", vec!["\"FR\""]),
        ("time.servers", vec!["[]", "[\"ntp.plant.example.\", \"192.168.1.1\", \"fd00::1\"]"]),
    ];
    let rejected = [
        ("hostname", vec!["\"\"", "\"press 3\"", "\"-a\"", "\"a-\"", &longer, "3"]),
        ("ethernet.enabled", vec!["\"yes\""]),
        (
            "ethernet.address",
            vec!["\"192.168.1.20\"", "\"192.168.1.20/33\"", "\"10.0.0.1/0\"", "\"256.0.0.1/8\"", "\"10.0.0.01/8\""],
        ),
        ("ethernet.gateway", vec!["\"router\"", "\"192.168.1.1/24\"", "\"fd00::1\""]),
        ("ethernet.dns", vec!["[\"dns.local\"]", "[\"\"]", "\"192.168.1.1\""]),
        ("wifi.ssid", vec![&ssid]),
        ("wifi.passphrase", vec!["\"short\"", "\"pässword\"", &longer]),
        ("wifi.country", vec!["\"de\"", "\"DEU\""]),
        ("time.servers", vec!["[\"a b\"]", "[\"\"]", "[\"ntp_1\"]"]),
    ];
    for (all, is_valid) in [(accepted, true), (rejected, false)] {
        for (key, values) in all {
            let on_wifi = key.strip_prefix("ethernet.").filter(|key| *key != "enabled");
            for key in [Some(key.to_owned()), on_wifi.map(|key| format!("wifi.{key}"))].into_iter().flatten() {
                for value in &values {
                    let (error, faults) = judged(&with(&key, value));
                    assert_eq!(error.is_none(), is_valid, "{key} = {value}: {error:?}");
                    assert_eq!(faults.is_empty(), is_valid, "{key} = {value}: {faults:?}");
                }
            }
        }
    }
}

#[test]
fn an_unknown_key_and_an_unknown_table_are_not_valid() {
    for text in ["[ethernet]\nadress = \"\"", "[lan]\n", "host = \"a\""] {
        let (error, faults) = judged(text);
        assert!(error.is_some() && faults.len() == 1, "{text}: {error:?} {faults:?}");
    }
}
