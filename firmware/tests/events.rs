//! The event log of the real program: written, killed, read.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::process::Command;

use common::place::Place;
use common::program::{firmware, output};
use nix::sys::signal::Signal;

/// The rows of `firmware events --csv`, each as pairs of column name and value.
fn rows(place: &Place) -> Vec<Vec<(String, String)>> {
    let (code, text, stderr) =
        output(Command::new(firmware()).args(["events", "--csv", "--config"]).arg(place.path("monitor.toml")));
    assert_eq!(code, Some(0), "{stderr}");
    let mut lines = text.lines().map(|line| line.split(',').map(String::from).collect::<Vec<_>>());
    let header = lines.next().unwrap();
    lines.map(|line| header.iter().cloned().zip(line).collect()).collect()
}

fn column<'a>(row: &'a [(String, String)], name: &str) -> &'a str {
    &row.iter().find(|(column, _)| column == name).unwrap().1
}

fn events(rows: &[Vec<(String, String)>]) -> String {
    rows.iter().map(|row| column(row, "event")).filter(|event| *event != "clock").collect::<Vec<_>>().join(" ")
}

fn place() -> Place {
    let place = Place::new("", 2, 3.0);
    let folder = place.path("log");
    place.configure(&format!("[alarm]\nstates = [\"on_state\"]\n[events]\nfolder = {folder:?}\n"));
    place
}

#[test]
fn starts_states_alarms_and_durations_are_logged_and_a_restart_after_a_kill_continues_the_log() {
    let place = place();
    let wav = place.wav();
    let (code, _, stderr) = output(&mut place.run(&["--wav", wav.to_str().unwrap()]));
    assert_eq!(code, Some(0), "{stderr}");
    let first = rows(&place);
    assert_eq!(events(&first), "start model state state alarm duration duration duration stop");
    let seconds: f64 = first.iter().filter_map(|row| column(row, "seconds").parse::<f64>().ok()).sum();
    // 6 s of sound: windows of 0.975 s, one every 0.25 s.
    assert!((5.0..=5.5).contains(&seconds), "{seconds}");
    let alarm = first.iter().find(|row| column(row, "event") == "alarm").unwrap();
    assert_eq!(
        (column(alarm, "cause"), column(alarm, "active"), column(alarm, "state")),
        ("state", "true", "on_state")
    );
    // Killed as soon as the alarm is reported: alarms are synchronised to disk at once.
    let program = place.run_on_stdin();
    program.wait("the alarm in the log", |_| {
        rows(&place).iter().filter(|row| column(row, "event") == "alarm").count() == 2
    });
    program.signal(Signal::SIGKILL);
    let _ = program.end();
    let second = rows(&place);
    assert!(events(&second).ends_with("stop start model state state alarm"), "{}", events(&second));
    let numbers: Vec<u64> = second.iter().map(|row| column(row, "number").parse().unwrap()).collect();
    assert!(numbers.iter().copied().eq(1..=second.len() as u64), "{numbers:?}");
}

#[test]
fn an_unwritable_log_does_not_affect_monitoring() {
    let place = place();
    std::fs::write(place.path("log"), "a file in the way").unwrap();
    let wav = place.wav();
    let (code, text, stderr) = output(&mut place.run(&["--wav", wav.to_str().unwrap()]));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("event log") && stderr.contains("trying again"), "{stderr}");
    assert!(text.lines().any(|line| line.contains("\"kind\":\"alarm\"")), "{text}");
    let asked = Command::new(firmware()).args(["events", "--folder"]).arg(place.path("nowhere")).output().unwrap();
    assert_eq!(asked.status.code(), Some(1));
}
