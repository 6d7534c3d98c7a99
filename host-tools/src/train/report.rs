//! `training_report.json`: what was done and what came out, the same for the same seed.
//!
//! No clock and no machine is in it, so that two runs can be compared by their bytes.

use std::collections::BTreeSet;
use std::path::Path;

use clap::ValueEnum;
use serde::Serialize;

use super::calibration::Calibration;
use super::candidate::{Candidate, Epoch, HeadChoice};
use super::cross_validation::{CrossValidation, FoldResult, Predictions};
use super::protocol::{Outcome, Settings};
use crate::dataset::{ClassSummary, WITHIN_RECORDING};
use crate::features::FeatureSet;
use crate::measured::{Measure, Measured, Standing};
use crate::metrics::{Reliability, argmax};

/// The whole report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Number of this layout.
    pub schema: u32,
    /// What there was to learn from.
    pub data: Data,
    /// What was asked for.
    pub settings: Asked,
    /// What was chosen.
    pub head: Head,
    /// Every epoch of the perceptron on validation, if it was tried.
    pub history: Vec<Epoch>,
    /// What the exported head learned from.
    pub trained_on: Standing,
    /// The exported head on recordings that it never heard.
    pub held_out: Option<Measured>,
    /// The whole procedure, cross-validated.
    pub cross_validation: Option<CrossValidated>,
    /// What the anomaly score's threshold rests on; `None` where there was too little normal sound for one.
    pub anomaly: Option<crate::anomaly::fit::Standing>,
    /// What each feature kind reaches on the same folds; empty unless the features are hybrid.
    pub comparison: Vec<Compared>,
    /// Files of the held-out recordings, relative to the data's folder.
    pub held_out_files: Vec<String>,
}

/// The data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Data {
    /// One entry per class.
    pub classes: Vec<Class>,
    /// Names of the groups.
    pub groups: Vec<String>,
    /// Files that were not used, and why.
    pub skipped: Vec<Skipped>,
    /// How the data was read.
    pub remarks: Vec<String>,
    /// Whether groups are blocks of one file.
    pub within_recording: bool,
}

/// One class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Class {
    /// Files, recordings, groups and seconds.
    #[serde(flatten)]
    pub summary: ClassSummary,
    /// Windows taken from them.
    pub windows: usize,
}

/// A file not used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Skipped {
    /// Relative to the data's folder.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// The settings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Asked {
    /// Feature kind used.
    pub features: &'static str,
    /// Heads tried.
    pub head: HeadChoice,
    /// From one window to the next, in seconds.
    pub hop_s: f64,
    /// Folds asked for.
    pub folds: Option<usize>,
    /// Share of the windows to hold out.
    pub hold_out: f64,
    /// Seed of everything random.
    pub seed: u64,
    /// Changed copies of each recording that training heard too.
    pub augment: u32,
}

/// The head.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Head {
    /// What was chosen.
    pub chosen: Candidate,
    /// What its probabilities were calibrated by; `class_confidence` in hundredths, in the order of the classes.
    pub calibration: Calibration,
    /// What was tried.
    pub candidates: Vec<Candidate>,
    /// [outputs, inputs] of each layer.
    pub layers: Vec<[usize; 2]>,
    /// Multiplications per window.
    pub multiplications: usize,
}

/// Cross-validated figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CrossValidated {
    /// Pooled over the folds.
    #[serde(flatten)]
    pub measured: Measured,
    /// What calibration did to the probabilities.
    pub calibration: Calibrated,
    /// Each fold.
    pub folds: Vec<FoldResult>,
    /// Folds that could not be trained, and why.
    pub failed: Vec<String>,
}

/// What calibration did to probabilities of windows that it was not learned from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibrated {
    /// Expected calibration error without it, 0 to 1.
    pub ece_before: f64,
    /// And with it.
    pub ece_after: f64,
    /// Share of the windows that are sure enough of their class; the others count as unknown.
    pub kept: f64,
    /// Share of the kept windows that is right.
    pub accuracy_of_kept: f64,
    /// Share of the wrong windows that are not kept.
    pub wrong_made_unknown: f64,
}

impl Calibrated {
    fn new(result: &CrossValidation, labels: &[usize]) -> Self {
        let after = Reliability::of(result.predictions.probabilities.view(), labels);
        let said = result.predictions.probabilities.rows().into_iter().map(|row| argmax(&row.to_vec()));
        let right: Vec<bool> = said.zip(labels).map(|(said, label)| said == *label).collect();
        let count = |is: fn(bool, bool) -> bool| right.iter().zip(&result.kept).filter(|(r, k)| is(**r, **k)).count();
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        let (kept, wrong) = (count(|_, kept| kept), count(|right, _| !right));
        Self {
            ece_before: Reliability::of(result.uncalibrated.view(), labels).ece,
            ece_after: after.ece,
            kept: share(kept, right.len()),
            accuracy_of_kept: share(count(|right, kept| right && kept), kept),
            wrong_made_unknown: share(count(|right, kept| !right && !kept), wrong),
        }
    }
}

/// One feature kind on the same folds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Feature kind.
    pub features: &'static str,
    /// How the head was made: as in training, or linear with a fixed regularisation.
    pub head: String,
    /// Pooled macro-F1 by window.
    pub macro_f1: f64,
    /// Pooled accuracy by window.
    pub accuracy: f64,
    /// Pooled accuracy by recording.
    pub accuracy_by_recording: f64,
    /// What to know before quoting it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

impl Report {
    /// Puts an outcome into figures. `data` is the data's folder, which paths are given relative to.
    pub fn new(set: &FeatureSet, settings: &Settings, outcome: &Outcome, data: &Path) -> Self {
        let dataset = &set.dataset;
        let windows = set.windows_per_class();
        let classes = dataset.per_class().into_iter().zip(windows).map(|(summary, windows)| Class { summary, windows });
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
        let measured = |said: &Predictions| measure.measured(&said.rows, said.probabilities.view(), note);
        let cross_validation = outcome.cross_validation.as_ref().map(|result| CrossValidated {
            measured: measured(&result.predictions),
            calibration: Calibrated::new(
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
            schema: 2,
            data: Data {
                classes: classes.collect(),
                groups: dataset.groups.clone(),
                skipped: skipped.collect(),
                remarks: dataset.remarks.clone(),
                within_recording: dataset.within_recording,
            },
            settings: Asked {
                features: set.kind.name(),
                head: settings.choice,
                hop_s: f64::from(set.hop_columns) / 100.0,
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
            trained_on: measure.standing(&outcome.trained, note),
            held_out: outcome.held_out.as_ref().map(measured),
            cross_validation,
            anomaly: None,
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

/// `path` relative to `folder` (or to the folder of the manifest `folder`), with `/` on every system; whole if it is not
/// in it.
pub(crate) fn relative(path: &Path, folder: &Path) -> String {
    let inside = path.strip_prefix(folder).ok().or_else(|| path.strip_prefix(folder.parent()?).ok());
    match inside {
        Some(inside) => {
            inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
        }
        None => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_folder_of_the_data_or_its_manifest() {
        let file = Path::new("data").join("on").join("a.wav");
        assert_eq!(relative(&file, Path::new("data")), "on/a.wav");
        assert_eq!(relative(&file, &Path::new("data").join("manifest.csv")), "on/a.wav");
    }
}
