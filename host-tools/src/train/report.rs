//! `training_report.json`: what was done and what came out, the same for the same seed.
//!
//! No clock and no machine is in it, so that two runs can be compared by their bytes.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use super::candidate::{Candidate, Epoch, HeadChoice};
use super::cross_validation::{CrossValidation, FoldResult, Predictions};
use super::protocol::{Outcome, Settings};
use crate::dataset::{ClassSummary, WITHIN_RECORDING};
use crate::features::FeatureSet;
use crate::metrics::Figures;

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
}

/// The head.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Head {
    /// What was chosen.
    pub chosen: Candidate,
    /// What was tried.
    pub candidates: Vec<Candidate>,
    /// [outputs, inputs] of each layer.
    pub layers: Vec<[usize; 2]>,
    /// Multiplications per window.
    pub multiplications: usize,
}

/// On how much a figure stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Files.
    pub files: usize,
    /// Recording sessions.
    pub recordings: usize,
    /// Names of the groups.
    pub groups: Vec<String>,
    /// Windows.
    pub windows: usize,
    /// What to know before quoting it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let (files, recordings, groups) = (self.files, self.recordings, self.groups.len());
        write!(f, "{} windows of {recordings} recording{}", self.windows, plural(recordings))?;
        if files != recordings {
            write!(f, " ({files} file{})", plural(files))?;
        }
        write!(f, " in {groups} group{}", plural(groups))?;
        self.note.map_or(Ok(()), |note| write!(f, "; {note}"))
    }
}

/// Figures and what they stand on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// On how much.
    pub standing: Standing,
    /// Every window counts.
    pub by_window: Figures,
    /// Every recording counts once: mean probability over its windows.
    pub by_recording: Figures,
}

/// Cross-validated figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CrossValidated {
    /// Pooled over the folds.
    #[serde(flatten)]
    pub measured: Measured,
    /// Each fold.
    pub folds: Vec<FoldResult>,
    /// Folds that could not be trained, and why.
    pub failed: Vec<String>,
}

/// One feature kind on the same folds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Feature kind.
    pub features: &'static str,
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
        let measure = Measure { set, sessions: &outcome.sessions, labels: set.labels() };
        let cross_validation = outcome.cross_validation.as_ref().map(|result| CrossValidated {
            measured: measure.measured(&result.predictions),
            folds: result.folds.clone(),
            failed: result.failed.clone(),
        });
        let whole = outcome.cross_validation.iter().map(|result| (set.kind, result));
        let others = outcome.comparison.iter().map(|(kind, result)| (*kind, result));
        let comparison: Vec<Compared> =
            whole.chain(others).map(|(kind, result)| measure.compared(kind.name(), result)).collect();
        let held_out_files: BTreeSet<String> = outcome
            .held_out
            .iter()
            .flat_map(|predictions| &predictions.rows)
            .map(|row| relative(&dataset.recordings[set.rows[*row].recording].path, data))
            .collect();
        Self {
            schema: 1,
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
            },
            head: Head {
                chosen: fitted.chosen.clone(),
                candidates: fitted.candidates.clone(),
                layers: fitted.head.layers.iter().map(|layer| [layer.outputs(), layer.inputs()]).collect(),
                multiplications: fitted.head.multiplications(),
            },
            history: fitted.epochs.clone(),
            trained_on: measure.standing(&outcome.trained),
            held_out: outcome.held_out.as_ref().map(|predictions| measure.measured(predictions)),
            cross_validation,
            comparison: if outcome.comparison.is_empty() { Vec::new() } else { comparison },
            held_out_files: held_out_files.into_iter().collect(),
        }
    }
}

/// What figures are made of.
struct Measure<'a> {
    set: &'a FeatureSet,
    sessions: &'a [usize],
    labels: Vec<usize>,
}

impl Measure<'_> {
    fn standing(&self, rows: &[usize]) -> Standing {
        let dataset = &self.set.dataset;
        let distinct = |of: &dyn Fn(usize) -> usize| rows.iter().map(|row| of(*row)).collect::<BTreeSet<_>>();
        let recordings = distinct(&|row| self.set.rows[row].recording);
        let files: BTreeSet<&Path> = recordings.iter().map(|r| dataset.recordings[*r].path.as_path()).collect();
        let groups = distinct(&|row| self.set.rows[row].group);
        Standing {
            files: files.len(),
            recordings: distinct(&|row| self.sessions[row]).len(),
            groups: groups.iter().map(|group| dataset.groups[*group].clone()).collect(),
            windows: rows.len(),
            note: dataset.within_recording.then_some(WITHIN_RECORDING),
        }
    }

    fn measured(&self, predictions: &Predictions) -> Measured {
        let classes = &self.set.dataset.classes;
        Measured {
            standing: self.standing(&predictions.rows),
            by_window: predictions.by_window(&self.labels, classes),
            by_recording: predictions.by_recording(&self.labels, self.sessions, classes),
        }
    }

    fn compared(&self, features: &'static str, result: &CrossValidation) -> Compared {
        let Measured { standing, by_window, by_recording } = self.measured(&result.predictions);
        Compared {
            features,
            macro_f1: by_window.macro_average.f1,
            accuracy: by_window.accuracy,
            accuracy_by_recording: by_recording.accuracy,
            note: standing.note,
        }
    }
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

    #[test]
    fn a_standing_says_what_to_know_before_quoting() {
        let groups = vec!["a".to_string()];
        let standing = Standing { files: 4, recordings: 1, groups, windows: 9, note: Some(WITHIN_RECORDING) };
        let said = "9 windows of 1 recording (4 files) in 1 group; within recording, optimistic";
        assert_eq!(standing.to_string(), said);
    }
}
