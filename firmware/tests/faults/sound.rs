//! Invalid samples, and hours of silence.

use std::io::Write;

use serde_json::{Value, json};

use crate::common::Devices;
use crate::common::place::Place;
use crate::common::program::{Program, verdicts};

fn alarms(lines: &[Value]) -> Vec<(String, bool)> {
    let alarms = lines.iter().filter(|line| line["kind"] == "alarm");
    alarms.map(|line| (line["cause"].as_str().unwrap().into(), line["active"].as_bool().unwrap())).collect()
}

/// 5 s of loud noise as 32-bit floats; every tenth sample of the middle three is `value`.
fn floats(value: f32) -> Vec<u8> {
    let samples = crate::common::model::noise(2, 5.0).split_off(5 * 48_000);
    let mut floats: Vec<f32> = samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
    floats[48_000..4 * 48_000].iter_mut().step_by(10).for_each(|sample| *sample = value);
    floats.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

#[test]
fn nan_and_infinity_from_a_float_device_are_a_dead_microphone_and_never_a_state() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30] {
        let devices = Devices::new().paced("microphone", &floats(value), "FLOAT_LE", 48_000, 1);
        let place = Place::new("", 1, 0.1);
        let mut command = devices.command(crate::common::program::firmware());
        command.arg("run").arg("--config").arg(place.path("monitor.toml")).args(["--device", "microphone"]);
        let program = Program::start(command);
        program.wait("the end of the alarm", |program| {
            program.reports("alarm").iter().any(|line| line["cause"] == "microphone" && line["active"] == false)
        });
        program.signal(nix::sys::signal::Signal::SIGTERM);
        let (status, _, lines, stderr) = program.end();
        assert!(status.success(), "{stderr}");
        assert_eq!(alarms(&lines)[0], ("microphone".into(), true), "{value}");
        let raised = lines.iter().position(|line| line["kind"] == "alarm").unwrap();
        let ended = lines.iter().rposition(|line| line["cause"] == "microphone").unwrap();
        let during = verdicts(&lines[raised..ended]);
        assert!(!during.is_empty() && during.iter().all(|window| window.state == "unknown"), "{value}");
        // Every reported number is finite: JSON has no NaN, serde would write null.
        assert!(verdicts(&lines).iter().all(|window| window.probabilities.iter().all(|p| (0.0..=1.0).contains(p))));
    }
}

#[test]
fn nan_in_raw_floats_on_standard_input_is_a_dead_microphone_too() {
    let place = Place::new("[capture]\nformat = \"f32\"\n", 1, 0.1);
    let mut program = Program::start(place.run(&["--stdin"]));
    program.child.stdin.take().unwrap().write_all(&floats(f32::NAN)).unwrap();
    let (status, _, lines, stderr) = program.end();
    assert!(status.success(), "{stderr}");
    assert_eq!(alarms(&lines)[0], ("microphone".into(), true));
}

#[test]
fn hours_of_silence_raise_one_alarm_and_no_state_and_the_first_sound_after_them_is_classified() {
    let place = Place::new("[capture]\nrate = 8000\n", 1, 0.1);
    let mut program = Program::start(place.run(&["--stdin", "--hop", "1"]));
    let mut input = program.child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || {
        let minute = vec![0u8; 2 * 8_000 * 60];
        // A loud machine, then an hour of microphone hiss of one step up and down, then an hour of digital silence.
        let hiss: Vec<u8> =
            (0..8_000u32 * 60).flat_map(|at| ((at * 7_919 / 13 % 3) as i16 - 1).to_le_bytes()).collect();
        let noise: Vec<u8> =
            crate::common::model::noise(2, 5.0)[5 * 48_000..].iter().flat_map(|sample| sample.to_le_bytes()).collect();
        input.write_all(&noise).unwrap();
        (0..60).for_each(|_| input.write_all(&hiss).unwrap());
        (0..60).for_each(|_| input.write_all(&minute).unwrap());
        input.write_all(&noise).unwrap();
    });
    feeder.join().unwrap();
    let (status, _, lines, stderr) = program.end();
    assert!(status.success(), "{stderr}");
    // The hiss is classified as a machine that is off, the digital silence as a dead microphone; then it is loud again.
    let states: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "state").map(|line| &line["state"]).collect();
    assert_eq!(states, [&json!("on_state"), &json!("off_state"), &json!("unknown"), &json!("on_state")]);
    assert_eq!(alarms(&lines), [("microphone".into(), true), ("microphone".into(), false)]);
    let last = lines.last().unwrap();
    // Two hours and a minute less a window, one every second: none is missing. (The status file skips reports that arrive
    // faster than it can be written.)
    assert_eq!((verdicts(&lines).len(), &last["gaps"], &last["dropped_windows"]), (7260, &json!(0), &json!(0)));
}
