//! The configuration: `monitor.toml`.
//!
//! Every key has a default, so that an empty file is a valid one; an unknown key is an error, so that a slip of the pen is
//! not silently a default. `firmware/monitor.toml` is shipped with every default written out; a test holds the two equal.

mod clips;
mod load;
mod microphone;
mod net;
mod outputs;
mod range;

use std::collections::BTreeMap;
use std::path::PathBuf;

use monitor_core::decision::DecisionConfig;
use serde::{Deserialize, Serialize};

use crate::capture::CaptureConfig;

pub use clips::ClipsConfig;
pub use load::{DEFAULT_PATH, Error};
pub use microphone::MicrophoneConfig;
pub use net::{ModbusConfig, MqttConfig, MqttVersion, PrometheusConfig};
pub use outputs::{EventsConfig, GpioConfig, SerialConfig, SerialFormat, StatusConfig, StdoutConfig, StdoutFormat};
pub use range::OutOfRange;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `[listen]`: the model and how often it is asked.
    pub listen: ListenConfig,
    /// `[capture]`: the sound device.
    pub capture: CaptureConfig,
    /// `[microphone]`: what a microphone that works may give.
    pub microphone: MicrophoneConfig,
    /// `[decision]`: how probabilities become a state, where it shall differ from what the model says.
    pub decision: DecisionOverrides,
    /// `[alarm]`: what raises the alarm.
    pub alarm: AlarmConfig,
    /// `[stdout]`: lines on standard output.
    pub stdout: StdoutConfig,
    /// `[serial]`: frames or text on a serial line.
    pub serial: SerialConfig,
    /// `[gpio]`: levels on pins.
    pub gpio: GpioConfig,
    /// `[status]`: the state in a file, for `firmware health`.
    pub status: StatusConfig,
    /// `[events]`: what happened, on the device's own disk.
    pub events: EventsConfig,
    /// `[clips]`: the sound around each alarm.
    pub clips: ClipsConfig,
    /// `[mqtt]`: state and events at the plant's broker.
    pub mqtt: MqttConfig,
    /// `[prometheus]`: counters for a Prometheus server.
    pub prometheus: PrometheusConfig,
    /// `[modbus]`: registers for a PLC.
    pub modbus: ModbusConfig,
}

/// `[listen]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenConfig {
    /// The model's file.
    pub model: PathBuf,
    /// Seconds between two windows, 0.1 to 1, in steps of 0.01.
    pub hop_s: f32,
    /// Whether only a model with a good signature is taken ([`crate::signature`]).
    pub require_signature: bool,
    /// The file of the public key that models are signed by; needed with `require_signature`.
    pub public_key: PathBuf,
    /// Where what this device keeps for itself lies: what it learns of its machine ([`crate::enrolment`]), and latched alarms
    /// ([`crate::latched`]); empty to keep none of these.
    pub state_dir: PathBuf,
    /// Whether that is used, though it bears no signature, with `require_signature`.
    pub allow_enrolment: bool,
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            model: "/etc/monitor/sound_classifier.tflite".into(),
            hop_s: 0.48,
            require_signature: false,
            public_key: PathBuf::new(),
            state_dir: "/var/lib/monitor".into(),
            allow_enrolment: false,
        }
    }
}

impl ListenConfig {
    /// The hop in columns of 10 ms, as the window ring counts it.
    pub fn hop_columns(&self) -> usize {
        // Checked to be 0.1 to 1.
        (self.hop_s * 100.0).round() as usize
    }

    /// The hop that is really run, a whole number of columns, in seconds.
    pub fn hop_exact_s(&self) -> f32 {
        self.hop_columns() as f32 / 100.0
    }
}

