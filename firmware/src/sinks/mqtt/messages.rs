//! Topics and payloads, as `docs/reference/mqtt.md` writes them down.

use monitor_core::anomaly::Zone;
use monitor_core::microphone;
use monitor_model::explanation::ExplanationText;
use monitor_model::line::{Causes, Line, capture_name, clock_name};
use monitor_model::trend_line::{CourseText, DriftText, TrendJson};
use monitor_wire::TextList;
use serde_json::{Value, json};

use super::Config;
use crate::alarms::sensitivity::{Setting, Values};
use crate::reporting::{Item, Snapshot};
use crate::system::clock;

/// Home Assistant's name of the entity that shows whether the device is there.
const CONNECTED: &str = "connected";

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// Topic.
    pub(super) topic: String,
    /// Payload.
    pub(super) payload: String,
    /// Whether the broker retains it for later subscribers.
    pub(super) retain: bool,
}

/// The messages of one device.
#[derive(Debug, Clone)]
pub(super) struct Messages {
    device: String,
    base: String,
    discovery: String,
    /// Seconds without a state message after which a value is no longer valid.
    expire_after_s: u32,
    /// Whether alarms can be acknowledged.
    acknowledge: bool,
    /// Whether the sensitivity can be set.
    set_sensitivity: bool,
}

impl Messages {
    /// The messages of the device that the configuration names.
    pub(super) fn new(config: &Config) -> Self {
        let device = config.device();
        Self {
            base: format!("{}/{device}", config.prefix),
            device,
            discovery: config.discovery.clone(),
            // One message may be late or lost; `as` saturates, and the setting is at most 3600.
            expire_after_s: (2.0 * config.every_s).ceil() as u32 + 1,
            acknowledge: config.acknowledge,
            set_sensitivity: config.set_sensitivity,
        }
    }

    /// The device's name at the broker.
    pub(super) fn device(&self) -> &str {
        &self.device
    }

    /// Whether the device is there; the broker publishes the last will when it is not.
    pub(super) fn availability(&self, online: bool) -> Message {
        let payload = if online { "online" } else { "offline" };
        Message { topic: format!("{}/availability", self.base), payload: payload.into(), retain: true }
    }

    /// The topic of messages that acknowledge alarms.
    pub(super) fn acknowledge(&self) -> String {
        format!("{}/acknowledge", self.base)
    }

    /// What the topics of this device begin with.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The topic of messages that set a value of the sensitivity, by its name.
    pub(super) fn set(&self, name: &str) -> String {
        format!("{}/{name}/set", self.base)
    }

