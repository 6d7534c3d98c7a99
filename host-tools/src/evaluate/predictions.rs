//! A model's predictions on labelled recordings, and their figures.
//!
//! The complete model file runs through the signal chain of the device. Recordings that the model was trained on are
//! recognised by the hashes in its card; figures that include them are marked, and figures of the others are given apart.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use ndarray::{Array2, Axis};
use rayon::prelude::*;
use serde::Serialize;

use super::measured::{Measure, Measured, sessions};
use super::sessions::{JudgeInput, Judged, judge_all};
use crate::console::Ui;
use crate::data::dataset::{Dataset, Skipped};
use crate::data::feature_set::Row;
use crate::features::process;
use monitor_model::contents::ModelContents;

/// The mark on figures of recordings that the model was trained on.
const TRAINED_ON: &str = "trained on, optimistic";
/// The mark on figures of recordings of which some were trained on.
const PARTLY_TRAINED_ON: &str = "partly trained on, optimistic";

/// A model's predictions on a data set.
#[derive(Debug, Clone)]
pub(crate) struct DatasetPredictions {
    /// The data set; recordings that could not be read are among its skipped files.
    pub dataset: Dataset,
    /// Every window. Labels are the data set's.
    pub rows: Vec<Row>,
    /// Names of the model's classes.
    pub classes: Vec<String>,
    /// [windows x classes of the model].
    probabilities: Array2<f32>,
    /// For each class of the data set its class in the model.
    class_of: Vec<usize>,
    /// For each recording whether the model was trained on its file.
    trained_on: Vec<bool>,
    /// Whether the model file records what it was trained on.
    training_known: bool,
    /// Every recording session, by the alarm.
    pub judged: Vec<Judged>,
}

/// Figures of all recordings and, apart, of those that the model was not trained on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Evaluation {
    /// Whether the model file records what it was trained on.
    pub training_known: bool,
    /// Number of files that the model was trained on.
    pub files_trained_on: usize,
    /// All recordings.
    pub all: Measured,
    /// The recordings that the model was not trained on, if these are some, not all.
    pub never_trained_on: Option<Measured>,
}

impl Evaluation {
    /// The figures to quote: of recordings that were not trained on if there are any, else of all.
    pub(crate) fn quotable(&self) -> &Measured {
        self.never_trained_on.as_ref().unwrap_or(&self.all)
    }
}

/// One window of a recording: its start in seconds, its level in dBFS, its result.
type Window = (f64, f32, JudgeInput);

