//! Latched alarms, and the days of the trend, across a restart of the real program.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::process::Command;

use common::place::{Place, status_of};
use common::program::{firmware, output};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

/// A machine that is quiet for a second, loud for 3 s (which raises an alarm), and quiet again.
fn machine() -> Place {
    let place = Place::new("", 1, 1.0);
    let events = place.path("events");
    place.configure(&format!("[alarm]\nstates = [\"on_state\"]\nlatch = true\n[events]\nfolder = {events:?}\n"));
    let sound = [common::model::noise(1, 1.0), common::model::noise(2, 3.0)[144_000..].to_vec(), quiet()].concat();
    common::model::write_wav(&place.wav(), &sound);
    place
}

fn quiet() -> Vec<i16> {
    common::model::noise(1, 12.0)
}

fn stored(place: &Place) -> Option<String> {
    std::fs::read_to_string(place.state().join("alarms.latched")).ok()
}

/// From the status file: whether there is an alarm, the active causes, and the unacknowledged causes.
fn status(place: &Place) -> Value {
    status_of(&place.status()).map_or(Value::Null, |s| json!([s["alarm"], s["alarms"], s["unacknowledged"]]))
}

#[test]
fn an_alarm_unacknowledged_before_a_sigkill_is_restored_at_the_next_start_until_acknowledged() {
    let place = machine();
    let program = place.run_on_stdin();
    program.wait("the alarm on disk", |_| stored(&place).as_deref() == Some("state\n"));
    program.signal(Signal::SIGKILL);
    let _ = program.end();
    std::fs::remove_file(place.status()).unwrap();

    // The machine is quiet now: the alarm can only come from the stored file.
    common::model::write_wav(&place.wav(), &quiet());
    let program = place.run_on_stdin();
    program.wait("the restored alarm", |_| status(&place) == json!([true, [], ["state"]]));
    let alarms = program.reports("alarm");
    assert_eq!((alarms.len(), &alarms[0]["active"], &alarms[0]["unacknowledged"]), (1, &json!(false), &json!(true)));
    program.signal(Signal::SIGUSR1);
    program.wait("normal", |_| status(&place) == json!([false, [], []]));
    program.wait("nothing on disk", |_| stored(&place).as_deref() == Some(""));
    program.signal(Signal::SIGTERM);
    let (ended, _, lines, stderr) = program.end();
    assert!(ended.success() && lines[0]["kind"] == "hello", "{stderr} {:?}", lines[0]);

    let program = place.run_on_stdin();
    program.wait("a state", |program| !program.reports("state").is_empty());
    assert_eq!((program.reports("alarm").len(), status(&place)), (0, json!([false, [], []])));
    program.signal(Signal::SIGTERM);
    assert!(program.end().0.success());
    // The event log has the whole sequence: raised, restored at the restart, acknowledged.
    let mut log = Command::new(firmware());
    let (_, table, stderr) = output(log.args(["events", "--folder"]).arg(place.path("events")));
    let records: Vec<&str> = table.lines().filter(|line| line.contains("alarm") || line.contains("acknow")).collect();
    let [raised, restored, acknowledged] = records[..] else { panic!("{table} {stderr}") };
    assert!(
        raised.contains("active true") && restored.contains("active false") && restored.contains("unacknowledged true")
    );
    assert!(acknowledged.contains("acknowledged cause state, by signal"), "{acknowledged}");
}

#[test]
fn a_reload_without_latching_clears_the_stored_alarms() {
    let place = machine();
    let program = place.run_on_stdin();
    program.wait("the alarm on disk", |_| stored(&place).as_deref() == Some("state\n"));
    let text = std::fs::read_to_string(place.path("monitor.toml")).unwrap();
    std::fs::write(place.path("monitor.toml"), text.replace("latch = true", "latch = false")).unwrap();
    program.signal(Signal::SIGHUP);
    let cleared = || stored(&place).is_none_or(|stored| stored.is_empty());
    program.wait("nothing on disk", |program| program.stderr().contains("read again") && cleared());
    program.signal(Signal::SIGTERM);
    assert!(program.end().0.success() && cleared());
}

#[test]
fn an_unwritable_state_directory_does_not_affect_monitoring() {
    let place = machine();
    std::fs::write(place.state(), "a file in the way").unwrap();
    let program = place.run_on_stdin();
    program.wait("the error message", |program| program.stderr().contains("a restart would forget"));
    program.wait("the alarm", |_| status(&place) == json!([true, [], ["state"]]));
    program.signal(Signal::SIGTERM);
    let (status, took, _, stderr) = program.end();
    assert!(status.success() && took.as_secs_f32() < 1.0, "{took:?} {stderr}");
    assert_eq!(stderr.matches("a restart would forget").count(), 1, "{stderr}");
}

#[test]
fn the_present_day_of_the_trend_goes_on_after_a_restart() {
    let place = machine();
    std::fs::create_dir_all(place.state()).unwrap();
    common::model::write_wav(&place.wav(), &quiet());
    let seconds = [(); 2].map(|()| {
        let program = place.run_on_stdin();
        program.wait("steady windows", |program| program.reports("verdict").len() > 16);
        program.signal(Signal::SIGTERM);
        let (ended, _, _, stderr) = program.end();
        let today = std::fs::read_to_string(place.state().join("trend.today")).unwrap();
        let day = today.lines().nth(1).and_then(|line| line.split('\t').next()).unwrap();
        assert!(ended.success(), "{stderr}");
        serde_json::from_str::<Value>(day).unwrap()["seconds"].as_f64().unwrap()
    });
    assert!(0.5 < seconds[0] && seconds[0] + 0.5 < seconds[1], "{seconds:?}");
}
