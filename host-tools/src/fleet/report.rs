//! The retained state of a device: the JSON object of the topic `state`.

use serde::{Deserialize, Serialize};

use crate::console::one_line;

/// Longest text that is kept of a device, in characters.
const LONGEST: usize = 200;

/// Most entries that are kept of a list of a device.
const MOST: usize = 16;

/// What a device reports as its state. A field that it does not send has the value of none; unknown fields are ignored, so that
/// newer devices are read too.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Report {
    /// A label of its model, or `unknown`.
    pub state: String,
    /// Probability of the state, 0 to 1.
    pub confidence: Option<f64>,
    /// Anomaly score, 1 at the alarm level.
    pub anomaly: Option<f64>,
    /// Level in dB of full scale.
    pub level_dbfs: Option<f64>,
    /// Causes of alarm that hold.
    pub alarms: Vec<String>,
    /// Causes of alarm that nobody has acknowledged.
    pub unacknowledged: Vec<String>,
    /// Whether a warning by the anomaly score is raised.
    pub warning: bool,
    /// Zone of the anomaly score: `normal`, `watch`, `warning` or `alarm`.
    pub zone: Option<String>,
    /// What moved in the sound.
    pub explanation: Option<Explanation>,
    /// Faults of the microphone.
    pub microphone: Vec<String>,
    /// State of the sound device, such as `running`.
    pub capture: String,
    /// Whether a time server has set the device's clock.
    pub clock: String,
    /// Course of the daily medians, in words.
    pub trend_text: String,
    /// Whether the model no longer fits.
    pub drift: bool,
    /// The same in words.
    pub drift_text: String,
    /// Rejected updates with the reason.
    pub rejected_updates: Vec<String>,
    /// Seconds since the device's program was started.
    pub up_s: f64,
    /// Windows since then.
    pub windows: u64,
    /// Overruns of the sound device.
    pub xruns: u64,
    /// Gaps in the sound.
    pub gaps: u64,
    /// Windows that were dropped because inference was behind.
    pub dropped_windows: u64,
    /// Events that were lost because the broker was away.
    pub dropped_events: u64,
    /// 99th percentile of the inference time, in milliseconds.
    pub inference_p99_ms: f64,
    /// Temperature of the processor, in degrees Celsius.
    pub cpu_celsius: Option<f64>,
}

/// What moved in the sound when the present warning or alarm was raised.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Explanation {
    /// As `56-71 Hz +11.2 dB (rumble, tap)`.
    pub text: String,
}

impl Report {
    /// Reads a payload; its texts are shortened and made one line each.
    ///
    /// # Errors
    /// Why it is no such object.
    pub(crate) fn read(payload: &[u8]) -> Result<Self, String> {
        let mut report: Self = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        for text in
            [&mut report.state, &mut report.capture, &mut report.clock, &mut report.trend_text, &mut report.drift_text]
                .into_iter()
                .chain(&mut report.zone)
                .chain(report.explanation.iter_mut().map(|explanation| &mut explanation.text))
        {
            *text = bounded(text);
        }
        let lists =
            [&mut report.alarms, &mut report.unacknowledged, &mut report.microphone, &mut report.rejected_updates];
        for list in lists {
            list.truncate(MOST);
            list.iter_mut().for_each(|text| *text = bounded(text));
        }
        Ok(report)
    }

    /// Whether no sound arrives, or the microphone is faulty.
    pub(crate) fn is_deaf(&self) -> bool {
        !self.microphone.is_empty() || !matches!(&self.capture[..], "" | "running")
    }
}

/// A text from the network: one line of at most [`LONGEST`] characters.
pub(super) fn bounded(text: &str) -> String {
    let short: String = text.chars().take(LONGEST).collect();
    one_line(&short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_the_reference_is_read() {
        let reference = include_str!("../../../docs/reference/mqtt.md");
        let (_, after) = reference.split_once("```json\n").unwrap();
        let (example, _) = after.split_once("```").unwrap();
        let report = Report::read(example.as_bytes()).unwrap();
        assert_eq!(
            (&report.state[..], report.confidence, report.zone.as_deref()),
            ("on_state", Some(0.97), Some("normal"))
        );
        assert_eq!((report.level_dbfs, report.up_s, report.is_deaf()), (Some(-31.2), 86400.0, false));
        assert!(report.trend_text.starts_with("rising in on_state"));
    }

    #[test]
    fn older_and_newer_devices_are_read_and_other_payloads_are_not() {
        let report = Report::read(br#"{"state":"on","of_tomorrow":[1]}"#).unwrap();
        assert_eq!((&report.state[..], report.anomaly, report.is_deaf()), ("on", None, false));
        for wrong in [&b"online"[..], b"[1]", br#"{"state":7}"#, b"\xff", b""] {
            assert!(Report::read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn texts_of_the_network_are_short_and_one_line() {
        let payload = serde_json::json!({"state": "a\u{1b}[2J\n".repeat(99), "alarms": vec!["x"; 999]}).to_string();
        let report = Report::read(payload.as_bytes()).unwrap();
        assert!(report.state.starts_with("a\\u{1b}[2J\\n") && !report.state.contains('\n'));
        assert_eq!(report.alarms.len(), MOST);
    }

    #[test]
    fn a_device_without_sound_or_with_a_faulty_microphone_is_deaf() {
        let deaf = |payload: &str| Report::read(payload.as_bytes()).unwrap().is_deaf();
        assert!(deaf(r#"{"capture":"absent"}"#) && deaf(r#"{"capture":"running","microphone":["silent"]}"#));
        assert!(!deaf(r#"{"capture":"running"}"#));
    }
}
