//! What messages of the broker ask this device to do.

use monitor_model::line::Causes;

use super::link::Received;
use crate::alarms::ALL;
use crate::alarms::sensitivity::Setting;

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Command {
    /// Acknowledge these causes of alarm.
    Acknowledge(u32),
    /// Set a value, or take it back.
    Set(Setting, Option<f32>),
}

impl Command {
    /// The request of a message on a topic below `base`; `None` where there is none.
    ///
    /// # Errors
    /// Why a value cannot be set. The text is for a warning.
    pub(super) fn read(base: &str, message: &Received) -> Result<Option<Self>, String> {
        let Some(topic) = message.topic.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')) else {
            return Ok(None);
        };
        let payload = std::str::from_utf8(&message.payload);
        if topic == "acknowledge" {
            // `all`, or one cause by its name. A retained one would acknowledge alarms that came later.
            let causes = match payload {
                Ok("all") => Some(ALL),
                Ok(name) => Causes::named(name).map(|cause| cause.bits),
                Err(_) => None,
            };
            return Ok(causes.filter(|_| !message.retained).map(Self::Acknowledge));
        }
        let setting = topic.strip_suffix("/set");
        let Some(setting) = Setting::ALL.into_iter().find(|known| setting == Some(known.name())) else {
            return Ok(None);
        };
        // An empty message is how a retained one is deleted.
        if matches!(payload.map(str::trim), Ok("" | "default")) {
            return Ok(Some(Self::Set(setting, None)));
        }
        let value: Option<f32> = payload.ok().and_then(|text| text.trim().parse().ok());
        if let Some(value) = value.filter(|value| setting.check(*value).is_ok()) {
            return Ok(Some(Self::Set(setting, Some(value))));
        }
        let (least, most) = setting.range();
        let text = String::from_utf8_lossy(&message.payload[..message.payload.len().min(20)]);
        let name = setting.name();
        Err(format!("{name}: {text:?} is ignored: send a number from {least} to {most}, or default"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(topic: &str, payload: &[u8], retained: bool) -> Result<Option<Command>, String> {
        let message = Received { topic: format!("acoustic-monitor/pump/{topic}"), payload: payload.to_vec(), retained };
        Command::read("acoustic-monitor/pump", &message)
    }

    #[test]
    fn a_message_acknowledges_all_or_one_cause_by_its_name_and_anything_else_nothing() {
        assert_eq!(read("acknowledge", b"all", false), Ok(Some(Command::Acknowledge(u32::MAX))));
        assert_eq!(read("acknowledge", b"no_sound", false), Ok(Some(Command::Acknowledge(1 << 2))));
        assert_eq!(read("acknowledge", b"all", true), Ok(None), "retained");
        for payload in [&b""[..], b"other", b"ALL", b"state ", b"\xff\x00", &[b'a'; 5000]] {
            assert_eq!(read("acknowledge", payload, false), Ok(None));
        }
    }

    #[test]
    fn a_value_is_set_taken_back_or_refused_retained_or_not() {
        for retained in [false, true] {
            let set = |payload| read("alarm_level/set", payload, retained);
            assert_eq!(set(b"2.5"), Ok(Some(Command::Set(Setting::AlarmLevel, Some(2.5)))));
            assert_eq!(set(b" 3 "), Ok(Some(Command::Set(Setting::AlarmLevel, Some(3.0)))));
            for payload in [&b"default"[..], b""] {
                assert_eq!(set(payload), Ok(Some(Command::Set(Setting::AlarmLevel, None))));
            }
            for payload in [&b"0"[..], b"-1", b"101", b"NaN", b"inf", b"1e39", b"loud", b"\xff", &[b'9'; 5000]] {
                let refused = set(payload).unwrap_err();
                assert!(refused.contains("from 0.1 to 100") && refused.len() < 200, "{refused}");
            }
        }
        assert_eq!(read("persistence_s/set", b"8", false), Ok(Some(Command::Set(Setting::Persistence, Some(8.0)))));
        let warning = read("warning_level/set", b"0.6", false);
        assert_eq!(warning, Ok(Some(Command::Set(Setting::WarningLevel, Some(0.6)))));
        assert_eq!(read("other/set", b"10", false), Ok(None));
    }
}
