//! `monitor --mqtt` and `page --mqtt` against a real broker.
#![allow(clippy::unwrap_used, reason = "a test")]

mod page_client;

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use page_client::Page;
use rumqttc::{Client, MqttOptions, QoS};
use serde_json::{Value, json};
use test_needs::needs;

const PATIENCE: Duration = Duration::from_secs(20);

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A process that is killed when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A broker; finds the program also if `PATH` does not contain sbin.
fn broker(folder: &Path, port: u16, more: &str) -> Process {
    let config = folder.join("mosquitto.conf");
    std::fs::write(&config, format!("listener {port} 127.0.0.1\nuser root\n{more}\n")).unwrap();
    let place = Path::new("/usr/sbin/mosquitto");
    let mut command = Command::new(if place.exists() { place } else { Path::new("mosquitto") });
    let child = command.arg("-c").arg(config).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(begun.elapsed() < PATIENCE, "the broker does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    Process(child)
}

/// A client that publishes as a device does.
fn device(port: u16, login: Option<(&str, &str)>) -> Client {
    let mut options = MqttOptions::new(format!("device-{}", free_port()), "127.0.0.1", port);
    if let Some((user, password)) = login {
        options.set_credentials(user, password);
    }
    let (client, mut connection) = Client::new(options, 100);
    std::thread::spawn(move || connection.iter().for_each(drop));
    client
}

fn publish(client: &Client, topic: &str, retain: bool, payload: impl ToString) {
    client.publish(topic, QoS::AtLeastOnce, retain, payload.to_string()).unwrap();
}

/// Lines of a program's standard output, from a thread.
fn lines(arguments: &[&str]) -> (Process, Receiver<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-tools"));
    let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || out.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
    (Process(child), receiver)
}

/// Waits for a line; returns those before it too.
fn wait_for(lines: &Receiver<String>, what: &str, is_it: impl Fn(&str) -> bool) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let line = lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{what}: {seen:?}"));
        seen.push(line);
        if is_it(&seen[seen.len() - 1]) {
            return seen;
        }
    }
}

#[needs(mosquitto)]
#[test]
fn lines_report_events_silence_and_a_broker_that_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let first = broker(folder.path(), port, "allow_anonymous true");
    let client = device(port, None);
    publish(&client, "acoustic-monitor/pump/state", true, json!({"state": "on_state", "zone": "normal"}));
    let address = format!("127.0.0.1:{port}");
    let (_text, text) = lines(&["monitor", "--mqtt", &address, "--silent", "2"]);
    wait_for(&text, "the retained state", |line| line == "pump: normal, on_state");
    // The broker has the state by now: who comes later gets it as a retained one.
    let (_json, json_lines) = lines(&["monitor", "--mqtt", &address, "--silent", "2", "--json"]);
    wait_for(&text, "silence", |line| line.starts_with("pump: SILENT for 2"));
    let seen = wait_for(&json_lines, "silence as JSON", |line| line.contains("\"silent\""));
    let retained: Value = serde_json::from_str(&seen[0]).unwrap();
    assert_eq!((&retained["device"], &retained["retained"]), (&json!("pump"), &json!(true)), "{seen:?}");
    let alarm = json!({"kind": "alarm", "time_s": 7.5, "active": true, "cause": "anomaly", "explanation": {"text": "56-71 Hz +11.2 dB"}});
    publish(&client, "acoustic-monitor/pump/event", false, &alarm);
    publish(&client, "acoustic-monitor/pump/state", true, json!({"state": "on_state", "alarms": ["anomaly"]}));
    publish(&client, "acoustic-monitor/pump/state", true, "no JSON");
    wait_for(&text, "the alarm", |line| line == "pump: [7.50] ALARM raised: anomaly (56-71 Hz +11.2 dB)");
    wait_for(&text, "an unreadable message", |line| line.contains("topic state cannot be read"));
    wait_for(&json_lines, "the alarm as JSON", |line| line.contains("\"56-71 Hz +11.2 dB\""));
    drop(first);
    wait_for(&text, "a broker that is gone", |line| line.starts_with("gone: "));
    let _second = broker(folder.path(), port, "allow_anonymous true");
    wait_for(&text, "a broker that is back", |line| line.starts_with("connected: "));
    // Subscribed again.
    publish(&device(port, None), "acoustic-monitor/fan/state", false, json!({"state": "off_state", "zone": "watch"}));
    wait_for(&text, "another device", |line| line == "fan: watch, off_state");
}

#[needs(mosquitto)]
#[test]
fn the_page_shows_the_worst_device_first_and_its_model() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let _broker = broker(folder.path(), port, "allow_anonymous true");
    let client = device(port, None);
    let described = json!({"device": {"identifiers": ["acoustic_monitor_pump"], "model_id": "pumps.tflite"}});
    publish(&client, "homeassistant/device/pump/config", true, described);
    publish(&client, "homeassistant/device/lamp/config", true, json!({"device": {"identifiers": ["lamp"]}}));
    let page = Page::start(&["-q", "page", "--mqtt", &format!("127.0.0.1:{port}")]);
    assert_eq!(page.get("api/fleet").json()["trouble"], Value::Null);
    for (id, state) in
        [("fan", json!({"state": "on", "zone": "watch"})), ("pump", json!({"state": "on", "alarms": ["state"]}))]
    {
        publish(&client, &format!("acoustic-monitor/{id}/state"), false, state);
    }
    let begun = Instant::now();
    let fleet = loop {
        let fleet = page.get("api/fleet").json();
        if fleet["devices"].as_array().unwrap().len() == 2 && fleet["devices"][0]["model"] != Value::Null {
            break fleet;
        }
        assert!(begun.elapsed() < PATIENCE, "{fleet}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let devices = &fleet["devices"];
    assert_eq!(
        (&devices[0]["id"], &devices[0]["condition"], &devices[0]["model"]),
        (&json!("pump"), &json!("alarm"), &json!("pumps.tflite"))
    );
    assert_eq!(
        (&devices[1]["id"], &devices[1]["condition"], &devices[1]["unlike"]),
        (&json!("fan"), &json!("watch"), &json!(false))
    );
}

#[needs(mosquitto)]
#[test]
fn a_password_is_needed_where_the_broker_wants_one() {
    let folder = tempfile::tempdir().unwrap();
    let (passwords, login) = (folder.path().join("passwords"), folder.path().join("login"));
    let made = Command::new("mosquitto_passwd").args(["-b", "-c"]).arg(&passwords).args(["plant", "secret"]).status();
    assert!(made.unwrap().success());
    let port = free_port();
    let more = format!("allow_anonymous false\npassword_file {}", passwords.display());
    let _broker = broker(folder.path(), port, &more);
    let address = format!("127.0.0.1:{port}");
    let refused =
        Command::new(env!("CARGO_BIN_EXE_host-tools")).args(["monitor", "--mqtt", &address]).output().unwrap();
    let error = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(1) && error.contains("--credentials"), "{error}");
    std::fs::write(&login, "plant\nsecret\n").unwrap();
    let (_program, text) = lines(&["monitor", "--mqtt", &address, "--credentials", login.to_str().unwrap()]);
    let client = device(port, Some(("plant", "secret")));
    publish(&client, "acoustic-monitor/pump/state", true, json!({"state": "on_state", "zone": "normal"}));
    wait_for(&text, "the state", |line| line == "pump: normal, on_state");
}
