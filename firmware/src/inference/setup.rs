//! A model and the settings that go with it: checked as a whole before anything uses it.

use std::time::Duration;

use monitor_core::anomaly::{AlarmRules, Levels, Persistence};
use monitor_core::classifier::Classifier;
use monitor_core::decision::{DecisionConfig, State, Steps};
use monitor_core::microphone::Limits;
use monitor_core::monitor::{AlarmStates, Settings};
use monitor_model::owned::{self, OwnedModel};
use monitor_nn::Isa;
use sha2::{Digest, Sha256};

use super::learned::Learned;
use super::signature;
use crate::alarms::sensitivity::{Values, ordered};
use crate::config::{AlarmConfig, Config};
use crate::reporting::DeviceInfo;
use crate::system::hex::hex;
use crate::system::messages::{detail, warn};

/// The key of the confidence of single classes.
const CLASS_CONFIDENCE: &str = "decision.class_confidence";

/// Everything that inference needs to know and that a reload replaces.
#[derive(Debug)]
pub struct Setup {
    /// The model with its packed weights and its contents.
    pub model: OwnedModel,
    /// The model and the device; the rate is that of the configuration until sound comes.
    pub device: DeviceInfo,
    /// The decision's settings at the hop.
    pub steps: Steps,
    /// The confidence of each class.
    pub confidences: Vec<f32>,
    /// From one window to the next, in columns of 10 ms.
    pub hop_columns: u32,
    /// Which states are an alarm.
    pub alarm_states: AlarmStates,
    /// The limits of the microphone.
    pub microphone: Limits,
    /// `[alarm]`: whether a high anomaly score is an alarm, and how easily.
    pub alarm: AlarmConfig,
    /// What was learned on site, in place of the model's own.
    learned: Learned,
}

impl Setup {
    /// Loads and checks the model that the configuration names.
    ///
    /// # Errors
    /// When the model cannot be used, or the configuration does not fit it.
    pub fn load(config: &Config) -> Result<Self, SetupError> {
        let path = &config.listen.model;
        let bytes =
            std::fs::read(path).map_err(|error| SetupError::Model(owned::Error::Read { path: path.clone(), error }))?;
        signature::check(&config.listen, &bytes).map_err(SetupError::Signature)?;
        let unusable = |cause| SetupError::Model(owned::Error::Unusable { path: path.clone(), cause });
        let model = OwnedModel::from_bytes(bytes, Isa::best()).map_err(unusable)?;
        let contents = model.contents();
        let learned = Learned::load(config, &model);
        let (card, labels) = (contents.card, learned.labels(&contents.labels, contents.classifier.classes()));
        if labels.len() == 1 && !config.alarm.anomaly {
            return Err(SetupError::OneClass);
        }
        let hop_columns = config.listen.hop_columns() as u32;
        let decision = config.decision.over(card.map_or_else(DecisionConfig::default, |card| card.decision));
        let steps = decision.per_window(config.listen.hop_exact_s()).map_err(SetupError::Decision)?;
        let of_model = |class| card.map_or(decision.confidence, |card| card.confidence_of(class));
        let of_class = |class| learned.confidence(class).unwrap_or_else(|| of_model(class));
        let confidence = |(class, label): (usize, &String)| config.decision.confidence_of(label, of_class(class));
        let confidences: Vec<f32> = labels.iter().enumerate().map(confidence).collect();
        // A wrong one is to be found here, before anything runs on it.
        confidences.iter().try_for_each(|own| steps.with_confidence(*own).map(drop)).map_err(SetupError::Decision)?;
        let no_such_state =
            |key, name: &str| SetupError::NoSuchState { key, name: name.into(), labels: labels.join(", ") };
        let known = |key: &'static str, name: &str| match labels.iter().position(|label| *label == name) {
            Some(class) => Ok(Some(State::Class(class as u16))),
            None if name == "unknown" && key != CLASS_CONFIDENCE => Ok(Some(State::Unknown)),
            // It may be a state of the refit, and a device that monitors the others is better than one that does not start.
            None if learned.rejected.is_some() => {
                warn(format!("{key} names the state \"{name}\", which is unknown without the refit: it is left out"));
                Ok(None)
            }
            None => Err(no_such_state(key, name)),
        };
        let states = config.alarm.states.iter().map(|name| known("alarm.states", name));
        let alarm_states = states.filter_map(Result::transpose).collect::<Result<AlarmStates, _>>()?;
        config.gpio.states.keys().try_for_each(|name| known("gpio.states", name).map(drop))?;
        config.decision.class_confidence.keys().try_for_each(|name| known(CLASS_CONFIDENCE, name).map(drop))?;
        let device = DeviceInfo {
            model: path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            model_sha256: Sha256::digest(model.bytes()).into(),
            labels: labels.iter().map(String::as_str).collect(),
            rate_hz: config.capture.rate,
            hop_us: hop_columns * 10_000,
            // Others are added when it is reported.
            rejected_updates: learned.rejected.iter().map(String::as_str).collect(),
        };
        detail(|| {
            let sha256 = hex(&device.model_sha256);
            format!(
                "model: {}, SHA-256 {sha256}, states {}; {} kernels",
                path.display(),
                labels.join(", "),
                Isa::best().name()
            )
        });
        Ok(Self {
            device,
            steps,
            confidences,
            hop_columns,
            alarm_states,
            microphone: config.microphone.limits(),
            alarm: config.alarm.clone(),
            learned,
            model,
        })
    }
}