/// Runs `model` over `dataset`, a window every `hop_columns` columns of 10 ms.
///
/// # Errors
/// When the data has a class that the model lacks, or no recording can be read.
pub(crate) fn predict_all(
    model: &ModelContents<'_>,
    mut dataset: Dataset,
    hop_columns: u32,
    ui: &Ui,
) -> anyhow::Result<DatasetPredictions> {
    let classes = model.labels.clone();
    let class_of = dataset.classes.iter().map(|name| class_of(name, &classes)).collect::<anyhow::Result<_>>()?;
    let bar = ui.progress("predicting", dataset.recordings.len() as u64);
    let predicted: Vec<anyhow::Result<Vec<Window>>> = dataset
        .recordings
        .par_iter()
        .map(|recording| {
            let mut windows = Vec::new();
            let result = process(recording, model.classifier.clone(), hop_columns, |window| {
                windows.push((window.start_s, window.verdict.level_dbfs, JudgeInput::from_window(window)));
            });
            bar.inc(1);
            result.map(|()| windows)
        })
        .collect();
    bar.finish_and_clear();
    let (mut rows, mut values, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for (recording, predicted) in std::mem::take(&mut dataset.recordings).into_iter().zip(predicted) {
        match predicted {
            Ok(windows) => {
                let mut inputs = Vec::with_capacity(windows.len());
                for (start_s, level_dbfs, input) in windows {
                    let (label, group) = (recording.label, recording.group);
                    rows.push(Row { label, recording: kept.len(), group, start_s, level_dbfs });
                    values.extend(&input.probabilities);
                    inputs.push(input);
                }
                kept.push((recording, inputs));
            }
            Err(error) => dataset.skipped.push(Skipped { path: recording.path, reason: format!("{error:#}") }),
        }
    }
    if rows.is_empty() {
        let reason = dataset.skipped.first().map(|first| format!(": {}: {}", first.path.display(), first.reason));
        bail!("no recording could be read{}", reason.unwrap_or_default());
    }
    let card = model.card.as_ref();
    let trained = |hash: &[u8; 32]| card.is_some_and(|card| card.training.contains(hash));
    let trained_on = kept.iter().map(|(recording, _)| trained(&recording.hash)).collect();
    let judged = judge_all(model, &kept, hop_columns)?;
    dataset.recordings = kept.into_iter().map(|(recording, _)| recording).collect();
    let probabilities = Array2::from_shape_vec((rows.len(), classes.len()), values)
        .context("the model has another number of probabilities than of labels")?;
    let training_known = card.is_some();
    Ok(DatasetPredictions { dataset, rows, classes, probabilities, class_of, trained_on, training_known, judged })
}

fn class_of(name: &str, classes: &[String]) -> anyhow::Result<usize> {
    const MOST: usize = 12;
    classes.iter().position(|class| class == name).with_context(|| {
        let shown = classes.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if classes.len() > MOST { format!(" and {} more", classes.len() - MOST) } else { String::new() };
        format!(
            "the data has the class {name}, which the model lacks: its classes are {shown}{more}; rename the class or train \
             on this data"
        )
    })
}

impl DatasetPredictions {
    /// Figures of all recordings.
    pub(crate) fn evaluation(&self) -> Evaluation {
        let rows: Vec<usize> = (0..self.rows.len()).collect();
        let new: Vec<usize> = rows.iter().copied().filter(|row| !self.was_trained_on(*row)).collect();
        let note = match new.len() {
            0 => Some(TRAINED_ON),
            some if some < rows.len() => Some(PARTLY_TRAINED_ON),
            _ => None,
        };
        let files: BTreeMap<[u8; 32], bool> =
            self.dataset.recordings.iter().zip(&self.trained_on).map(|(r, trained)| (r.hash, *trained)).collect();
        Evaluation {
            training_known: self.training_known,
            files_trained_on: files.values().filter(|trained| **trained).count(),
            all: self.measured(&rows, note),
            never_trained_on: (note == Some(PARTLY_TRAINED_ON)).then(|| self.measured(&new, None)),
        }
    }

    /// Figures of `rows` (positions in [`rows`](Self::rows)).
    pub(crate) fn measured(&self, rows: &[usize], note: Option<&'static str>) -> Measured {
        let labels: Vec<usize> = self.rows.iter().map(|row| self.class_of[row.label]).collect();
        let sessions = sessions(&self.dataset, &self.rows);
        let measure = Measure {
            dataset: &self.dataset,
            rows: &self.rows,
            sessions: &sessions,
            labels: &labels,
            classes: &self.classes,
        };
        measure.measured(rows, self.probabilities.select(Axis(0), rows).view(), note)
    }

    fn was_trained_on(&self, row: usize) -> bool {
        self.trained_on[self.rows[row].recording]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_the_model_lacks_is_named_with_those_it_has() {
        let classes = ["off_state".to_string(), "on_state".to_string()];
        assert_eq!(class_of("on_state", &classes).unwrap(), 1);
        let error = class_of("broken", &classes).unwrap_err().to_string();
        assert!(error.contains("broken") && error.contains("off_state, on_state"), "{error}");
    }

    #[test]
    fn a_long_list_of_classes_is_cut() {
        let classes: Vec<String> = (0..521).map(|class| format!("c{class}")).collect();
        assert!(class_of("x", &classes).unwrap_err().to_string().contains("and 509 more"));
    }
}
