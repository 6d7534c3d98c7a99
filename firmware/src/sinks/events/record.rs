//! One record of the log: a line of JSON with its check sum.

use serde::{Deserialize, Serialize};

use crate::system::sealed_line::{opened, sealed};

/// An event and its time. Every kind of event uses some of the fields from `version` on; the others are not written. (A flat
/// struct instead of an enum with fields: to read a tagged enum within an object, serde first buffers it in a generic form,
/// which adds code for every type.)
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Counts all records of a device, over restarts too.
    pub number: u64,
    /// Milliseconds since 1970 by the device's clock.
    pub unix_ms: u64,
    /// Whether that clock followed a time server then.
    pub synchronised: bool,
    /// Milliseconds since the program's start.
    pub up_ms: u64,
    /// The kind of event.
    pub event: RecordKind,
    /// Of a start: the program's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Of a model: name of its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Of a model: SHA-256 of it, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Of a change: the state before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Of a change: the state from now on. Of an alarm: the reported one. Of a duration: whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Of a change: the state's smoothed probability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
    /// Of an alarm: whether it was raised. Of a drift: whether the model no longer fits, or may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Of an alarm and of a clip: why. Of a drift: which states have shifted, and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Of an alarm: whether it is yet to be acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unacknowledged: Option<bool>,
    /// Of an acknowledgement: the alarms' causes, with spaces between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causes: Option<String>,
    /// Of an acknowledgement: by which way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Of a duration: seconds of sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Of what was dropped: how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Of a clip: name of its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip: Option<String>,
    /// Of a clip without its sound: why that is withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<String>,
    /// Of a warning or an alarm by the anomaly score that was raised, and of its clip: what moved in the sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

/// The kinds of events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// The program was started.
    #[default]
    Start,
    /// It listens with this model from now on.
    Model,
    /// The reported state changed.
    State,
    /// An alarm was raised or has ended.
    Alarm,
    /// The anomaly score rose above the warning level, or fell below it.
    Warning,
    /// Whether the model still fits has changed; see `active` and `cause`.
    Drift,
    /// Alarms were acknowledged.
    Acknowledged,
    /// The device's clock has become synchronised to a time server or no longer is; see `synchronised`.
    Clock,
    /// How long a state was reported since the previous record of this kind, or since the start.
    Duration,
    /// Records or reports that were dropped before this one because a queue was full.
    Dropped,
    /// The sound around an alarm was kept.
    Clip,
    /// The program has ended normally.
    Stop,
}

impl RecordKind {
    /// Its name, in the log as in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Model => "model",
            Self::State => "state",
            Self::Alarm => "alarm",
            Self::Warning => "warning",
            Self::Drift => "drift",
            Self::Acknowledged => "acknowledged",
            Self::Clock => "clock",
            Self::Duration => "duration",
            Self::Dropped => "dropped",
            Self::Clip => "clip",
            Self::Stop => "stop",
        }
    }
}

/// Longest text in a record, in characters.
const LONGEST_TEXT: usize = 100;

