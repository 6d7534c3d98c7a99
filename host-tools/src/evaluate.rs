//! A model on labelled recordings: what it says of every window, and how right it is.
//!
//! The whole file runs, through the same pipeline as on the device. Recordings that the model was trained on are known by
//! the hashes in its card; figures that include them say so, and those of the others are given apart.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use monitor_core::model_card::ModelCard;
use monitor_model::owned::OwnedModel;
use ndarray::{Array2, Axis};
use rayon::prelude::*;
use serde::Serialize;

use crate::dataset::{Dataset, Skipped};
use crate::features::{Row, hear};
use crate::measured::{Measure, Measured, sessions};
use crate::predict::labels;
use crate::ui::Ui;

/// The mark on figures of recordings that the model was trained on.
pub const TRAINED_ON: &str = "trained on, optimistic";
/// The mark on figures of recordings of which some were trained on.
pub const PARTLY_TRAINED_ON: &str = "partly trained on, optimistic";

/// What a model says of a data set.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The data set; recordings that could not be heard are among its skipped.
    pub dataset: Dataset,
    /// Every window. Labels are the data set's.
    pub rows: Vec<Row>,
    /// [windows x classes of the model].
    pub probabilities: Array2<f32>,
    /// Names of the model's classes.
    pub classes: Vec<String>,
    /// For each class of the data set its class in the model.
    class_of: Vec<usize>,
    /// For each recording whether the model was trained on its file.
    trained_on: Vec<bool>,
}

/// Figures of all recordings and, apart, of those that the model was not trained on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Whether the file says what it was trained on.
    pub training_known: bool,
    /// Files that the model was trained on.
    pub files_trained_on: usize,
    /// All recordings.
    pub all: Measured,
    /// Those that the model was not trained on, if these are some, not all.
    pub never_trained_on: Option<Measured>,
}

impl Evaluation {
    /// The figures to quote: of recordings never trained on where there are any, else of all.
    pub fn honest(&self) -> &Measured {
        self.never_trained_on.as_ref().unwrap_or(&self.all)
    }
}

/// One window of a recording: its start in seconds, its level in dBFS, its probabilities.
type Window = (f64, f32, Vec<f32>);

/// Runs `model` over `dataset`, a window every `hop_columns` columns of 10 ms.
///
/// # Errors
/// When the data has a class that the model does not know, or nothing can be heard.
pub fn hear_all(model: &OwnedModel, mut dataset: Dataset, hop_columns: u32, ui: &Ui) -> anyhow::Result<Heard> {
    let classes = labels(model)?;
    let class_of = dataset.classes.iter().map(|name| class_of(name, &classes)).collect::<anyhow::Result<_>>()?;
    let card = ModelCard::of(&model.model()?).context("the model's card cannot be read")?;
    let classifier = model.classifier()?;
    let bar = ui.progress("listening", dataset.recordings.len() as u64);
    let heard: Vec<anyhow::Result<Vec<Window>>> = dataset
        .recordings
        .par_iter()
        .map(|recording| {
            let mut windows = Vec::new();
            let result = hear(recording, classifier.clone(), hop_columns, |window| {
                let verdict = window.verdict;
                windows.push((window.start_s, verdict.level_dbfs, verdict.probabilities.to_vec()));
            });
            bar.inc(1);
            result.map(|()| windows)
        })
        .collect();
    bar.finish_and_clear();
    let (mut rows, mut values, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for (recording, heard) in std::mem::take(&mut dataset.recordings).into_iter().zip(heard) {
        match heard {
            Ok(windows) => {
                for (start_s, level_dbfs, probabilities) in windows {
                    let (label, group) = (recording.label, recording.group);
                    rows.push(Row { label, recording: kept.len(), group, start_s, level_dbfs });
                    values.extend(probabilities);
                }
                kept.push(recording);
            }
            Err(error) => dataset.skipped.push(Skipped { path: recording.path, reason: format!("{error:#}") }),
        }
    }
    if rows.is_empty() {
        let reason = dataset.skipped.first().map(|first| format!(": {}: {}", first.path.display(), first.reason));
        bail!("no recording could be heard{}", reason.unwrap_or_default());
    }
    let trained = |hash: &[u8; 32]| card.as_ref().is_some_and(|card| card.training.contains(hash));
    let trained_on = kept.iter().map(|recording| trained(&recording.hash)).collect();
    dataset.recordings = kept;
    let probabilities = Array2::from_shape_vec((rows.len(), classes.len()), values)
        .context("the model gives another number of probabilities than it has labels")?;
    Ok(Heard { dataset, rows, probabilities, classes, class_of, trained_on })
}

fn class_of(name: &str, classes: &[String]) -> anyhow::Result<usize> {
    const MOST: usize = 12;
    classes.iter().position(|class| class == name).with_context(|| {
        let shown = classes.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if classes.len() > MOST { format!(" and {} more", classes.len() - MOST) } else { String::new() };
        format!("the data has the class {name}, which the model does not know: it knows {shown}{more}; rename the class or train on this data")
    })
}

impl Heard {
    /// Figures of everything that was heard.
    pub fn evaluation(&self, training_known: bool) -> Evaluation {
        let rows: Vec<usize> = (0..self.rows.len()).collect();
        let unheard: Vec<usize> = rows.iter().copied().filter(|row| !self.was_trained_on(*row)).collect();
        let note = match unheard.len() {
            0 => Some(TRAINED_ON),
            some if some < rows.len() => Some(PARTLY_TRAINED_ON),
            _ => None,
        };
        let files: BTreeMap<[u8; 32], bool> =
            self.dataset.recordings.iter().zip(&self.trained_on).map(|(r, trained)| (r.hash, *trained)).collect();
        Evaluation {
            training_known,
            files_trained_on: files.values().filter(|trained| **trained).count(),
            all: self.measured(&rows, note),
            never_trained_on: (note == Some(PARTLY_TRAINED_ON)).then(|| self.measured(&unheard, None)),
        }
    }

    /// Figures of `rows` (positions).
    pub fn measured(&self, rows: &[usize], note: Option<&'static str>) -> Measured {
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

    /// The model's class of a class of the data.
    pub fn class_of(&self, label: usize) -> usize {
        self.class_of[label]
    }

    /// Whether the model was trained on the file of a row.
    pub fn was_trained_on(&self, row: usize) -> bool {
        self.trained_on[self.rows[row].recording]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_the_model_does_not_know_is_named_with_those_it_knows() {
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
