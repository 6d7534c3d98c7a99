//! One message: what a webhook receives as JSON, and the title and text that people read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::system::clock;

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum NoticeKind {
    /// An alarm was raised.
    Alarm,
    /// A warning was raised.
    Warning,
    /// An alarm or a warning has ended.
    Ended,
    /// What was held back.
    Digest,
    /// A test by a person.
    Test,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Notice {
    /// The same in every attempt to send it: a receiver recognises a message that it has already.
    pub(super) id: String,
    pub(super) kind: NoticeKind,
    /// The cause of an alarm, or `warning`; none for a digest or a test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<String>,
    /// The device's name.
    pub(super) device: String,
    /// When it happened, in UTC.
    pub(super) time: String,
    /// Whether that is right: `synchronised` or `unsynchronised`.
    pub(super) clock: String,
    /// The reported state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<String>,
    /// The anomaly score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) anomaly: Option<f32>,
    /// What moved in the sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) explanation: Option<String>,
    /// How often each kind was held back, in a digest.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub(super) held: BTreeMap<String, u32>,
    /// Name of the alarm's clip, whose picture is sent with the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) clip: Option<String>,
    pub(super) title: String,
    pub(super) text: String,
    /// Address that it links to.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub(super) link: String,
}

/// A cause of alarm, or `warning`, in words.
pub(super) fn words(cause: &str) -> &str {
    match cause {
        "state" => "an alarm state is reported",
        "anomaly" => "unusual sound",
        "no_sound" => "no sound arrives",
        "microphone" => "the microphone is faulty",
        "warning" => "the sound is becoming unusual",
        other => other,
    }
}

/// A moment since 1970 in milliseconds as local time with its zone: `2024-02-29 23:59 CET`.
pub(super) fn local(unix_ms: u64, zone: &TimeZone) -> String {
    let at = i64::try_from(unix_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let Some(at) = at else { return clock::utc(unix_ms) };
    let (local, info) = (zone.to_datetime(at), zone.to_offset_info(at));
    let [month, day, hour, minute] = [local.month(), local.day(), local.hour(), local.minute()];
    format!("{:04}-{month:02}-{day:02} {hour:02}:{minute:02} {}", local.year(), info.abbreviation())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_in_its_zone_in_summer_and_winter() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(local(1_705_359_599_000, &zone), "2024-01-15 23:59 CET");
        assert_eq!(local(1_721_080_799_000, &zone), "2024-07-15 23:59 CEST");
        assert_eq!(local(0, &TimeZone::UTC), "1970-01-01 00:00 UTC");
        assert!(local(u64::MAX, &zone).starts_with("9999-"));
    }
}
