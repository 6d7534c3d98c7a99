//! The entities of one device, as components of its discovery message.

use monitor_core::anomaly::Zone;
use serde_json::{Map, Value, json};

use super::super::messages::{Messages, round};
use crate::alarms::sensitivity::Setting;
use crate::reporting::DeviceInfo;

/// Name of the entity that shows whether the device is there.
const CONNECTED: &str = "connected";

/// An entity: its platform, its name within the device, its options.
type Entity = (&'static str, &'static str, Value);

impl Messages {
    /// All entities by name. Those that the configuration has switched off have a platform alone, which removes them.
    pub(super) fn entities(&self, device: &DeviceInfo) -> Map<String, Value> {
        let numbers = Setting::ALL.map(|setting| self.set_sensitivity.then(|| self.number(setting)));
        let off = Setting::ALL.map(|setting| ("number", setting.name(), json!({})));
        let numbers = numbers.into_iter().zip(off).map(|(number, off)| number.unwrap_or(off));
        let mut button = ("button", "acknowledge", json!({}));
        if self.acknowledge {
            button.2 = json!({"name": "Acknowledge", "command_topic": self.acknowledge(), "payload_press": "all"});
        }
        let entities = self.values(device).into_iter().chain([self.connected(), button]).chain(numbers);
        entities.map(|entity| (entity.1.to_owned(), self.component(entity))).collect()
    }

    /// What is read from the state message.
    fn values(&self, device: &DeviceInfo) -> [Entity; 13] {
        let states: Vec<&str> = device.labels.iter().map(String::as_str).chain(["unknown"]).collect();
        let measured = json!({"state_class": "measurement"});
        let level = with(measured.clone(), json!({"unit_of_measurement": "dBFS"}));
        let diagnostic = json!({"entity_category": "diagnostic"});
        let days = "trend.days_to_warning[0] if value_json.trend.days_to_warning else None";
        let (name, object, mut drift) = binary("drift", "Model no longer fits", "value_json.drift");
        drift = with(drift, diagnostic.clone());
        [
            sensor("state", "State", "state", json!({"device_class": "enum", "options": states})),
            sensor("confidence", "Confidence", "confidence", measured.clone()),
            self.explained(sensor("anomaly", "Anomaly", "anomaly", measured)),
            sensor("level", "Level", "level_dbfs", level),
            sensor("zone", "Zone", "zone", json!({"device_class": "enum", "options": Zone::ALL.map(Zone::name)})),
            self.explained(binary("alarm", "Alarm", "value_json.alarm")),
            self.explained(binary("warning", "Warning", "value_json.warning")),
            sensor("trend", "Trend", "trend_text", json!({"icon": "mdi:chart-line"})),
            sensor("days_to_warning", "Days to warning", days, json!({"unit_of_measurement": "d"})),
            (name, object, drift),
            sensor("drift_text", "Model fit", "drift_text", diagnostic),
            binary("not_used", "Update not used", "value_json.rejected_updates"),
            binary("microphone", "Microphone", "value_json.microphone or value_json.capture != 'running'"),
        ]
    }

    /// Adds what moved in the sound, shown beside the value.
    fn explained(&self, (platform, object, options): Entity) -> Entity {
        let attributes = json!({
            "json_attributes_topic": format!("{}/state", self.base),
            "json_attributes_template":
                "{{ (value_json.explanation or {'text': '', 'level_db': None, 'bands': [], 'detectors': []}) | tojson }}",
        });
        (platform, object, with(options, attributes))
    }

    /// A value of the sensitivity, which can be set.
    fn number(&self, setting: Setting) -> Entity {
        let (name, unit) = match setting {
            Setting::AlarmLevel => ("Alarm level", None),
            Setting::Persistence => ("Alarm persistence", Some("s")),
            Setting::WarningLevel => ("Warning level", None),
        };
        let (least, most) = setting.range();
        // Retained, so that the device receives it again after a restart.
        let mut options = json!({
            "name": name, "command_topic": self.set(setting.name()), "retain": true,
            "value_template": format!("{{{{ value_json.{} }}}}", setting.name()),
            "min": round(least, 1e3), "max": round(most, 1e3), "step": 0.1, "mode": "box",
            "entity_category": "config",
        });
        if let Some(unit) = unit {
            options["unit_of_measurement"] = unit.into();
        }
        ("number", setting.name(), options)
    }

    /// Whether the device is there. Without an availability of its own: it shows for how long the device has been away.
    fn connected(&self) -> Entity {
        let options = json!({
            "name": "Connected",
            "device_class": "connectivity",
            "entity_category": "diagnostic",
            "state_topic": format!("{}/availability", self.base),
            "payload_on": "online",
            "payload_off": "offline",
        });
        ("binary_sensor", CONNECTED, options)
    }

    /// Adds what every entity has.
    fn component(&self, (platform, object, options): Entity) -> Value {
        let mut common = json!({"platform": platform});
        if options.as_object().is_some_and(Map::is_empty) {
            return common;
        }
        common["unique_id"] = format!("{}_{object}", self.identifier()).into();
        if object != CONNECTED {
            common["availability_topic"] = format!("{}/availability", self.base).into();
            if platform != "button" {
                common["state_topic"] = format!("{}/state", self.base).into();
            }
            // A device without power sends no farewell, and the broker takes 1.5 times the keep-alive to notice.
            if platform.ends_with("sensor") {
                common["expire_after"] = self.expire_after_s.into();
            }
        }
        with(common, options)
    }
}

/// A value of the state message.
fn sensor(object: &'static str, name: &str, template: &str, more: Value) -> Entity {
    let template = format!("{{{{ value_json.{template} }}}}");
    ("sensor", object, with(json!({"name": name, "value_template": template}), more))
}

/// A problem that exists or does not.
fn binary(object: &'static str, name: &str, condition: &str) -> Entity {
    let template = format!("{{{{ 'ON' if {condition} else 'OFF' }}}}");
    ("binary_sensor", object, json!({"name": name, "value_template": template, "device_class": "problem"}))
}

/// Adds the fields of one JSON object to another.
fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}
