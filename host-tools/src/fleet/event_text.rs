//! Events of a device as lines of text.

use serde_json::Value;

use super::report::bounded;

/// One line of an event: its JSON object, as the topic `event` has it.
///
/// # Errors
/// Why it is no such object.
pub(super) fn line(payload: &[u8]) -> Result<String, String> {
    let event: Value = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
    let text = |key: &str| bounded(event[key].as_str().unwrap_or("?"));
    let kind = event["kind"].as_str().ok_or("it has no kind")?;
    let raised = |what: &str| {
        let cause = event["cause"].as_str().map_or_else(|| "anomaly".into(), bounded);
        let verb = if event["active"] == true { "raised" } else { "ended" };
        let why = event["explanation"]["text"].as_str().map(|text| format!(" ({})", bounded(text)));
        format!("{what} {verb}: {cause}{}", why.unwrap_or_default())
    };
    let what = match kind {
        "state" => {
            let confidence = event["confidence"].as_f64().map(|p| format!(" ({p:.2})")).unwrap_or_default();
            format!("state {} -> {}{confidence}", text("previous"), text("state"))
        }
        "alarm" => raised("ALARM"),
        "warning" => raised("warning"),
        "acknowledged" => {
            let causes: Vec<String> = event["causes"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .take(16)
                .map(bounded)
                .collect();
            format!("acknowledged by {}: {}", text("by"), causes.join(", "))
        }
        "gap" => format!("gap: {} frames lost", event["lost_frames"]),
        other => bounded(other),
    };
    let at = event["time_s"].as_f64().map(|seconds| format!("[{seconds:.2}] ")).unwrap_or_default();
    Ok(at + &what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_events_of_the_reference_are_lines() {
        let reference = include_str!("../../../docs/reference/mqtt.md");
        let examples = reference.lines().filter(|line| line.starts_with("{\"kind\""));
        let lines: Vec<String> = examples.map(|example| line(example.as_bytes()).unwrap()).collect();
        assert_eq!(
            lines,
            [
                "[391.20] state off_state -> on_state (0.83)",
                "[391.20] ALARM raised: state",
                "[400.10] acknowledged by mqtt: state",
                "[470.00] gap: 24000 frames lost",
            ]
        );
    }

    #[test]
    fn what_moved_is_part_of_the_line_and_unknown_kinds_are_named() {
        let warning = br#"{"kind":"warning","time_s":1,"active":true,"explanation":{"text":"56-71 Hz +11.2 dB"}}"#;
        assert_eq!(line(warning).unwrap(), "[1.00] warning raised: anomaly (56-71 Hz +11.2 dB)");
        assert_eq!(line(br#"{"kind":"of\ntomorrow"}"#).unwrap(), "of\\ntomorrow");
        for wrong in [&b"{}"[..], b"7", b"x"] {
            assert!(line(wrong).is_err(), "{wrong:?}");
        }
    }
}