/// A text of a model in a bounded length.
pub(super) fn text(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

impl Record {
    /// The record as a line: JSON, a tab, the check sum of the JSON in hexadecimal, the line's end.
    pub fn line(&self) -> Vec<u8> {
        // Writing numbers and texts to memory cannot fail.
        sealed(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a line without its end; `None` for one that is torn or was never one.
    pub fn read(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(opened(line)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use monitor_core::sealed::CRC;

    /// Lines of every event as written since the log's first version, with the records that they encode.
    fn written() -> Vec<(&'static str, Record)> {
        let of = |event| Record { number: 7, unix_ms: 1_764_072_000_123, up_ms: 391_200, event, ..Record::default() };
        let name = || Some("on_state, \"quoted\"\n".to_string());
        vec![
            (r#""start","version":NAME"#, Record { version: name(), ..of(RecordKind::Start) }),
            (
                r#""model","model":NAME,"sha256":NAME"#,
                Record { model: name(), sha256: name(), ..of(RecordKind::Model) },
            ),
            (
                r#""state","previous":NAME,"state":NAME,"confidence":0.83"#,
                Record { previous: name(), state: name(), confidence: Some(0.83), ..of(RecordKind::State) },
            ),
            (
                r#""alarm","state":NAME,"active":true,"cause":NAME,"unacknowledged":true"#,
                Record {
                    state: name(),
                    active: Some(true),
                    cause: name(),
                    unacknowledged: Some(true),
                    ..of(RecordKind::Alarm)
                },
            ),
            (
                r#""warning","state":NAME,"active":true,"cause":NAME,"explanation":NAME"#,
                Record {
                    state: name(),
                    active: Some(true),
                    cause: name(),
                    explanation: name(),
                    ..of(RecordKind::Warning)
                },
            ),
            (
                r#""drift","active":true,"cause":NAME"#,
                Record { active: Some(true), cause: name(), ..of(RecordKind::Drift) },
            ),
            (
                r#""acknowledged","causes":NAME,"by":NAME"#,
                Record { causes: name(), by: name(), ..of(RecordKind::Acknowledged) },
            ),
            (r#""clock""#, of(RecordKind::Clock)),
            (
                r#""duration","state":NAME,"seconds":3600.48"#,
                Record { state: name(), seconds: Some(3600.48), ..of(RecordKind::Duration) },
            ),
            (r#""dropped","count":3"#, Record { count: Some(3), ..of(RecordKind::Dropped) }),
            (r#""clip","cause":NAME,"clip":NAME"#, Record { cause: name(), clip: name(), ..of(RecordKind::Clip) }),
            (
                r#""clip","cause":NAME,"clip":NAME,"withheld":NAME"#,
                Record { cause: name(), clip: name(), withheld: name(), ..of(RecordKind::Clip) },
            ),
            (r#""stop""#, of(RecordKind::Stop)),
        ]
    }

    #[test]
    fn every_event_is_written_as_documented_and_read_as_it_was_written() {
        for (json, record) in written() {
            let json = json.replace("NAME", r#""on_state, \"quoted\"\n""#);
            let json =
                format!(r#"{{"number":7,"unix_ms":1764072000123,"synchronised":false,"up_ms":391200,"event":{json}}}"#);
            let line = record.line();
            assert_eq!(String::from_utf8_lossy(&line), String::from_utf8(sealed(json.into())).unwrap());
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            assert_eq!(Record::read(&line[..line.len() - 1]), Some(record));
        }
    }

    #[test]
    fn the_order_of_the_fields_and_fields_of_a_later_version_do_not_matter() {
        // An alarm as the first version wrote it.
        let json = r#"{"number":7,"unix_ms":5,"synchronised":true,"up_ms":6,"event":"alarm","active":true,"cause":"state","state":"x","unacknowledged":false,"later":[1]}"#;
        let line = sealed(json.into());
        let record = Record::read(&line[..line.len() - 1]).unwrap();
        assert_eq!(
            (record.event, record.cause.as_deref(), record.active),
            (RecordKind::Alarm, Some("state"), Some(true))
        );
    }

    #[test]
    fn a_line_with_any_byte_changed_or_missing_is_no_record() {
        let line = Record { event: RecordKind::Stop, ..Record::default() }.line();
        let line = &line[..line.len() - 1];
        for place in 0..line.len() {
            let mut other = line.to_vec();
            other[place] ^= 0x04;
            assert_eq!(Record::read(&other), None, "{place}");
            other.remove(place);
            assert_eq!(Record::read(&other), None, "{place}");
            assert_eq!(Record::read(&line[..place]), None);
        }
    }

    #[test]
    fn the_check_sum_is_the_documented_one() {
        assert_eq!(CRC.checksum(b"123456789"), 0xCBF4_3926);
    }
}
