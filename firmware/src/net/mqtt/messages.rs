//! Topics and payloads, as `docs/reference/mqtt.md` writes them down.

use monitor_core::microphone;
use monitor_model::line::{Causes, Line, capture_name, clock_name};
use serde_json::{Value, json};

use crate::clock;
use crate::config::MqttConfig;
use crate::net::Snapshot;
use crate::outbox::Item;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: String,
    /// Whether the broker keeps it for those who come later.
    pub retain: bool,
}

/// Makes messages of one device.
#[derive(Debug, Clone)]
pub struct Messages {
    device: String,
    base: String,
    discovery: String,
    /// Whether alarms can be acknowledged.
    acknowledge: bool,
}

impl Messages {
    /// Of the device that the configuration names.
    pub fn new(config: &MqttConfig) -> Self {
        let device = config.device();
        Self {
            base: format!("{}/{device}", config.prefix),
            device,
            discovery: config.discovery.clone(),
            acknowledge: config.acknowledge,
        }
    }

    /// The device's name at the broker.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Whether the device is there; the broker says the last will when it is not.
    pub fn availability(&self, online: bool) -> Message {
        let payload = if online { "online" } else { "offline" };
        Message { topic: format!("{}/availability", self.base), payload: payload.into(), retain: true }
    }

    /// The topic of messages that acknowledge alarms.
    pub fn acknowledge(&self) -> String {
        format!("{}/acknowledge", self.base)
    }

    /// What is so now.
    pub fn state(&self, now: &Snapshot, dropped_events: u64) -> Message {
        let health = &now.health;
        let causes = |bits| Causes { bits }.names().collect::<Vec<_>>();
        let payload = json!({
            "state": now.state_name(),
            "confidence": round(now.confidence, 1e4),
            "anomaly": now.anomaly.map(|score| round(score, 1e4)),
            "level_dbfs": now.level_dbfs.map(|level| round(level, 1e2)),
            "alarm": now.is_alarm(),
            "alarms": causes(now.alarms),
            "unacknowledged": causes(now.unacknowledged),
            "microphone": microphone::names(health.microphone).collect::<Vec<_>>(),
            "capture": capture_name(health.capture),
            "clock": clock_name(health.clock),
            "not_used": now.not_used().lines().collect::<Vec<_>>(),
            "up_s": now.time_us / 1_000_000,
            "windows": health.windows,
            "xruns": health.xruns,
            "gaps": health.gaps,
            "dropped_windows": health.dropped_windows,
            "dropped_reports": health.dropped_reports,
            "dropped_events": dropped_events,
            "inference_p99_ms": f64::from(health.inference_p99_us) / 1e3,
            "cpu_celsius": health.cpu_millidegrees.map(|t| f64::from(t) / 1e3),
        });
        Message { topic: format!("{}/state", self.base), payload: payload.to_string(), retain: true }
    }

    /// Something that happened, as the JSON line of it and the time of day.
    pub fn event(&self, item: &Item, labels: &str) -> Message {
        // Numbers and texts: it cannot fail.
        let mut payload = serde_json::to_value(Line { frame: item.frame(), labels }).unwrap_or_default();
        payload["unix_s"] = json!(clock::unix_ms() as f64 / 1e3);
        payload["clock"] = json!(clock_name(clock::state() as u8));
        Message { topic: format!("{}/event", self.base), payload: payload.to_string(), retain: false }
    }

    /// How Home Assistant finds each value; nothing when it shall not.
    pub fn discovery(&self, now: &Snapshot) -> Vec<Message> {
        let Some(who) = now.who.as_ref().filter(|_| !self.discovery.is_empty()) else { return Vec::new() };
        let states: Vec<&str> = who.labels.lines().chain(["unknown"]).collect();
        let device = json!({
            "identifiers": [format!("acoustic_monitor_{}", self.device)],
            "name": self.device,
            "model": "Acoustic machine monitor",
            "model_id": who.model,
            "sw_version": env!("CARGO_PKG_VERSION"),
        });
        let sensor = |object: &str, name: &str, template: &str, more: Value| {
            (
                "sensor",
                object.to_owned(),
                with(json!({"name": name, "value_template": format!("{{{{ value_json.{template} }}}}")}), more),
            )
        };
        let binary = |object: &str, name: &str, condition: &str| {
            let template = format!("{{{{ 'ON' if {condition} else 'OFF' }}}}");
            let config = json!({"name": name, "value_template": template, "device_class": "problem"});
            ("binary_sensor", object.to_owned(), config)
        };
        let measured = json!({"state_class": "measurement"});
        let entities = [
            sensor("state", "State", "state", json!({"device_class": "enum", "options": states})),
            sensor("confidence", "Confidence", "confidence", measured.clone()),
            sensor("anomaly", "Anomaly", "anomaly", measured.clone()),
            sensor("level", "Level", "level_dbfs", with(measured, json!({"unit_of_measurement": "dBFS"}))),
            binary("alarm", "Alarm", "value_json.alarm"),
            binary("not_used", "Update not used", "value_json.not_used"),
            binary("microphone", "Microphone", "value_json.microphone or value_json.capture != 'running'"),
        ];
        let button = self.acknowledge.then(|| {
            let config = json!({"name": "Acknowledge", "command_topic": self.acknowledge(), "payload_press": "all"});
            ("button", "acknowledge".to_owned(), config)
        });
        let message = |(component, object, config): (&str, String, Value)| {
            let mut common = json!({
                "unique_id": format!("acoustic_monitor_{}_{object}", self.device),
                "availability_topic": format!("{}/availability", self.base),
                "device": device,
            });
            if component != "button" {
                common["state_topic"] = format!("{}/state", self.base).into();
            }
            Message {
                topic: format!("{}/{component}/{}/{object}/config", self.discovery, self.device),
                payload: with(common, config).to_string(),
                retain: true,
            }
        };
        entities.into_iter().chain(button).map(message).collect()
    }
}

/// Rounded, so that the last digit of a float is no news.
fn round(value: f32, steps: f64) -> f64 {
    (f64::from(value) * steps).round() / steps
}

/// One object with what another has.
fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}
