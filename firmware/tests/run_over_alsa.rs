//! The real program on a sound device, in real time: signals, reload, a stop of the process, an absent device, a device with
//! another rate.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::time::Duration;

use common::Devices;
use common::model::{loudness_model, noise};
use common::place::Place;
use common::program::{Program, verdicts};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

/// A place whose device `microphone` delivers alternating quiet and loud noise, a second each, at `rate`.
fn listening(config: &str, rate: u32) -> (Place, Devices) {
    let raw: Vec<u8> = noise(30, 1.0).iter().flat_map(|sample| sample.to_le_bytes()).collect();
    (Place::new(config, 1, 1.0), Devices::new().paced("microphone", &raw, "S16_LE", rate, 1))
}

/// `firmware run` on the device of this name.
fn run(place: &Place, devices: &Devices, device: &str) -> Program {
    let mut command = devices.command(common::program::firmware());
    command.arg("run").arg("--config").arg(place.path("monitor.toml")).args(["--device", device]);
    Program::start(command)
}

/// Stops the program with SIGTERM, which must take less than a second; returns all lines.
fn stop(program: Program) -> Vec<Value> {
    program.signal(Signal::SIGTERM);
    let (status, took, lines, stderr) = program.end();
    assert!(status.success(), "{stderr}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    lines
}

/// Asserts that every window was reported, in order, a quarter of a second apart.
fn assert_every_window(lines: &[Value]) {
    let starts: Vec<f64> = verdicts(lines).iter().map(|verdict| verdict.start_s).collect();
    assert!(starts.iter().enumerate().all(|(index, start)| *start == 0.25 * index as f64), "{starts:?}");
}

#[test]
fn sigterm_stops_capture_within_a_second_and_the_last_counters_are_reported() {
    let (place, devices) = listening("", 48_000);
    let program = run(&place, &devices, "microphone");
    program.wait("windows", |program| program.reports("verdict").len() >= 4);
    let lines = stop(program);
    let last = lines.last().unwrap();
    assert_eq!(last["kind"], "health");
    assert_eq!(last["windows"].as_u64().unwrap() as usize, verdicts(&lines).len());
    assert!(last["frames"].as_u64().unwrap() > 48_000);
    assert!(!place.status().exists());
}

#[test]
fn sigterm_stops_within_a_second_while_the_device_is_absent() {
    let (place, devices) = listening("", 48_000);
    let program = run(&place, &devices, "hw:CARD=NoSuchCard");
    program.wait("a health", |program| program.reports("health").iter().any(|health| health["capture"] == "absent"));
    let lines = stop(program);
    assert_eq!(lines.last().unwrap()["frames"], 0);
}

#[test]
fn sighup_over_alsa_loads_a_new_model_and_configuration_between_two_windows_and_loses_no_sample() {
    let (place, devices) = listening("", 48_000);
    let program = run(&place, &devices, "microphone");
    program.wait("windows", |program| program.reports("verdict").len() >= 3);
    std::fs::write(place.model(), loudness_model("quiet", "loud")).unwrap();
    place.configure("[decision]\nconfidence = 0.7\n[alarm]\nstates = [\"loud\"]\n");
    program.signal(Signal::SIGHUP);
    program.wait("the new model and its alarm", |program| {
        program.reports("hello").last().is_some_and(|hello| hello["labels"] == json!(["quiet", "loud"]))
            && !program.reports("alarm").is_empty()
    });
    let windows = program.reports("verdict").len();
    program.wait("windows", |program| program.reports("verdict").len() > windows + 4);
    let lines = stop(program);
    assert_every_window(&lines);
    let last = lines.last().unwrap();
    for counter in ["gaps", "lost_frames", "xruns", "dropped_windows", "dropped_blocks", "dropped_reports"] {
        assert_eq!(last[counter], 0, "{last}");
    }
}

#[test]
fn sighup_over_alsa_keeps_the_old_model_and_configuration_when_the_new_are_bad() {
    let (place, devices) = listening("", 48_000);
    let program = run(&place, &devices, "microphone");
    program.wait("windows", |program| program.reports("verdict").len() >= 3);
    let stays = |program: &Program| program.stderr().matches("the old model and configuration stay").count();
    // An invalid model, an unknown key, a state that the model does not have.
    let good = std::fs::read(place.model()).unwrap();
    std::fs::write(place.model(), &good[..good.len() / 2]).unwrap();
    program.signal(Signal::SIGHUP);
    program.wait("a message about the model", |program| stays(program) == 1);
    std::fs::write(place.model(), &good).unwrap();
    place.configure("[decision]\nconfidenc = 0.7\n");
    program.signal(Signal::SIGHUP);
    program.wait("a message about the key", |program| stays(program) == 2 && program.stderr().contains("confidenc"));
    place.configure("[gpio.states]\nno_such_state = 4\n");
    program.signal(Signal::SIGHUP);
    program
        .wait("a message about the state", |program| stays(program) == 3 && program.stderr().contains("no_such_state"));
    let windows = program.reports("verdict").len();
    program.wait("windows", |program| program.reports("verdict").len() > windows + 4);
    let lines = stop(program);
    assert_every_window(&lines);
    assert!(
        lines.iter().filter(|line| line["kind"] == "hello").all(|h| h["labels"] == json!(["off_state", "on_state"]))
    );
    assert_eq!((&lines.last().unwrap()["gaps"], &lines.last().unwrap()["xruns"]), (&json!(0), &json!(0)));
}

#[test]
fn a_stop_of_half_a_second_is_one_gap_and_the_windows_that_span_it_are_marked() {
    let (place, devices) = listening("", 48_000);
    let program = run(&place, &devices, "microphone");
    program.wait("windows", |program| program.reports("verdict").len() >= 8);
    program.signal(Signal::SIGSTOP);
    std::thread::sleep(Duration::from_millis(500));
    program.signal(Signal::SIGCONT);
    let before = program.reports("verdict").len();
    program.wait("windows after the gap", |program| program.reports("verdict").len() > before + 8);
    let lines = stop(program);
    let last = lines.last().unwrap();
    assert_eq!((&last["xruns"], &last["gaps"]), (&json!(1), &json!(1)), "{last}");
    let gaps: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "gap").collect();
    assert_eq!((gaps.len(), &gaps[0]["lost_frames"]), (1, &last["lost_frames"]));
    let marked: Vec<&Value> = lines.iter().filter(|line| line["spans_gap"] == true).collect();
    // A window is 0.975 s long: four begin every 0.25 s before it is over, fewer where the gap itself took their place.
    assert!((1..=4).contains(&marked.len()), "{marked:?}");
    let first_after = gaps[0]["index"].as_u64().unwrap();
    assert!(marked.iter().all(|window| (first_after..first_after + 4).contains(&window["index"].as_u64().unwrap())));
}

#[test]
fn a_rate_other_than_requested_is_accepted_and_reported() {
    for rate in [16_000, 44_100, 96_000] {
        // The default requests 48 kHz; this device has only one rate.
        let (place, devices) = listening("", rate);
        let program = run(&place, &devices, "microphone");
        program.wait("windows", |program| program.reports("verdict").len() >= 4);
        let lines = stop(program);
        let hello = lines.iter().rfind(|line| line["kind"] == "hello").unwrap();
        assert_eq!(hello["rate_hz"], rate);
        assert_every_window(&lines);
        assert_eq!(lines.last().unwrap()["gaps"], 0);
    }
}
