//! MQTT against a real mosquitto.
#![cfg(feature = "mqtt")]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

#[path = "common/broker.rs"]
mod broker;
mod common;

use std::process::Command;

use broker::{Broker, Subscriber, free_port};
use common::model::loudness_model_with_anomaly_score;
use common::place::Place;
use common::program::Program;
use nix::sys::signal::Signal;
use rumqttc::QoS;
use serde_json::Value;
use test_needs::needs;

const OPEN: &str = "allow_anonymous true";

/// Home Assistant's discovery of the device.
const DEVICE: &str = "homeassistant/device/pump/config";

/// A device with a recording of `parts` parts of 3 s that publishes to the broker on `port`.
fn device(port: u16, parts: usize, more: &str) -> Place {
    let config = format!(
        "[alarm]\nstates = [\"on_state\"]\n[mqtt]\nhost = \"127.0.0.1\"\nport = {port}\nid = \"pump\"\nevery_s = 0.5\n{more}\n"
    );
    Place::new(&config, parts, 3.0)
}

/// The state changes and alarms among events, without the sequence number, which differs between outputs.
fn reports_of(events: impl Iterator<Item = Value>) -> Vec<String> {
    events
        .filter(|event| event["kind"] == "state" || event["kind"] == "alarm")
        .map(|event| format!("{} {} {} {}", event["kind"], event["index"], event["state"], event["active"]))
        .collect()
}

#[needs(mosquitto)]
#[test]
fn state_discovery_and_availability_are_retained_in_both_versions_and_the_last_will_is_published() {
    for version in ["3.1.1", "5"] {
        let place = device(free_port(), 20, "");
        let port = free_port();
        let broker = Broker::start(place.folder.path(), port, OPEN);
        place.configure(&format!(
            "[mqtt]\nhost = \"127.0.0.1\"\nport = {port}\nid = \"pump\"\nversion = \"{version}\"\nevery_s = 0.5\n"
        ));
        let note = place.path("update.txt");
        std::fs::write(&note, "in use: no model\nnot used: firmware: does not start\n").unwrap();
        let mut program =
            Program::start(place.run(&["--stdin", "--realtime", "--update-note", note.to_str().unwrap()]));
        program.feed(place.wav());
        let first = Subscriber::new(port, None);
        first.wait("a state", |subscriber| subscriber.newest("acoustic-monitor/pump/state")["state"] == "off_state");
        let state = first.newest("acoustic-monitor/pump/state");
        assert_eq!(state["rejected_updates"], serde_json::json!(["firmware: does not start"]));
        assert_eq!(state["not_used"], state["rejected_updates"], "the old name");
        // A later subscriber receives the retained messages from the broker.
        let subscriber = Subscriber::new(port, None);
        subscriber.wait("discovery", |subscriber| subscriber.newest(DEVICE)["origin"].is_object());
        let components = subscriber.newest(DEVICE)["components"].clone();
        let sensor = &components["state"];
        assert_eq!(sensor["options"], serde_json::json!(["off_state", "on_state", "unknown"]));
        assert_eq!(sensor["state_topic"], "acoustic-monitor/pump/state");
        assert_eq!(sensor["availability_topic"], "acoustic-monitor/pump/availability");
        assert_eq!(sensor["expire_after"], 2, "twice the half second between two states, and one");
        let connected = &components["connected"];
        assert_eq!(connected["state_topic"], "acoustic-monitor/pump/availability");
        assert!(connected["availability_topic"].is_null() && connected["expire_after"].is_null());
        subscriber
            .wait("availability", |subscriber| subscriber.payloads("acoustic-monitor/pump/availability") == ["online"]);
        assert_eq!(components["alarm"]["device_class"], "problem");
        assert_eq!(components["alarm"]["json_attributes_topic"], "acoustic-monitor/pump/state");
        assert!(state["explanation"].is_null(), "{state}");
        for object in ["zone", "trend", "warning", "drift"] {
            assert!(components[object]["unique_id"].is_string(), "{object}");
        }
        program.child.kill().unwrap();
        subscriber.wait("the last will", |subscriber| {
            subscriber.payloads("acoustic-monitor/pump/availability") == ["online", "offline"]
        });
        broker.kill();
    }
}

