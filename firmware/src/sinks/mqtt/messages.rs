//! Topics and payloads, as `docs/reference/mqtt.md` writes them down.

use monitor_core::anomaly::Zone;
use monitor_core::microphone;
use monitor_model::explanation::ExplanationText;
use monitor_model::line::{Causes, Line, capture_name, clock_name};
use monitor_model::trend_line::{CourseText, DriftText, TrendJson};
use monitor_wire::TextList;
use serde_json::json;

use super::{Config, former};
use crate::alarms::sensitivity::{Setting, Values};
use crate::reporting::{Item, Snapshot};
use crate::system::clock;

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
    pub(super) device: String,
    pub(super) base: String,
    /// What topics of this device began with in versions up to 0.1, if what those retained is to be moved.
    pub(super) former_base: Option<String>,
    /// Prefix of Home Assistant's discovery; empty where it is off.
    pub(super) discovery: String,
    /// Seconds without a state message after which a value is no longer valid.
    pub(super) expire_after_s: u32,
    /// Whether alarms can be acknowledged.
    pub(super) acknowledge: bool,
    /// Whether the sensitivity can be set.
    pub(super) set_sensitivity: bool,
}

impl Messages {
    /// The messages of the device that the configuration names.
    pub(super) fn new(config: &Config) -> Self {
        let device = config.device();
        Self {
            base: format!("{}/{device}", config.prefix),
            former_base: former::base(config, &device),
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
}

/// Rounds a value, so that the last digit of a float does not count as a change.
pub(super) fn round(value: f32, steps: f64) -> f64 {
    (f64::from(value) * steps).round() / steps
}