impl Setup {
    /// The model's classifier with what was learned on site. All files were parsed when the setup was loaded.
    pub fn classifier(&self) -> Classifier<'_> {
        self.learned.classifier(self.model.contents().classifier.clone())
    }

    /// What scores the sound, model, baseline and refit, as hexadecimal digits.
    pub(crate) fn scored_by(&self) -> String {
        hex(&Sha256::digest([&self.device.model_sha256[..], &self.learned.scored_by()].concat()))
    }

    /// The sensitivity of the alarm by the anomaly score of this setup's `classifier`, by model and configuration; `None`
    /// without that alarm.
    pub(super) fn sensitivity(&self, classifier: &Classifier<'_>) -> Option<Values> {
        let detector = classifier.anomaly().filter(|_| self.alarm.anomaly)?;
        Some(self.alarm.sensitivity(&detector.tables().rules()))
    }

    /// The settings of the monitor's judge for this setup's `classifier`.
    pub fn settings(&self, classifier: &Classifier<'_>) -> Settings<'_> {
        let values = self.sensitivity(classifier);
        let model = classifier.anomaly().map(|detector| detector.tables().rules());
        Settings {
            steps: self.steps,
            confidences: &self.confidences,
            alarm_states: self.alarm_states,
            unknown_s: self.alarm.unknown_s,
            anomaly: model.map(|rules| match values.map(ordered) {
                Some([alarm, raise_s, warning]) => AlarmRules {
                    alarm,
                    levels: Levels { warning, ..rules.levels },
                    persistence: persistence(rules.persistence, raise_s),
                },
                None => rules,
            }),
            anomaly_alarm: self.alarm.anomaly,
            hop_s: self.hop_columns as f32 / 100.0,
        }
    }
}

/// The model's persistence with another time that raises the alarm. A longer one looks back for a quarter longer, as the
/// default of 4 of 5 s does.
pub(super) fn persistence(model: Persistence, raise_s: f32) -> Persistence {
    Persistence { raise_s, within_s: model.within_s.max(1.25 * raise_s), ..model }
}

/// Nanoseconds on the monotonic clock: what inference is timed by.
pub fn now_ns() -> u64 {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC);
    now.map_or(0, |now| Duration::from(now).as_nanos() as u64)
}

/// Why a model and a configuration cannot be used. All of it is for a person to mend.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The model cannot be loaded.
    #[error("model {0}")]
    Model(owned::Error),
    /// The model's signature is missing or not good.
    #[error("{0}")]
    Signature(signature::Error),
    /// The decision's settings, the file's and the model's together.
    #[error("{0}")]
    Decision(monitor_core::decision::Error),
    /// One class, and the alarm that makes its state unknown is off.
    #[error(
        "alarm.anomaly is false and the model has one class, whose state is unknown only while that alarm is raised; set \
         alarm.anomaly = true"
    )]
    OneClass,
    /// The configuration names a state that the model does not have.
    #[error("{key} names the state \"{name}\", which the model does not have; it has {labels}, unknown")]
    NoSuchState {
        /// Where it is named.
        key: &'static str,
        /// The name.
        name: String,
        /// What there is.
        labels: String,
    },
}
