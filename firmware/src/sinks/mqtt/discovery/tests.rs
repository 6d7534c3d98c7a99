use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::Config;
use super::*;
use crate::reporting::DeviceInfo;

fn messages(config: Config) -> Messages {
    Messages::new(&Config { id: "pump".into(), ..config })
}

fn now() -> Snapshot {
    let device = DeviceInfo { labels: ["off", "on"].into_iter().collect(), ..DeviceInfo::default() };
    Snapshot { device: Some(Arc::new(device)), ..Snapshot::default() }
}

fn device(config: Config) -> Value {
    let message = messages(config).discovery(&now()).unwrap_or_else(|| panic!("no message"));
    assert_eq!((message.topic.as_str(), message.retain), ("homeassistant/device/pump/config", true));
    serde_json::from_str(&message.payload).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn one_message_has_device_origin_and_every_entity_with_platform_and_unique_id() {
    let all = Config { acknowledge: true, set_sensitivity: true, ..Config::default() };
    let message = device(all);
    assert_eq!(message["origin"]["name"], "acoustic-monitor");
    assert_eq!(message["device"]["identifiers"], json!(["acoustic_monitor_pump"]));
    let components = message["components"].as_object().cloned().unwrap_or_default();
    assert_eq!(components.len(), 18);
    for (object, component) in &components {
        assert!(component["platform"].is_string(), "{object}");
        assert_eq!(component["unique_id"], format!("acoustic_monitor_pump_{object}"));
        let available = component["availability_topic"] == "acoustic-monitor/pump/availability";
        assert_eq!(available, object != "connected", "{object}");
    }
    assert_eq!(components["state"]["options"], json!(["off", "on", "unknown"]));
    assert_eq!(components["acknowledge"]["payload_press"], "all");
    assert_eq!(components["alarm_level"]["command_topic"], "acoustic-monitor/pump/alarm_level/set");
}

#[test]
fn what_the_configuration_switches_off_is_removed_by_a_platform_alone() {
    let message = device(Config::default());
    assert_eq!(message["components"]["acknowledge"], json!({"platform": "button"}));
    assert_eq!(message["components"]["alarm_level"], json!({"platform": "number"}));
    let off = messages(Config { discovery: String::new(), ..Config::default() });
    assert_eq!((off.discovery(&now()), off.has_discovery()), (None, false));
}

#[test]
fn former_topics_are_unloaded_before_the_device_is_announced_and_deleted_after_it() {
    let messages = messages(Config::default());
    let former = ["homeassistant/sensor/pump/state/config".to_owned()];
    let sent = messages.announcement(&now(), &former);
    let order: Vec<_> = sent.iter().map(|sent| (sent.topic.as_str(), sent.payload.len() > 100, sent.retain)).collect();
    let device = ("homeassistant/device/pump/config", true, true);
    assert_eq!(order, [(former[0].as_str(), false, false), device, (former[0].as_str(), false, true), device]);
    assert_eq!((sent[0].payload.as_str(), sent[2].payload.as_str()), (r#"{"migrate_discovery":true}"#, ""));
    assert_eq!(messages.announcement(&now(), &[]).len(), 1);
}

#[test]
fn only_retained_messages_of_this_program_and_this_device_are_former_ones() {
    let messages = messages(Config::default());
    let is_former = |topic: &str, payload: &str, retained| {
        messages.is_former(&Received { topic: topic.into(), payload: payload.into(), retained })
    };
    let own = r#"{"unique_id":"acoustic_monitor_pump_state"}"#;
    assert!(is_former("homeassistant/sensor/pump/state/config", own, true));
    assert!(!is_former("homeassistant/sensor/pump/state/config", own, false), "its own message on the way");
    assert!(!is_former("homeassistant/sensor/pump/state/config", "", true));
    assert!(!is_former("homeassistant/sensor/pump/state/config", r#"{"unique_id":"zigbee_7"}"#, true));
    assert!(!is_former("homeassistant/sensor/other/state/config", own, true));
    assert!(!is_former("homeassistant/device/pump/config", own, true));
    let started = |payload: &[u8]| {
        messages.is_started(&Received {
            topic: "homeassistant/status".into(),
            payload: payload.into(),
            retained: false,
        })
    };
    assert!(started(b"online") && !started(b"offline"));
}

#[test]
fn an_announcement_waits_for_retained_messages_and_comes_once() {
    let (begin, mut schedule) = (Instant::now(), Schedule::default());
    let at = |ms| begin + Duration::from_millis(ms);
    assert_eq!(schedule.take(at(0)), None);
    schedule.connected(begin);
    schedule.found("a".into(), at(100));
    schedule.found("a".into(), at(101));
    assert_eq!(schedule.take(at(499)), None);
    assert_eq!(schedule.take(at(500)), Some(vec!["a".to_owned()]));
    assert_eq!(schedule.take(at(10_000)), None);
    schedule.started(at(20_000), |pause| pause / 2);
    schedule.started(at(20_500), |pause| pause);
    assert_eq!((schedule.take(at(20_999)), schedule.take(at(21_000))), (None, Some(Vec::new())));
}
