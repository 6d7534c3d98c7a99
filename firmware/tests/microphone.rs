//! A dead microphone is reported as such, and never as a machine that is off.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use common::model::{noise, write_wav};
use common::place::Place;
use common::program::{output, parse};
use serde_json::Value;

/// The program's reports for a recording of these samples.
fn lines_for(samples: &[i16]) -> Vec<Value> {
    let place = Place::new("", 1, 0.1);
    write_wav(&place.wav(), samples);
    let (code, text, stderr) = output(&mut place.run(&["--wav", place.wav().to_str().unwrap()]));
    assert_eq!(code, Some(0), "{stderr}");
    parse(&text)
}

fn alarms(lines: &[Value]) -> Vec<(&str, bool)> {
    let alarms = lines.iter().filter(|line| line["kind"] == "alarm");
    alarms.map(|line| (line["cause"].as_str().unwrap(), line["active"].as_bool().unwrap())).collect()
}

#[test]
fn digital_silence_and_stuck_samples_are_a_dead_microphone_and_not_off_state() {
    for (value, fault) in [(0, "silent"), (-32_768, "stuck"), (1200, "stuck")] {
        let lines = lines_for(&vec![value; 8 * 48_000]);
        assert_eq!(alarms(&lines), [("microphone", true)], "{value}");
        assert!(lines.iter().all(|line| line["kind"] != "verdict" || line["state"] == "unknown"), "{value}");
        let health = lines.iter().rfind(|line| line["kind"] == "health").unwrap();
        assert_eq!(health["microphone"], serde_json::json!([fault]));
    }
}

#[test]
fn a_microphone_that_dies_makes_the_state_unknown_and_one_that_comes_back_ends_the_alarm() {
    let mut samples = noise(2, 4.0);
    samples.extend(vec![0; 4 * 48_000]);
    samples.extend(noise(2, 4.0));
    let lines = lines_for(&samples);
    assert_eq!(alarms(&lines), [("microphone", true), ("microphone", false)]);
    let changes = lines.iter().filter(|line| line["kind"] == "state");
    let states: Vec<&str> = changes.map(|line| line["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["off_state", "on_state", "unknown", "off_state", "on_state"]);
}

#[test]
fn clipping_and_offset_are_reported_and_raise_no_alarm() {
    let clipped: Vec<i16> =
        (0..4 * 48_000).map(|index| if index / 50 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
    let offset: Vec<i16> = noise(1, 4.0).iter().map(|sample| sample + 12_000).collect();
    for (samples, fault) in [(clipped, "clipped"), (offset, "offset")] {
        let lines = lines_for(&samples);
        assert_eq!(alarms(&lines), []);
        let health = lines.iter().rfind(|line| line["kind"] == "health").unwrap();
        assert_eq!(health["microphone"], serde_json::json!([fault]));
    }
}