/// `[decision]`: each key that is left out is what the model's file says.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DecisionOverrides {
    /// See [`DecisionConfig::smoothing_s`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smoothing_s: Option<f32>,
    /// See [`DecisionConfig::confidence`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
    /// See [`DecisionConfig::hysteresis`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hysteresis: Option<f32>,
    /// See [`DecisionConfig::dwell_s`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dwell_s: Option<f32>,
    /// The confidence of single classes, by their labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub class_confidence: BTreeMap<String, f32>,
}

impl DecisionOverrides {
    /// The model's settings with those of the file in their place.
    pub fn over(&self, model: DecisionConfig) -> DecisionConfig {
        DecisionConfig {
            smoothing_s: self.smoothing_s.unwrap_or(model.smoothing_s),
            confidence: self.confidence.unwrap_or(model.confidence),
            hysteresis: self.hysteresis.unwrap_or(model.hysteresis),
            dwell_s: self.dwell_s.unwrap_or(model.dwell_s),
        }
    }

    /// The confidence of a class: what the file says of it, else what the file says of all, else what the model says.
    pub fn confidence_of(&self, label: &str, model: f32) -> f32 {
        self.class_confidence.get(label).copied().or(self.confidence).unwrap_or(model)
    }
}

/// `[alarm]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlarmConfig {
    /// Labels of the states that are an alarm while they are reported; `unknown` stands for no known state.
    pub states: Vec<String>,
    /// Whether sound unlike all normal sound is an alarm, where the model has an anomaly score.
    pub anomaly: bool,
    /// Seconds without a single frame of sound after which there is an alarm, 0 to 3600; 0 for never.
    pub no_sound_s: f32,
    /// Whether an alarm stays until somebody acknowledges it, even when its cause has ended.
    pub latch: bool,
}

impl Default for AlarmConfig {
    fn default() -> Self {
        Self { states: Vec::new(), anomaly: true, no_sound_s: 5.0, latch: false }
    }
}

impl Config {
    /// Checks every range that types cannot.
    ///
    /// # Errors
    /// The first key whose value is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        self.capture.validate()?;
        let within = range::within;
        within("listen.hop_s", self.listen.hop_s, 0.1, 1.0)?;
        if self.listen.require_signature && self.listen.public_key.as_os_str().is_empty() {
            return Err(Error::NoPublicKey);
        }
        within("alarm.no_sound_s", self.alarm.no_sound_s, 0.0, 3600.0)?;
        self.microphone.validate()?;
        self.serial.validate()?;
        self.gpio.validate()?;
        self.mqtt.validate()?;
        self.events.validate()?;
        self.clips.validate()?;
        within("status.every_s", self.status.every_s, 0.1, 3600.0)?;
        // With the built-in settings in the place of the model's: a sum that is too large with them is found at load.
        let decision = self.decision.over(DecisionConfig { confidence: 0.0, hysteresis: 0.0, ..Default::default() });
        let steps = decision.per_window(1.0)?;
        self.decision.class_confidence.values().try_for_each(|own| steps.with_confidence(*own).map(drop))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_is_the_defaults() {
        let shipped = Config::parse(include_str!("../../monitor.toml")).unwrap();
        assert_eq!(shipped, Config::default());
    }

    #[test]
    fn the_shipped_file_writes_every_default_out() {
        let text = include_str!("../../monitor.toml");
        let shipped: toml::Table = text.parse().unwrap();
        let defaults = toml::Table::try_from(Config::default()).unwrap();
        for (table, keys) in &defaults {
            for key in keys.as_table().unwrap().keys() {
                assert!(shipped[table].as_table().unwrap().contains_key(key), "[{table}] {key} is not in monitor.toml");
            }
        }
        // Keys without a default are there as comments.
        for key in [
            "# cpu = ",
            "# smoothing_s = ",
            "# confidence = ",
            "# hysteresis = ",
            "# dwell_s = ",
            "# class_confidence = ",
            "# alarm = ",
            "# heartbeat = ",
            "# unacknowledged = ",
            "# acknowledge = ",
        ] {
            assert!(text.contains(key), "{key}");
        }
    }