#[needs(mosquitto)]
#[test]
fn what_is_retained_under_the_former_prefix_is_deleted_and_the_sensitivity_moves() {
    for version in ["3.1.1", "5"] {
        let port = free_port();
        let place = device(port, 20, &format!("version = \"{version}\"\nset_sensitivity = true"));
        let _broker = Broker::start(place.folder.path(), port, OPEN);
        let before = Subscriber::new(port, None);
        before.wait("the subscription", |subscriber| subscriber.subscriptions() == 1);
        let (availability, level) = ("monitor/pump/availability", "monitor/pump/alarm_level/set");
        let other = "monitor/fan/availability";
        for (topic, payload) in [(availability, "offline"), (other, "online"), (level, "2.5")] {
            before.client.publish(topic, QoS::AtLeastOnce, true, payload).unwrap();
        }
        before.wait("the former messages", |subscriber| !subscriber.payloads(level).is_empty());
        let _program = place.run_on_stdin();
        let is_deleted = |topic: &str| before.payloads(topic).last().is_some_and(String::is_empty);
        before.wait("the deletion", |_| is_deleted(availability) && is_deleted(level));
        let after = Subscriber::new(port, None);
        let moved = "acoustic-monitor/pump/alarm_level/set";
        after.wait("what is retained", |subscriber| {
            subscriber.payloads(moved) == ["2.5"] && !subscriber.payloads(other).is_empty()
        });
        assert!(!after.topics().iter().any(|topic| topic.starts_with("monitor/pump/")), "{:?}", after.topics());
    }
}

