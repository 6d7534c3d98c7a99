//! `training_report.json`: settings and results of a training, the same for the same seed.
//!
//! It holds no date and no machine, so two runs can be compared by their bytes.

use std::collections::BTreeSet;
use std::path::Path;

use clap::ValueEnum;
use monitor_model::document;
use serde::Serialize;

use super::calibration::Calibration;
use super::candidate::{Candidate, Epoch, HeadChoice, Strength};
use super::cross_validation::{CrossValidation, FoldResult, Predictions};
use super::protocol::{Outcome, Settings};
use crate::anomaly::left_out::LeftOut;
use crate::data::dataset::{ClassSummary, WITHIN_RECORDING};
use crate::data::feature_set::FeatureSet;
use crate::data::paths::relative;
use crate::evaluate::measured::{Measure, Measured, SampleSize};
use crate::evaluate::metrics::{Reliability, argmax};

/// The report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct TrainingReport {
    /// Name of this layout; until version 0.1 its number, 2.
    pub schema: &'static str,
    /// The data set.
    pub data: Data,
    /// The requested settings.
    pub settings: SettingsSummary,
    /// The chosen head.
    pub head: Head,
    /// Validation of every epoch of the perceptron, if it was tried.
    pub history: Vec<Epoch>,
    /// Validation of every strength of the linear head's regularisation, if it was validated, strongest first.
    pub strengths: Vec<Strength>,
    /// Training data of the exported head.
    pub trained_on: SampleSize,
    /// The exported head on held-out recordings.
    pub held_out: Option<Measured>,
    /// Cross-validation of the whole procedure.
    pub cross_validation: Option<CrossValidated>,
    /// Amount of normal sound behind the anomaly score's threshold; `None` if there was too little for a score.
    pub anomaly: Option<crate::anomaly::fit::SampleSize>,
    /// The anomaly score on groups that were left out of its fit in turn; `None` with more than one class or with one group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOut>,
    /// Figures of each feature kind on the same folds; empty unless the features combine a part of the network with log-mel statistics.
    pub comparison: Vec<Compared>,
    /// Files of the held-out recordings, relative to the data's folder.
    pub held_out_files: Vec<String>,
}

/// The data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Data {
    /// One entry per class.
    pub classes: Vec<Class>,
    /// Names of the groups.
    pub groups: Vec<String>,
    /// Files that were not used, and why.
    pub skipped: Vec<Skipped>,
    /// How the data was read.
    pub remarks: Vec<String>,
    /// Whether parts of one recording may be in different groups.
    pub within_recording: bool,
}

/// One class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Class {
    /// Files, recordings, groups and seconds.
    #[serde(flatten)]
    pub summary: ClassSummary,
    /// Number of windows.
    pub windows: usize,
}

impl Class {
    /// One entry per class of `set`.
    pub(crate) fn from_set(set: &FeatureSet) -> Vec<Self> {
        let windows = set.windows_per_class();
        let summaries = set.dataset.per_class().into_iter().zip(windows);
        summaries.map(|(summary, windows)| Self { summary, windows }).collect()
    }
}

/// A file not used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Skipped {
    /// Relative to the data's folder.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// The requested settings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct SettingsSummary {
    /// Feature kind used.
    pub features: &'static str,
    /// Heads tried.
    pub head: HeadChoice,
    /// Step between windows, in seconds.
    pub hop_s: f64,
    /// Input gain in dB; above 0 for very quiet recordings.
    pub gain_db: u8,
    /// Requested number of folds.
    pub folds: Option<usize>,
    /// Share of the windows to hold out.
    pub hold_out: f64,
    /// Random seed.
    pub seed: u64,
    /// Number of changed copies of each recording.
    pub augment: u32,
}

/// The head.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Head {
    /// The chosen candidate.
    pub chosen: Candidate,
    /// Calibration; `class_confidence` in hundredths, in the order of the classes.
    pub calibration: Calibration,
    /// All candidates.
    pub candidates: Vec<Candidate>,
    /// [outputs, inputs] of each layer.
    pub layers: Vec<[usize; 2]>,
    /// Number of multiplications per window.
    pub multiplications: usize,
}

/// Cross-validated figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CrossValidated {
    /// Pooled over the folds.
    #[serde(flatten)]
    pub measured: Measured,
    /// Effect of the calibration.
    pub calibration: CalibrationEffect,
    /// Each fold.
    pub folds: Vec<FoldResult>,
    /// Folds that could not be trained, and why.
    pub failed: Vec<String>,
}

/// Effect of calibration on windows that it was not computed from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CalibrationEffect {
    /// Expected calibration error without it, 0 to 1.
    pub ece_before: f64,
    /// Expected calibration error with it, 0 to 1; the same as before if temperatures do not lower it.
    pub ece_after: f64,
    /// Share of the windows that reach the confidence of their class; the others are unknown.
    pub kept: f64,
    /// Share of right windows among the kept ones.
    pub accuracy_of_kept: f64,
    /// Share of the wrong windows that become unknown.
    pub wrong_made_unknown: f64,
}