    /// The state now. `sensitivity`: the values that hold, `None` without an alarm by the anomaly score.
    pub(super) fn state(&self, now: &Snapshot, dropped_events: u64, sensitivity: Option<Values>) -> Message {
        let (health, trend) = (&now.health, now.trend());
        let causes = |bits| Causes { bits }.names().collect::<Vec<_>>();
        let mut payload = json!({
            "state": now.state_name(),
            "confidence": round(now.confidence, 1e4),
            "anomaly": now.anomaly.map(|score| round(score, 1e4)),
            "level_dbfs": now.level_dbfs.map(|level| round(level, 1e2)),
            "alarm": now.is_alarm(),
            "alarms": causes(now.alarms),
            "warning": now.warning,
            "zone": now.zone.map(Zone::name),
            "unacknowledged": causes(now.unacknowledged),
            "explanation": ExplanationText::if_any(&now.explanation),
            "microphone": microphone::names(health.microphone).collect::<Vec<_>>(),
            "capture": capture_name(health.capture),
            "clock": clock_name(health.clock),
            "trend": TrendJson { trend, labels: now.labels() },
            "trend_text": CourseText { trend, labels: now.labels() }.to_string(),
            "drift": trend.no_longer_fits(),
            "drift_text": DriftText(trend).to_string(),
            "rejected_updates": now.rejected_updates(),
            // The name until version 0.1; kept for one version.
            "not_used": now.rejected_updates(),
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
        for setting in Setting::ALL {
            payload[setting.name()] = json!(sensitivity.map(|values| round(values[setting as usize], 1e3)));
        }
        Message { topic: format!("{}/state", self.base), payload: payload.to_string(), retain: true }
    }

    /// An event: its JSON line and the time of day.
    pub(super) fn event(&self, item: &Item, labels: TextList<'_>) -> Message {
        // Numbers and texts: it cannot fail.
        let mut payload = serde_json::to_value(Line { frame: item.frame(), labels }).unwrap_or_default();
        payload["unix_s"] = json!(clock::unix_ms() as f64 / 1e3);
        payload["clock"] = json!(clock_name(clock::state() as u8));
        Message { topic: format!("{}/event", self.base), payload: payload.to_string(), retain: false }
    }

    /// The discovery messages of Home Assistant, one for each value; none where discovery is off.
    pub(super) fn discovery(&self, now: &Snapshot) -> Vec<Message> {
        let Some(device) = now.device.as_ref().filter(|_| !self.discovery.is_empty()) else { return Vec::new() };
        let states: Vec<&str> = device.labels.iter().map(String::as_str).chain(["unknown"]).collect();
        let description = json!({
            "identifiers": [format!("acoustic_monitor_{}", self.device)],
            "name": self.device,
            "model": "Acoustic machine monitor",
            "model_id": device.model,
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
        // Shown beside the value: what moved in the sound.
        let with_attributes = |(component, object, config): (&'static str, String, Value)| {
            let attributes = json!({
                "json_attributes_topic": format!("{}/state", self.base),
                "json_attributes_template":
                    "{{ (value_json.explanation or {'text': '', 'level_db': None, 'bands': [], 'detectors': []}) | tojson }}",
            });
            (component, object, with(config, attributes))
        };
        let entities = [
            sensor("state", "State", "state", json!({"device_class": "enum", "options": states})),
            sensor("confidence", "Confidence", "confidence", measured.clone()),
            with_attributes(sensor("anomaly", "Anomaly", "anomaly", measured.clone())),
            sensor("level", "Level", "level_dbfs", with(measured, json!({"unit_of_measurement": "dBFS"}))),
            sensor("zone", "Zone", "zone", json!({"device_class": "enum", "options": Zone::ALL.map(Zone::name)})),
            with_attributes(binary("alarm", "Alarm", "value_json.alarm")),
            with_attributes(binary("warning", "Warning", "value_json.warning")),
            sensor("trend", "Trend", "trend_text", json!({"icon": "mdi:chart-line"})),
            sensor(
                "days_to_warning",
                "Days to warning",
                "trend.days_to_warning[0] if value_json.trend.days_to_warning else None",
                json!({"unit_of_measurement": "d"}),
            ),
            with_diagnostic(binary("drift", "Model no longer fits", "value_json.drift")),
            sensor("drift_text", "Model fit", "drift_text", json!({"entity_category": "diagnostic"})),
            binary("not_used", "Update not used", "value_json.rejected_updates"),
            binary("microphone", "Microphone", "value_json.microphone or value_json.capture != 'running'"),
        ];
        let button = self.acknowledge.then(|| {
            let config = json!({"name": "Acknowledge", "command_topic": self.acknowledge(), "payload_press": "all"});
            ("button", "acknowledge".to_owned(), config)
        });
        let number = |setting: Setting| {
            let (name, unit) = match setting {
                Setting::AlarmLevel => ("Alarm level", None),
                Setting::Persistence => ("Alarm persistence", Some("s")),
                Setting::WarningLevel => ("Warning level", None),
            };
            let (least, most) = setting.range();
            // Retained, so that the device receives it again after a restart.
            let mut config = json!({
                "name": name, "command_topic": self.set(setting.name()), "retain": true,
                "value_template": format!("{{{{ value_json.{} }}}}", setting.name()),
                "min": round(least, 1e3), "max": round(most, 1e3), "step": 0.1, "mode": "box",
                "entity_category": "config",
            });
            if let Some(unit) = unit {
                config["unit_of_measurement"] = unit.into();
            }
            ("number", setting.name().to_owned(), config)
        };
        let numbers = Setting::ALL.into_iter().filter(|_| self.set_sensitivity).map(number);
        // Without an availability of its own: it shows for how long the device has been away.
        let connected = json!({
            "name": "Connected",
            "device_class": "connectivity",
            "entity_category": "diagnostic",
            "state_topic": format!("{}/availability", self.base),
            "payload_on": "online",
            "payload_off": "offline",
        });
        let connected = ("binary_sensor", CONNECTED.to_owned(), connected);
        let message = |(component, object, config): (&str, String, Value)| {
            let mut common = json!({
                "unique_id": format!("acoustic_monitor_{}_{object}", self.device),
                "device": description,
            });
            if object != CONNECTED {
                common["availability_topic"] = format!("{}/availability", self.base).into();
                // A device without power sends no farewell, and the broker takes 1.5 times the keep-alive to notice.
                if component != "button" {
                    common["state_topic"] = format!("{}/state", self.base).into();
                }
                if component.ends_with("sensor") {
                    common["expire_after"] = self.expire_after_s.into();
                }
            }
            Message {
                topic: format!("{}/{component}/{}/{object}/config", self.discovery, self.device),
                payload: with(common, config).to_string(),
                retain: true,
            }
        };
        entities.into_iter().chain([connected]).chain(button).chain(numbers).map(message).collect()
    }
}

/// Rounds a value, so that the last digit of a float does not count as a change.
fn round(value: f32, steps: f64) -> f64 {
    (f64::from(value) * steps).round() / steps
}

/// An entity among the diagnostic ones.
fn with_diagnostic((component, object, config): (&'static str, String, Value)) -> (&'static str, String, Value) {
    (component, object, with(config, json!({"entity_category": "diagnostic"})))
}

/// Adds the fields of one JSON object to another.
fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}
