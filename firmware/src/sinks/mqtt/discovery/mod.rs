//! Home Assistant's discovery: one message for the whole device.
//!
//! Source of the format, and of the migration from one message for each entity, as versions up to 0.1 sent them:
//! <https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload>.

mod entities;
mod schedule;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use super::link::Received;
use super::messages::{Message, Messages};
use crate::reporting::Snapshot;

pub(super) use schedule::Schedule;

impl Messages {
    /// The discovery message; `None` where discovery is off, and before the model is known.
    pub(super) fn discovery(&self, now: &Snapshot) -> Option<Message> {
        let device = now.device.as_ref().filter(|_| self.has_discovery())?;
        let payload = json!({
            "device": {
                "identifiers": [self.identifier()],
                "name": self.device,
                "model": "Acoustic machine monitor",
                "model_id": device.model,
                "sw_version": env!("CARGO_PKG_VERSION"),
            },
            "origin": {"name": "acoustic-monitor", "sw_version": env!("CARGO_PKG_VERSION")},
            "components": self.entities(device),
        });
        let topic = format!("{}/device/{}/config", self.discovery, self.device);
        Some(Message { topic, payload: payload.to_string(), retain: true })
    }

    /// The messages that announce the device, in order. `former` are the topics of an earlier version's messages: Home Assistant
    /// ignores the device's message while it knows an entity by such a topic.
    pub(super) fn announcement(&self, now: &Snapshot, former: &[String]) -> Vec<Message> {
        let Some(device) = self.discovery(now) else { return Vec::new() };
        let to_former = |payload: &'static str, retain| {
            former.iter().map(move |topic| Message { topic: topic.clone(), payload: payload.into(), retain })
        };
        // An entity that is unloaded keeps its settings, which the device's message takes over.
        let mut messages: Vec<Message> = to_former(r#"{"migrate_discovery":true}"#, false).collect();
        messages.push(device.clone());
        messages.extend(to_former("", true));
        if !former.is_empty() {
            // Once more: where the hand-over failed, the entities of the former topics are gone by now.
            messages.push(device);
        }
        messages
    }

    /// Whether this device is announced to Home Assistant.
    pub(super) fn has_discovery(&self) -> bool {
        !self.discovery.is_empty()
    }

    /// The device's name in Home Assistant's registry, which the names of its entities begin with.
    fn identifier(&self) -> String {
        format!("acoustic_monitor_{}", self.device)
    }

    /// The topic on which Home Assistant reports that it has started.
    pub(super) fn status(&self) -> String {
        format!("{}/status", self.discovery)
    }

    /// The topics on which earlier versions announced each entity.
    pub(super) fn former_topics(&self) -> String {
        format!("{}/+/{}/+/config", self.discovery, self.device)
    }

    /// Whether Home Assistant has started: it discovers again.
    pub(super) fn is_started(&self, message: &Received) -> bool {
        self.has_discovery() && message.topic == self.status() && message.payload == b"online"
    }

    /// Whether it is a retained message of an earlier version of this program, and not of another with the same name.
    pub(super) fn is_former(&self, message: &Received) -> bool {
        let parts = message.topic.strip_prefix(&self.discovery).map(|rest| rest.split('/').collect::<Vec<_>>());
        let own = matches!(parts.as_deref(), Some(["", _, device, _, "config"]) if *device == self.device);
        if !self.has_discovery() || !own || !message.retained {
            return false;
        }
        let payload: Value = serde_json::from_slice(&message.payload).unwrap_or_default();
        payload["unique_id"].as_str().is_some_and(|id| id.starts_with(&format!("{}_", self.identifier())))
    }
}