    #[test]
    fn an_empty_file_is_the_defaults() {
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it_wherever_it_is() {
        for text in [
            "lissten = 1",
            "[listen]\nhopp_s = 1",
            "[serial]\nspeed = 1",
            "[gpio]\nled = 1",
            "[decision]\nx = 1",
            "[alarm]\nx = 1",
            "[stdout]\nx = 1",
            "[status]\nx = 1",
            "[microphone]\nx = 1",
            "[events]\nx = 1",
            "[clips]\nx = 1",
            "[mqtt]\nx = 1",
            "[prometheus]\nx = 1",
            "[modbus]\nx = 1",
            "[capture]\nx = 1",
        ] {
            let message = Config::parse(text).unwrap_err().to_string();
            assert!(message.contains("unknown field"), "{text}: {message}");
        }
    }

    #[test]
    fn values_out_of_range_are_errors_that_name_the_key() {
        for (text, key) in [
            ("[listen]\nhop_s = 2", "listen.hop_s"),
            ("[listen]\nhop_s = nan", "listen.hop_s"),
            ("[listen]\nrequire_signature = true", "listen.public_key"),
            ("[alarm]\nno_sound_s = -1", "alarm.no_sound_s"),
            ("[serial]\nbaud = 3", "serial.baud"),
            ("[serial]\nqueue = 0", "serial.queue"),
            ("[gpio]\nheartbeat_s = 0", "gpio.heartbeat_s"),
            ("[gpio]\nalarm = 3\nheartbeat = 3", "gpio"),
            ("[decision]\nconfidence = 2", "confidence"),
            ("[decision]\nconfidence = 0.8\nhysteresis = 0.4", "confidence"),
            ("[decision]\nclass_confidence = { on = 1.5 }", "confidence"),
            ("[capture]\nperiod_ms = 0", "capture.period_ms"),
            ("[microphone]\nclipped = 2", "microphone.clipped"),
            ("[mqtt]\nqueue = 0", "mqtt.queue"),
            ("[events]\nmax_kib = 1", "events.max_kib"),
            ("[clips]\nbefore_s = 61", "clips.before_s"),
            ("[clips]\nafter_s = nan", "clips.after_s"),
            ("[clips]\nmax_mib = 0", "clips.max_mib"),
            ("[mqtt]\nid = \"a/b\"", "mqtt.id"),
            ("[mqtt]\nprefix = \"a/#\"", "mqtt.prefix"),
            ("[prometheus]\nlisten = \"9464\"", "listen"),
            ("[modbus]\nlisten = \"localhost\"", "listen"),
        ] {
            let message = Config::parse(text).unwrap_err().to_string();
            assert!(message.contains(key), "{text}: {message}");
        }
    }

    #[test]
    fn what_the_file_leaves_out_is_what_the_model_says() {
        let overrides = DecisionOverrides { confidence: Some(0.5), ..Default::default() };
        let model = DecisionConfig { smoothing_s: 9.0, confidence: 0.9, hysteresis: 0.05, dwell_s: 8.0 };
        assert_eq!(overrides.over(model), DecisionConfig { confidence: 0.5, ..model });
    }

    #[test]
    fn the_nearest_word_on_a_class_is_taken() {
        let file = Config::parse("[decision]\nclass_confidence = { off = 0.7 }").unwrap().decision;
        assert_eq!((file.confidence_of("off", 0.5), file.confidence_of("on", 0.5)), (0.7, 0.5));
        let file = DecisionOverrides { confidence: Some(0.4), ..file };
        assert_eq!((file.confidence_of("off", 0.5), file.confidence_of("on", 0.5)), (0.7, 0.4));
    }

    #[test]
    fn the_hop_is_a_whole_number_of_columns() {
        let hop = |hop_s| ListenConfig { hop_s, ..Default::default() }.hop_columns();
        assert_eq!((hop(0.1), hop(0.48), hop(1.0), hop(0.29)), (10, 48, 100, 29));
    }
}
