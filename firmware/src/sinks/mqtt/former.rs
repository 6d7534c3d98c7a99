//! What a device retained at the broker under the default prefix of versions up to 0.1, `monitor`: it is deleted, so that nobody
//! takes the device for offline, and a retained sensitivity moves to the present topic, so that it keeps holding.
//!
//! Only with the present default prefix, since whoever configures a prefix keeps it, and only with Home Assistant's discovery: a
//! broker whose rules end the connection of a client that subscribes to other topics than its own rejects that one, too.

use super::Config;
use super::config::PREFIX;
use super::link::Received;
use super::messages::{Message, Messages};
use crate::alarms::sensitivity::Setting;

/// The former default prefix.
const FORMER: &str = "monitor";

/// What the former topics of `device` began with; `None` where nothing is moved.
pub(super) fn base(config: &Config, device: &str) -> Option<String> {
    (config.prefix == PREFIX && !config.discovery.is_empty()).then(|| format!("{FORMER}/{device}"))
}

impl Messages {
    /// The topics to subscribe to, to find what is retained there.
    pub(super) fn former_retained(&self) -> Option<String> {
        self.former_base.as_ref().map(|base| format!("{base}/#"))
    }

    /// What to send for a message on a former topic; `None` if it is on another topic.
    pub(super) fn replace_former(&self, message: &Received) -> Option<Vec<Message>> {
        let name = message.topic.strip_prefix(self.former_base.as_ref()?)?.strip_prefix('/')?;
        let delete = || Message { topic: message.topic.clone(), payload: String::new(), retain: true };
        // Not retained: the deletion on its way back, or a client that does not know the present topics.
        if !message.retained || message.payload.is_empty() {
            return Some(Vec::new());
        }
        let setting = name.strip_suffix("/set");
        let setting = Setting::ALL.into_iter().find(|known| setting == Some(known.name()));
        let value = std::str::from_utf8(&message.payload);
        Some(match (name, setting, value) {
            ("availability" | "state", ..) => vec![delete()],
            (_, Some(setting), Ok(value)) if self.set_sensitivity => {
                // The new one first: a break between the two leaves both, and not neither.
                vec![Message { topic: self.set(setting.name()), payload: value.into(), retain: true }, delete()]
            }
            _ => Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(config: Config) -> Messages {
        Messages::new(&Config { id: "pump".into(), ..config })
    }

    #[test]
    fn what_was_retained_is_deleted_and_the_sensitivity_moves() {
        let all = messages(Config { set_sensitivity: true, ..Config::default() });
        assert_eq!(all.former_retained().as_deref(), Some("monitor/pump/#"));
        let sent = |messages: &Messages, topic: &str, payload: &str, retained| {
            let message = Received { topic: topic.into(), payload: payload.into(), retained };
            let sent = messages.replace_former(&message)?;
            assert!(sent.iter().all(|message| message.retain));
            Some(sent.into_iter().map(|message| (message.topic, message.payload)).collect::<Vec<_>>())
        };
        let pair = |topic: &str, payload: &str| (topic.to_owned(), payload.to_owned());
        let availability = "monitor/pump/availability";
        assert_eq!(sent(&all, availability, "offline", true), Some(vec![pair(availability, "")]));
        assert_eq!(sent(&all, "monitor/pump/state", "{}", true), Some(vec![pair("monitor/pump/state", "")]));
        let level = "monitor/pump/alarm_level/set";
        let moved = vec![pair("acoustic-monitor/pump/alarm_level/set", "2.5"), pair(level, "")];
        assert_eq!(sent(&all, level, "2.5", true), Some(moved));
        assert_eq!(sent(&messages(Config::default()), level, "2.5", true), Some(vec![]), "not to be set by messages");
        for (topic, payload, retained) in [
            (availability, "", true),
            (availability, "offline", false),
            (level, "3", false),
            ("monitor/pump/acknowledge", "all", true),
            ("monitor/pump/other/set", "1", true),
        ] {
            assert_eq!(sent(&all, topic, payload, retained), Some(vec![]), "{topic} {payload}");
        }
        for other in ["monitor/pump2/state", "acoustic-monitor/pump/state", "monitor/pump", "homeassistant/status"] {
            assert_eq!(sent(&all, other, "x", true), None, "{other}");
        }
    }

    #[test]
    fn whoever_chose_a_prefix_or_has_no_discovery_is_left_alone() {
        for prefix in ["monitor", "plant/line"] {
            let messages = messages(Config { prefix: prefix.into(), ..Config::default() });
            assert_eq!(messages.former_retained(), None);
            let own = Received { topic: "monitor/pump/state".into(), payload: b"{}".into(), retained: true };
            assert_eq!(messages.replace_former(&own), None);
        }
        assert_eq!(messages(Config { discovery: String::new(), ..Config::default() }).former_retained(), None);
    }
}
