//! Latched alarms of the real program, and every way to acknowledge them without GPIO.
#![cfg(feature = "mqtt")]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

#[path = "common/broker.rs"]
mod broker;
mod common;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use broker::{Broker, Subscriber, free_port};
use common::place::{Place, status_of};
use common::program::Program;
use nix::sys::signal::Signal;
use rumqttc::QoS;
use serde_json::{Value, json};
use test_needs::needs;

/// A machine that is quiet for 3 s, loud for 3 s (which raises an alarm), and quiet again.
fn machine(more: &str) -> Place {
    let config = format!("[alarm]\nstates = [\"on_state\"]\nlatch = true\n{more}\n");
    let place = Place::new(&config, 3, 3.0);
    let mut samples = common::model::noise(2, 3.0);
    samples.extend(common::model::noise(1, 12.0));
    common::model::write_wav(&place.wav(), &samples);
    place
}

/// The causes of each acknowledgement and its source.
fn acknowledged(program: &Program) -> Vec<Value> {
    program.reports("acknowledged").iter().map(|line| json!([line["causes"], line["by"]])).collect()
}

/// From the status file: whether there is an alarm, the active causes, and the unacknowledged causes.
fn status(place: &Place) -> Value {
    status_of(&place.status()).map_or(Value::Null, |s| json!([s["alarm"], s["alarms"], s["unacknowledged"]]))
}

#[test]
fn a_latched_alarm_that_has_ended_stays_until_a_signal_acknowledges_it() {
    let place = machine("");
    let program = place.run_on_stdin();
    program.wait("the alarm", |_| status(&place) == json!([true, ["state"], ["state"]]));
    program.wait("its end, unacknowledged", |_| status(&place) == json!([true, [], ["state"]]));
    let ended = program.reports("alarm").pop().unwrap();
    assert_eq!((&ended["active"], &ended["unacknowledged"]), (&json!(false), &json!(true)));
    program.signal(Signal::SIGUSR1);
    program.wait("normal", |_| status(&place) == json!([false, [], []]));
    assert_eq!(acknowledged(&program), [json!([["state"], "signal"])]);
    // Nothing is left to acknowledge.
    program.signal(Signal::SIGUSR1);
    program.signal(Signal::SIGTERM);
    let (status, _, lines, stderr) = program.end();
    assert!(status.success(), "{stderr}");
    assert_eq!(lines.iter().filter(|line| line["kind"] == "acknowledged").count(), 1);
}

#[test]
fn an_active_alarm_is_acknowledged_by_a_coil_and_then_ends_by_itself() {
    let port = free_port();
    let place = machine(&format!("[modbus]\nenabled = true\nacknowledge = true\nlisten = \"127.0.0.1:{port}\"\n"));
    let program = place.run_on_stdin();
    program.wait("the alarm", |_| status(&place) == json!([true, ["state"], ["state"]]));
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let mut ask = |pdu: &[u8]| {
        stream.write_all(&[&[0, 1, 0, 0, 0, pdu.len() as u8 + 1, 255], pdu].concat()).unwrap();
        let mut head = [0; 7];
        stream.read_exact(&mut head).unwrap();
        let mut answer = vec![0; usize::from(head[5]) - 1];
        stream.read_exact(&mut answer).unwrap();
        answer
    };
    // The coil of another cause does not acknowledge this one.
    assert_eq!(ask(&[5, 0, 18, 0xFF, 0]), [5, 0, 18, 0xFF, 0]);
    assert_eq!(ask(&[1, 0, 16, 0, 4]), [1, 1, 1]);
    assert_eq!(ask(&[5, 0, 16, 0xFF, 0]), [5, 0, 16, 0xFF, 0]);
    program.wait("acknowledged", |_| status(&place) == json!([true, ["state"], []]));
    assert_eq!(acknowledged(&program), [json!([["state"], "modbus"])]);
    assert_eq!(ask(&[1, 0, 16, 0, 4]), [1, 1, 0]);
    program.wait("normal", |_| status(&place) == json!([false, [], []]));
}

#[needs(mosquitto)]
#[test]
fn a_message_acknowledges_in_both_versions_and_a_retained_one_does_not() {
    for version in ["3.1.1", "5"] {
        let port = free_port();
        let place = machine(&format!(
            "[mqtt]\nhost = \"127.0.0.1\"\nport = {port}\nid = \"pump\"\nversion = \"{version}\"\nacknowledge = true\nevery_s = 0.5\n"
        ));
        let _broker = Broker::start(place.folder.path(), port, "allow_anonymous true");
        let subscriber = Subscriber::new(port, None);
        subscriber.wait("the subscription", |subscriber| subscriber.subscriptions() == 1);
        let topic = "acoustic-monitor/pump/acknowledge";
        subscriber.client.publish(topic, QoS::AtLeastOnce, true, "all").unwrap();
        subscriber.wait("the retained message", |subscriber| subscriber.payloads(topic) == ["all"]);
        let program = place.run_on_stdin();
        subscriber.wait("the alarm", |subscriber| {
            subscriber.newest("acoustic-monitor/pump/state")["unacknowledged"] == json!(["state"])
        });
        assert_eq!(acknowledged(&program), [] as [Value; 0]);
        for payload in ["nonsense", "no_sound", "state"] {
            subscriber.client.publish(topic, QoS::AtLeastOnce, false, payload).unwrap();
        }
        subscriber.wait("acknowledged", |subscriber| {
            let state = subscriber.newest("acoustic-monitor/pump/state");
            state["unacknowledged"] == json!([])
                && subscriber.payloads("acoustic-monitor/pump/event").iter().any(|e| e.contains("\"acknowledged\""))
        });
        assert_eq!(acknowledged(&program), [json!([["state"], "mqtt"])]);
        subscriber.wait("the button", |subscriber| {
            subscriber.newest("homeassistant/device/pump/config")["components"]["acknowledge"]["command_topic"] == topic
        });
    }
}
