//! The model that a device runs, from its discovery by Home Assistant.

use serde_json::Value;

use super::report::bounded;

/// Kind of an update with such a message.
pub(super) const KIND: &str = "model";

/// The model's name in the message that announces `device`; `None` if this is one of another program.
pub(super) fn model(device: &str, payload: &[u8]) -> Option<String> {
    let config: Value = serde_json::from_slice(payload).ok()?;
    let described = &config["device"];
    let identifiers = described["identifiers"].as_array()?;
    let own = format!("acoustic_monitor_{device}");
    let is_own = identifiers.iter().any(|identifier| identifier.as_str() == Some(&own));
    is_own.then(|| described["model_id"].as_str().map(bounded))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_that_of_the_devices_own_discovery() {
        let payload =
            br#"{"components":{},"device":{"identifiers":["acoustic_monitor_pump-7"],"model_id":"pumps.tflite"}}"#;
        assert_eq!(model("pump-7", payload).as_deref(), Some("pumps.tflite"));
        assert_eq!(model("pump-8", payload), None);
        for other in [&b"{}"[..], b"", br#"{"device":{"identifiers":["acoustic_monitor_pump-7"]}}"#, b"[1]"] {
            assert_eq!(model("pump-7", other), None, "{other:?}");
        }
    }
}