#[needs(mosquitto)]
#[test]
fn discovery_replaces_the_messages_of_an_earlier_version_and_comes_again_when_home_assistant_starts() {
    for version in ["3.1.1", "5"] {
        let port = free_port();
        let place = device(port, 20, &format!("version = \"{version}\""));
        let _broker = Broker::start(place.folder.path(), port, OPEN);
        let (own, foreign) = ("homeassistant/sensor/pump/state/config", "homeassistant/light/pump/lamp/config");
        let before = Subscriber::new(port, None);
        before.wait("the subscription", |subscriber| subscriber.subscriptions() == 1);
        for (topic, id) in [(own, "acoustic_monitor_pump_state"), (foreign, "lamp_7")] {
            let payload = format!("{{\"unique_id\":\"{id}\"}}");
            before.client.publish(topic, QoS::AtLeastOnce, true, payload).unwrap();
        }
        before.wait("the former messages", |subscriber| subscriber.topics().iter().any(|topic| topic == foreign));
        let _program = place.run_on_stdin();
        before.wait("the deletion", |subscriber| subscriber.payloads(own).last().is_some_and(String::is_empty));
        before.wait("the second announcement", |subscriber| subscriber.payloads(DEVICE).len() == 2);
        assert_eq!(before.payloads(own)[1..], [r#"{"migrate_discovery":true}"#, ""]);
        let order: Vec<String> = before.topics().into_iter().filter(|topic| topic == own || topic == DEVICE).collect();
        assert_eq!(order, [own, own, DEVICE, own, DEVICE]);
        assert_eq!(before.payloads(foreign).len(), 1, "another program's entity stays");
        before.client.publish("homeassistant/status", QoS::AtLeastOnce, false, "online").unwrap();
        before.wait("a third announcement", |subscriber| subscriber.payloads(DEVICE).len() == 3);
        let after = Subscriber::new(port, None);
        after.wait("what is retained", |subscriber| !subscriber.payloads(DEVICE).is_empty());
        assert!(after.payloads(own).is_empty(), "{:?}", after.topics());
    }
}

#[needs(mosquitto)]
#[test]
fn a_broker_killed_and_restarted_receives_every_event_in_order() {
    let port = free_port();
    let place = device(port, 8, "");
    let broker = Broker::start(place.folder.path(), port, OPEN);
    let subscriber = Subscriber::new(port, None);
    subscriber.wait("the subscription", |subscriber| subscriber.subscriptions() == 1);
    let program = place.run_on_stdin();
    subscriber.wait("a first event", |subscriber| !subscriber.payloads("acoustic-monitor/pump/event").is_empty());
    broker.kill();
    let before = reports_of(program_events(&program)).len();
    program.wait("two more events", |program| reports_of(program_events(program)).len() >= before + 3);
    // Subscribe before the device reconnects: the broker does not retain events.
    program.signal(Signal::SIGSTOP);
    let _broker = Broker::start(place.folder.path(), port, OPEN);
    subscriber.wait("the subscription again", |subscriber| subscriber.subscriptions() == 2);
    program.signal(Signal::SIGCONT);
    program.wait("the reconnection", |program| program.stderr().contains("there again"));
    subscriber.wait("the state again", |subscriber| {
        subscriber.payloads("acoustic-monitor/pump/availability").last().is_some_and(|text| text == "online")
    });
    let (status, _, lines, stderr) = program.end();
    assert!(status.success(), "{stderr}");
    let expected = reports_of(lines.into_iter());
    subscriber.wait("every event", |subscriber| {
        let mut received = reports_of(
            subscriber.payloads("acoustic-monitor/pump/event").iter().map(|text| serde_json::from_str(text).unwrap()),
        );
        // At least once: messages in flight when the broker was killed may arrive twice.
        received.dedup();
        received == expected
    });
    assert_eq!(subscriber.payloads("acoustic-monitor/pump/availability").last().unwrap(), "offline");
}

fn program_events(program: &Program) -> impl Iterator<Item = Value> {
    let mut events = program.reports("state");
    events.extend(program.reports("alarm"));
    events.into_iter()
}

#[needs(mosquitto)]
#[test]
fn credentials_are_read_from_a_file_and_never_printed() {
    let port = free_port();
    let place = device(port, 20, "");
    let passwords = place.path("passwords");
    let made =
        Command::new("mosquitto_passwd").args(["-b", "-c"]).arg(&passwords).args(["plant", "s3cret-word"]).output();
    assert!(made.unwrap().status.success());
    let config = format!("allow_anonymous false\npassword_file {}", passwords.display());
    let _broker = Broker::start(place.folder.path(), port, &config);
    let subscriber = Subscriber::new(port, Some(("plant", "s3cret-word")));
    let file = place.path("credentials");
    for (password, accepted) in [("wr0ng-word", false), ("s3cret-word", true)] {
        std::fs::write(&file, format!("plant\n{password}\n")).unwrap();
        place.configure(&format!(
            "[mqtt]\nhost = \"127.0.0.1\"\nport = {port}\nid = \"pump\"\ncredentials = {file:?}\n"
        ));
        let program = place.run_on_stdin();
        if accepted {
            subscriber.wait("availability", |subscriber| {
                !subscriber.payloads("acoustic-monitor/pump/availability").is_empty()
            });
        } else {
            program.wait("a rejection", |program| program.stderr().contains("trying again"));
        }
        program.signal(Signal::SIGTERM);
        let (_, _, lines, stderr) = program.end();
        let all = format!("{stderr}{lines:?}");
        assert!(!all.contains(password) && stderr.contains("chmod 600"), "{all}");
    }
}

#[needs(mosquitto)]
#[test]
fn an_orderly_stop_prints_no_error_and_publishes_no_last_will() {
    for version in ["3.1.1", "5"] {
        let port = free_port();
        let place = device(port, 20, &format!("version = \"{version}\""));
        let _broker = Broker::start(place.folder.path(), port, OPEN);
        let subscriber = Subscriber::new(port, None);
        subscriber.wait("the subscription", |subscriber| subscriber.subscriptions() == 1);
        let program = place.run_on_stdin();
        subscriber
            .wait("availability", |subscriber| subscriber.payloads("acoustic-monitor/pump/availability") == ["online"]);
        program.wait("a window", |program| !program.reports("verdict").is_empty());
        program.signal(Signal::SIGTERM);
        let (status, _, _, stderr) = program.end();
        assert!(status.success() && !stderr.contains("mqtt"), "{version}: {stderr}");
        subscriber.wait("the end", |subscriber| {
            subscriber.payloads("acoustic-monitor/pump/availability") == ["online", "offline"]
        });
    }
}

#[needs(mosquitto)]
#[test]
fn the_sensitivity_is_set_by_messages_and_a_retained_one_holds_over_a_restart() {
    for version in ["3.1.1", "5"] {
        let port = free_port();
        let place = device(port, 40, &format!("version = \"{version}\"\nset_sensitivity = true\n[clips]"));
        std::fs::write(place.model(), loudness_model_with_anomaly_score("off_state", "on_state")).unwrap();
        let _broker = Broker::start(place.folder.path(), port, OPEN);
        let subscriber = Subscriber::new(port, None);
        let values = |subscriber: &Subscriber| {
            let state = subscriber.newest("acoustic-monitor/pump/state");
            (state["alarm_level"].as_f64(), state["persistence_s"].as_f64())
        };
        let program = place.run_on_stdin();
        subscriber.wait("the model's values", |subscriber| values(subscriber) == (Some(1.0), Some(0.5)));
        subscriber.wait("the number", |subscriber| {
            subscriber.newest(DEVICE)["components"]["alarm_level"]["command_topic"]
                == "acoustic-monitor/pump/alarm_level/set"
        });
        let publish = |topic: &str, retain, payload: &str| {
            subscriber
                .client
                .publish(format!("acoustic-monitor/pump/{topic}/set"), QoS::AtLeastOnce, retain, payload)
                .unwrap();
        };
        publish("persistence_s", false, "8");
        publish("alarm_level", true, "2.5");
        subscriber.wait("the new values", |subscriber| values(subscriber) == (Some(2.5), Some(8.0)));
        publish("warning_level", false, "50");
        let lowered = |subscriber: &Subscriber| {
            subscriber.newest("acoustic-monitor/pump/state")["warning_level"].as_f64() == Some(2.5)
        };
        subscriber.wait("a warning level that is lowered to that of the alarm", lowered);
        publish("alarm_level", false, "1000");
        program.wait("the refusal", |program| program.stderr().contains("alarm_level: \"1000\" is ignored"));
        program.signal(Signal::SIGHUP);
        program.wait("the reload", |program| program.stderr().contains("were read again"));
        assert_eq!(values(&subscriber), (Some(2.5), Some(8.0)), "{version}");
        program.signal(Signal::SIGTERM);
        program.end();
        let program = place.run_on_stdin();
        subscriber.wait("only the retained value", |subscriber| values(subscriber) == (Some(2.5), Some(0.5)));
        publish("alarm_level", true, "default");
        subscriber.wait("the model's values again", |subscriber| values(subscriber) == (Some(1.0), Some(0.5)));
        program.signal(Signal::SIGTERM);
        program.end();
    }
}

#[test]
fn an_unreachable_broker_does_not_affect_monitoring() {
    let place = device(free_port(), 2, "");
    let program = place.run_on_stdin();
    program.wait("the change", |program| program.reports("state").iter().any(|line| line["state"] == "on_state"));
    let (status, _, lines, stderr) = program.end();
    assert!(status.success() && stderr.contains("trying again until it is there"), "{stderr}");
    let health = lines.iter().rfind(|line| line["kind"] == "health").unwrap();
    assert_eq!((health["dropped_windows"].as_u64(), health["dropped_reports"].as_u64()), (Some(0), Some(0)));
}

/// Creates a certificate authority and a broker key signed by it with openssl; returns `false` if openssl is not installed.
#[cfg(feature = "tls")]
fn certificates(folder: &std::path::Path) -> bool {
    let script = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem &&
        openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout broker.key -out broker.csr &&
        printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > ext &&
        openssl x509 -req -in broker.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out broker.pem";
    let made = Command::new("sh").arg("-c").arg(script).current_dir(folder).output().unwrap();
    made.status.success()
}

#[cfg(feature = "tls")]
#[needs(mosquitto)]
#[test]
fn tls_accepts_only_a_broker_whose_certificate_is_signed_by_the_ca_file() {
    let port = free_port();
    let place = device(port, 20, "");
    assert!(certificates(place.folder.path()), "openssl is needed (package openssl)");
    let other = tempfile::tempdir().unwrap();
    assert!(certificates(other.path()));
    let (cert, key) = (place.path("broker.pem"), place.path("broker.key"));
    let more = format!("{OPEN}\ncertfile {}\nkeyfile {}", cert.display(), key.display());
    let _broker = Broker::start(place.folder.path(), port, &more);
    for (ca, accepted) in [(other.path().join("ca.pem"), false), (place.path("ca.pem"), true)] {
        place.configure(&format!("[mqtt]\nhost = \"localhost\"\nport = {port}\nid = \"pump\"\nca = {ca:?}\n"));
        let program = place.run_on_stdin();
        let log = place.path("mosquitto.log");
        if accepted {
            let in_log = || std::fs::read_to_string(&log).unwrap().contains("as acoustic-monitor-pump");
            program.wait("the connection in the broker's log", |_| in_log());
        } else {
            program.wait("a rejection", |program| program.stderr().contains("trying again"));
            assert!(!std::fs::read_to_string(&log).unwrap().contains("as acoustic-monitor-pump"));
        }
    }
}
