//! The configuration: `monitor.toml`.
//!
//! Every key has a default, so that an empty file is a valid one; an unknown key is an error, so that a typing error is not
//! silently a default. `firmware/monitor.toml` is shipped with every default written out; a test compares the two.
//!
//! The sections of sinks are the sinks' own types ([`crate::sinks`]).

mod former;
mod load;
mod microphone;
pub mod overlay;

use std::collections::BTreeMap;
use std::path::PathBuf;

use monitor_core::anomaly::AlarmRules;
use monitor_core::decision::DecisionConfig;
use serde::{Deserialize, Serialize};

use crate::alarms::sensitivity::{Setting, Values};
use crate::capture::{CaptureConfig, ChannelChoice};
use crate::refit;
use crate::reporting::PrivacyConfig;
use crate::setting::{InvalidSetting, within};
use crate::sinks::{SinkConfigs, for_each_sink};

pub(crate) use former::FORMER_NOTE;
pub(crate) use load::Layers;
pub use load::{DEFAULT_PATH, Error, VARIABLE, found};
pub use microphone::MicrophoneConfig;
macro_rules! config {
    ($(mod $sink:ident;)*) => {
        /// The whole file.
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Config {
            /// `[listen]`: the model and the hop.
            pub listen: ListenConfig,
            /// `[capture]`: the sound device.
            pub capture: CaptureConfig,
            /// `[microphone]`: the limits of a microphone that works.
            pub microphone: MicrophoneConfig,
            /// `[decision]`: how probabilities become a state, where it differs from the model's settings.
            pub decision: DecisionOverrides,
            /// `[alarm]`: what raises the alarm.
            pub alarm: AlarmConfig,
            /// `[privacy]`: sound in which somebody speaks.
            pub privacy: PrivacyConfig,
            $(
                #[doc = concat!("`[", stringify!($sink), "]`: see the sink.")]
                pub $sink: crate::sinks::$sink::Config,
            )*
        }

        impl Config {
            /// The sections of all sinks.
            pub(crate) fn sinks(&self) -> SinkConfigs {
                SinkConfigs { $($sink: self.$sink.clone(),)* }
            }
        }
    };
}

for_each_sink!(config);

/// `[listen]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenConfig {
    /// The model's file.
    pub model: PathBuf,
    /// Seconds between two windows, 0.1 to 1, in steps of 0.01.
    pub hop_s: f32,
    /// Whether only a model with a good signature is taken ([`crate::inference::signature`]).
    pub require_signature: bool,
    /// The file of the public key that models are signed by; needed with `require_signature`.
    pub public_key: PathBuf,
    /// Folder of what this device stores: the baseline of its machine ([`crate::refit::baseline`]), refits
    /// ([`mod@crate::refit::versions`]), and latched alarms ([`crate::alarms::latch_store`]); empty to store neither.
    pub state_dir: PathBuf,
    /// Whether baseline and refits, which bear no signature, are used with `require_signature`.
    #[serde(alias = "allow_enrolment")]
    pub allow_baseline: bool,
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            model: "/etc/acoustic-monitor/sound_classifier.tflite".into(),
            hop_s: 0.48,
            require_signature: false,
            public_key: PathBuf::new(),
            state_dir: "/var/lib/acoustic-monitor".into(),
            allow_baseline: false,
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

/// `[decision]`: each key that is left out has the value of the model's file.
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
    /// The model's settings, replaced by those of the file.
    pub fn over(&self, model: DecisionConfig) -> DecisionConfig {
        DecisionConfig {
            smoothing_s: self.smoothing_s.unwrap_or(model.smoothing_s),
            confidence: self.confidence.unwrap_or(model.confidence),
            hysteresis: self.hysteresis.unwrap_or(model.hysteresis),
            dwell_s: self.dwell_s.unwrap_or(model.dwell_s),
        }
    }

    /// The confidence of a class: the file's for this class, else the file's for all, else the model's.
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
    /// Seconds for which the state must be `unknown` before that is an alarm, where `states` names it: 0 to 3600.
    pub unknown_s: f32,
    /// Whether sound unlike all normal sound is an alarm, where the model has an anomaly score.
    pub anomaly: bool,
    /// Anomaly score that counts towards the alarm, 0.1 to 100; 1, the model's own level, where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<f32>,
    /// Seconds above that level that raise the alarm, 0.5 to 10; the model's where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistence_s: Option<f32>,
    /// Anomaly score that counts towards a warning, 0.1 to the alarm level; the model's where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warn: Option<f32>,
    /// Seconds without a single frame of sound after which there is an alarm, 0 to 3600; 0 for never.
    pub no_sound_s: f32,
    /// Whether an alarm stays until it is acknowledged, even when its cause has ended.
    pub latch: bool,
}

impl Default for AlarmConfig {
    fn default() -> Self {
        Self {
            states: Vec::new(),
            unknown_s: 10.0,
            anomaly: true,
            alarm: None,
            persistence_s: None,
            warn: None,
            no_sound_s: 5.0,
            latch: false,
        }
    }
}

impl AlarmConfig {
    /// The sensitivity of the alarm by the anomaly score, with the model's where the file gives none.
    pub(crate) fn sensitivity(&self, model: &AlarmRules) -> Values {
        let persistence_s = self.persistence_s.unwrap_or(model.persistence.raise_s);
        [self.alarm.unwrap_or(model.alarm), persistence_s, self.warn.unwrap_or(model.levels.warning)]
    }