impl CalibrationEffect {
    fn new(result: &CrossValidation, labels: &[usize]) -> Self {
        let after = Reliability::from_probabilities(result.predictions.probabilities.view(), labels);
        let predicted = result.predictions.probabilities.rows().into_iter().map(|row| argmax(&row.to_vec()));
        let right: Vec<bool> = predicted.zip(labels).map(|(predicted, label)| predicted == *label).collect();
        let count = |is: fn(bool, bool) -> bool| right.iter().zip(&result.kept).filter(|(r, k)| is(**r, **k)).count();
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        let (kept, wrong) = (count(|_, kept| kept), count(|right, _| !right));
        Self {
            ece_before: result.calibration.ece_without,
            ece_after: after.ece,
            kept: share(kept, right.len()),
            accuracy_of_kept: share(count(|right, kept| right && kept), kept),
            wrong_made_unknown: share(count(|right, kept| !right && !kept), wrong),
        }
    }
}

/// One feature kind on the same folds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Compared {
    /// Feature kind.
    pub features: &'static str,
    /// Procedure of the head: as in training, or linear with a fixed regularisation.
    pub head: String,
    /// Pooled macro-F1 by window.
    pub macro_f1: f64,
    /// Pooled accuracy by window.
    pub accuracy: f64,
    /// Pooled accuracy by recording.
    pub accuracy_by_recording: f64,
    /// Reservation to state with the figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

impl TrainingReport {
    /// Computes the figures of an outcome. `data` is the data's folder, which paths are relative to.
    pub(crate) fn new(set: &FeatureSet, settings: &Settings, outcome: &Outcome, data: &Path) -> Self {
        let dataset = &set.dataset;
        let skipped = dataset
            .skipped
            .iter()
            .map(|skipped| Skipped { file: relative(&skipped.path, data), reason: skipped.reason.clone() });
        let fitted = &outcome.fitted;
        let labels = set.labels();
        let measure = Measure {
            dataset,
            rows: &set.rows,
            sessions: &outcome.sessions,
            labels: &labels,
            classes: &dataset.classes,
        };
        let note = dataset.within_recording.then_some(WITHIN_RECORDING);
        let measured =
            |predictions: &Predictions| measure.measured(&predictions.rows, predictions.probabilities.view(), note);
        let cross_validation = outcome.cross_validation.as_ref().map(|result| CrossValidated {
            measured: measured(&result.predictions),
            calibration: CalibrationEffect::new(
                result,
                &result.predictions.rows.iter().map(|row| labels[*row]).collect::<Vec<_>>(),
            ),
            folds: result.folds.clone(),
            failed: result.failed.clone(),
        });
        let whole = outcome.cross_validation.iter().map(|result| (set.kind, as_trained(settings), result));
        let plain = outcome.comparison.iter().map(|(kind, result)| (*kind, plain(result), result));
        let compared = whole.chain(plain).filter(|_| !outcome.comparison.is_empty()).map(|(kind, head, result)| {
            let Measured { by_window, by_recording, .. } = measured(&result.predictions);
            Compared {
                features: kind.name(),
                head,
                macro_f1: by_window.macro_average.f1,
                accuracy: by_window.accuracy,
                accuracy_by_recording: by_recording.accuracy,
                note,
            }
        });
        let held_out_files: BTreeSet<String> = outcome
            .held_out
            .iter()
            .flat_map(|predictions| &predictions.rows)
            .map(|row| relative(&dataset.recordings[set.rows[*row].recording].path, data))
            .collect();
        Self {
            schema: document::TRAIN,
            data: Data {
                classes: Class::from_set(set),
                groups: dataset.groups.clone(),
                skipped: skipped.collect(),
                remarks: dataset.remarks.clone(),
                within_recording: dataset.within_recording,
            },
            settings: SettingsSummary {
                features: set.kind.name(),
                head: settings.choice,
                hop_s: f64::from(set.hop_columns) / 100.0,
                gain_db: set.gain.db(),
                folds: settings.folds,
                hold_out: settings.hold_out,
                seed: settings.seed,
                augment: settings.augment,
            },
            head: Head {
                chosen: fitted.chosen.clone(),
                calibration: fitted.calibration.clone(),
                candidates: fitted.candidates.clone(),
                layers: fitted.head.layers.iter().map(|layer| [layer.outputs(), layer.inputs()]).collect(),
                multiplications: fitted.head.multiplications(),
            },
            history: fitted.epochs.clone(),
            strengths: fitted.strengths.clone(),
            trained_on: measure.sample_size(&outcome.trained, note),
            held_out: outcome.held_out.as_ref().map(measured),
            cross_validation,
            anomaly: None,
            left_out: None,
            comparison: compared.collect(),
            held_out_files: held_out_files.into_iter().collect(),
        }
    }
}

fn as_trained(settings: &Settings) -> String {
    let name = settings.choice.to_possible_value().map(|value| value.get_name().to_string());
    format!("{}, as trained", name.unwrap_or_default())
}

fn plain(result: &CrossValidation) -> String {
    result.folds.first().map(|fold| fold.chosen.to_string()).unwrap_or_default()
}
