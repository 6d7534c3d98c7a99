//! A model and the settings that go with it: checked as a whole before anything uses it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use monitor_core::anomaly::{Alarm, Detector, Tables};
use monitor_core::classifier::Classifier;
use monitor_core::decision::{Decision, DecisionConfig, Steps};
use monitor_core::microphone::Limits;
use monitor_core::model_card::{self, ModelCard};
use monitor_model::owned::{self, OwnedModel};
use monitor_nn::Isa;
use sha2::{Digest, Sha256};

use super::alarm::StateAlarm;
use super::{baseline as enrolment, signature};
use crate::config::Config;
use crate::reporting::DeviceInfo as Who;
use crate::system::messages::warn;

/// Everything that inference needs to know and that a reload replaces.
#[derive(Debug)]
pub struct Setup {
    /// The model with its packed weights.
    pub model: OwnedModel,
    /// Who speaks; the rate is that of the configuration until sound comes.
    pub who: Who,
    /// The decision's settings at the hop.
    pub steps: Steps,
    /// The confidence of each class.
    pub confidences: Vec<f32>,
    /// From one window to the next, in columns of 10 ms.
    pub hop_columns: u32,
    /// Which states are an alarm.
    pub alarm: StateAlarm,
    /// What the microphone may give.
    pub microphone: Limits,
    /// Whether sound unlike normal sound is an alarm.
    pub anomaly_alarm: bool,
    /// Anomaly tables that this device has learned, in the place of the model's.
    enrolment: Option<Vec<u8>>,
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
        let model = OwnedModel::from_bytes(bytes, Isa::best())
            .map_err(|cause| SetupError::Model(owned::Error::Unusable { path: path.clone(), cause }))?;
        let in_file = |cause| SetupError::File { path: path.clone(), cause };
        let parsed = model.model().map_err(|error| in_file(error.to_string()))?;
        let card = ModelCard::of(&parsed).map_err(|error| in_file(model_card::Error::to_string(&error)))?;
        let classes = model.classifier().map_err(|error| in_file(error.to_string()))?.classes();
        let labels = parsed.labels().map_err(|error| in_file(error.to_string()))?;
        let mut labels: Vec<&str> = labels.iter().flat_map(|labels| labels.iter()).collect();
        let numbered: Vec<String>;
        if labels.is_empty() {
            numbered = (0..classes).map(|class| format!("class_{class}")).collect();
            labels = numbered.iter().map(String::as_str).collect();
        }
        if labels.len() != classes {
            return Err(in_file(format!("{} labels for {classes} classes; export the model again", labels.len())));
        }
        let hop_columns = config.listen.hop_columns() as u32;
        let decision = config.decision.over(card.map_or_else(DecisionConfig::default, |card| card.decision));
        let steps = decision.per_window(config.listen.hop_exact_s()).map_err(SetupError::Decision)?;
        let of_model = |class| card.map_or(decision.confidence, |card| card.confidence_of(class));
        let confidence = |(class, label): (usize, &&str)| config.decision.confidence_of(label, of_model(class));
        let confidences: Vec<f32> = labels.iter().enumerate().map(confidence).collect();
        // A wrong one is to be found here, before anything runs on it.
        confidences.iter().try_for_each(|own| steps.with_confidence(*own).map(drop)).map_err(SetupError::Decision)?;
        let no_such_state =
            |key, name: &str| SetupError::NoSuchState { key, name: name.into(), labels: labels.join(", ") };
        let known = |key: &'static str, name: &str| match labels.iter().position(|label| *label == name) {
            Some(class) => Ok(Some(class as u16)),
            None if name == "unknown" => Ok(None),
            None => Err(no_such_state(key, name)),
        };
        let alarm = config.alarm.states.iter().map(|name| known("alarm.states", name)).collect::<Result<_, _>>()?;
        for name in config.gpio.states.keys() {
            known("gpio.states", name)?;
        }
        if let Some(name) = config.decision.class_confidence.keys().find(|name| !labels.contains(&name.as_str())) {
            return Err(no_such_state("decision.class_confidence", name));
        }
        let who = Who {
            model: path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            model_sha256: Sha256::digest(model.bytes()).into(),
            labels: labels.iter().copied().collect(),
            rate_hz: config.capture.rate,
            hop_us: hop_columns * 10_000,
            rejected_updates: Default::default(),
        };
        Ok(Self {
            who,
            steps,
            confidences,
            hop_columns,
            alarm: StateAlarm::new(alarm),
            microphone: config.microphone.limits(),
            anomaly_alarm: config.alarm.anomaly,
            enrolment: enrolment::load(&config.listen, model.bytes()).unwrap_or_else(|ignored| {
                warn(ignored.to_string());
                None
            }),
            model,
        })
    }
}

impl Setup {
    /// The model's classifier, its anomaly score refitted by what this device has learned.
    ///
    /// # Errors
    /// None in practice: all was checked at load.
    pub fn classifier(&self) -> Result<Classifier<'_>, owned::Cause> {
        let classifier = self.model.classifier()?;
        let Some(learned) = &self.enrolment else { return Ok(classifier) };
        let tables = Tables::from_bytes(learned).map_err(owned::Cause::Anomaly)?;
        Ok(classifier.with_anomaly(Some(Detector::new(tables))))
    }

    /// A decision by these settings that starts as unknown.
    ///
    /// # Errors
    /// When there are more classes than a decision can hold.
    pub fn decision(&self) -> Result<Decision, monitor_core::decision::Error> {
        let mut decision = Decision::new(self.steps, self.confidences.len())?;
        decision.set_confidences(&self.confidences)?;
        Ok(decision)
    }

    /// The alarm by the anomaly score of this setup's `classifier`, going on from `before`; `None` without a score or where
    /// the configuration does not want it.
    pub fn anomaly_alarm(&self, classifier: &Classifier<'_>, before: Option<Alarm>) -> Option<Alarm> {
        let persistence = classifier.anomaly().filter(|_| self.anomaly_alarm)?.tables().persistence;
        let hop_s = self.hop_columns as f32 / 100.0;
        let mut alarm = before.unwrap_or_else(|| Alarm::new(persistence, hop_s));
        alarm.set(persistence, hop_s);
        Some(alarm)
    }
}

/// Nanoseconds on the monotonic clock: what inference is timed by.
pub fn now_ns() -> u64 {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC);
    now.map_or(0, |now| Duration::from(now).as_nanos() as u64)
}

/// Why a model and a configuration cannot be used. All of it is for a person to mend.
#[derive(Debug)]
pub enum SetupError {
    /// The model cannot be loaded.
    Model(owned::Error),
    /// The model's signature is missing or not good.
    Signature(signature::Error),
    /// The model's file has something in it that cannot be used.
    File {
        /// The file.
        path: PathBuf,
        /// What and why.
        cause: String,
    },
    /// The decision's settings, the file's and the model's together.
    Decision(monitor_core::decision::Error),
    /// The configuration names a state that the model does not have.
    NoSuchState {
        /// Where it is named.
        key: &'static str,
        /// The name.
        name: String,
        /// What there is.
        labels: String,
    },
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model(error) => write!(f, "model {error}"),
            Self::Signature(error) => write!(f, "{error}"),
            Self::File { path, cause } => write!(f, "model {}: {cause}", Path::display(path)),
            Self::Decision(error) => write!(f, "{error}"),
            Self::NoSuchState { key, name, labels } => {
                write!(f, "{key} names the state \"{name}\", which the model does not have; it has {labels}, unknown")
            }
        }
    }
}

impl std::error::Error for SetupError {}