    /// Checks the values of the sensitivity.
    fn validate(&self) -> Result<(), InvalidSetting> {
        let values = [
            (Setting::AlarmLevel, self.alarm),
            (Setting::Persistence, self.persistence_s),
            (Setting::WarningLevel, self.warn),
        ];
        values.into_iter().try_for_each(|(setting, value)| value.map_or(Ok(()), |value| setting.check(value)))?;
        // 1 in every model.
        let alarm = self.alarm.unwrap_or(1.0);
        match self.warn {
            Some(warn) if warn > alarm => Err(InvalidSetting::Conflict(format!(
                "alarm.warn = {warn} is above alarm.alarm = {alarm}: an alarm is a warning too, lower alarm.warn or raise alarm.alarm"
            ))),
            _ => Ok(()),
        }
    }
}

impl Config {
    /// The part that concerns what is learned on site.
    pub(crate) fn refit(&self) -> refit::Settings {
        refit::Settings {
            model: self.listen.model.clone(),
            state_dir: self.listen.state_dir.clone(),
            allowed: self.listen.allow_baseline || !self.listen.require_signature,
            hop_columns: self.listen.hop_columns() as u32,
            channel: match self.capture.channel {
                ChannelChoice::Pick(channel) => Some(channel),
                ChannelChoice::Average => None,
            },
            // 1 in every model.
            alarm_level: self.alarm.alarm.unwrap_or(1.0),
        }
    }

    /// Checks every range that types cannot.
    ///
    /// # Errors
    /// The first key whose value is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        self.capture.validate()?;
        within("listen.hop_s", self.listen.hop_s, 0.1..=1.0)?;
        if self.listen.require_signature && self.listen.public_key.as_os_str().is_empty() {
            return Err(Error::NoPublicKey);
        }
        within("alarm.unknown_s", self.alarm.unknown_s, 0.0..=3600.0)?;
        within("alarm.no_sound_s", self.alarm.no_sound_s, 0.0..=3600.0)?;
        self.alarm.validate()?;
        self.microphone.validate()?;
        self.sinks().validate()?;
        if self.notify.picture && !self.clips.is_on() {
            return Err(InvalidSetting::Conflict(
                "notify.picture = true needs the clips of alarms: set clips.folder, or notify.picture = false".into(),
            )
            .into());
        }
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

    /// The sections and keys of `defaults` that are not in `shipped`.
    fn missing(shipped: &toml::Table, defaults: &toml::Table) -> Vec<String> {
        let mut missing = Vec::new();
        for (table, keys) in defaults {
            let written = shipped.get(table).and_then(toml::Value::as_table);
            for key in keys.as_table().unwrap().keys() {
                if !written.is_some_and(|written| written.contains_key(key)) {
                    missing.push(format!("[{table}] {key}"));
                }
            }
        }
        missing
    }

    #[test]
    fn a_section_that_the_shipped_file_lacks_is_named() {
        let mut shipped: toml::Table = include_str!("../../monitor.toml").parse().unwrap();
        shipped.remove("stdout");
        let defaults = toml::Table::try_from(Config::default()).unwrap();
        assert_eq!(missing(&shipped, &defaults), ["[stdout] format"]);
    }

    #[test]
    fn the_key_of_the_baseline_has_its_old_name_too() {
        let config = Config::parse("[listen]\nallow_enrolment = true").unwrap();
        assert!(config.listen.allow_baseline);
    }

    #[test]
    fn the_shipped_file_writes_every_default_out() {
        let text = include_str!("../../monitor.toml");
        let shipped: toml::Table = text.parse().unwrap();
        let defaults = toml::Table::try_from(Config::default()).unwrap();
        assert_eq!(missing(&shipped, &defaults), [""; 0]);
        // Keys without a default are there as comments.
        for key in [
            "# cpu = ",
            "# smoothing_s = ",
            "# confidence = ",
            "# hysteresis = ",
            "# dwell_s = ",
            "# class_confidence = ",
            "# alarm = 1.0",
            "# persistence_s = ",
            "# warn = ",
            "# alarm = 27",
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
            "[teach]\nx = 1",
            "[privacy]\nx = 1",
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
            ("[alarm]\nunknown_s = 3601", "alarm.unknown_s"),
            ("[alarm]\nalarm = 0", "alarm.alarm"),
            ("[alarm]\npersistence_s = 11", "alarm.persistence_s"),
            ("[alarm]\nwarn = 0", "alarm.warn"),
            ("[alarm]\nwarn = 1.5", "alarm.warn = 1.5 is above alarm.alarm = 1"),
            ("[alarm]\nwarn = 0.9\nalarm = 0.8", "alarm.warn = 0.9 is above alarm.alarm = 0.8"),
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
            ("[mqtt]\nport = 0", "mqtt.port"),
            ("[events]\nmax_kib = 1", "events.max_kib"),
            ("[clips]\nbefore_s = 61", "clips.before_s"),
            ("[clips]\nafter_s = nan", "clips.after_s"),
            ("[clips]\nmax_mib = 0", "clips.max_mib"),
            ("[notify]\npicture = true", "notify.picture = true needs the clips of alarms"),
            ("[notify.email]\nhost = \"mail\"", "notify.email.from"),
            ("[teach]\nclip_s = 1", "teach.clip_s"),
            ("[teach]\nconfidence = nan", "teach.confidence"),
            ("[teach]\nunsure_s = 0", "teach.unsure_s"),
            ("[teach]\ndistance_db = -1", "teach.distance_db"),
            ("[teach]\nplaces = 0", "teach.places"),
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
    fn keys_that_the_file_leaves_out_are_the_models() {
        let overrides = DecisionOverrides { confidence: Some(0.5), ..Default::default() };
        let model = DecisionConfig { smoothing_s: 9.0, confidence: 0.9, hysteresis: 0.05, dwell_s: 8.0 };
        assert_eq!(overrides.over(model), DecisionConfig { confidence: 0.5, ..model });
    }

    #[test]
    fn the_most_specific_confidence_of_a_class_is_used() {
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
