//! A model of one class on recordings: how much of their sound it takes for its class, and how often it raises the alarm.
//!
//! Probabilities say nothing, as that of the only class is always 1. A window counts as *unknown* while the alarm by the anomaly
//! score is raised, or the microphone is dead; else as the class. Recordings of other classes should raise the alarm.

mod named;
mod text;

use std::collections::BTreeSet;

use anyhow::bail;
use monitor_model::contents::ModelContents;
use rayon::prelude::*;
use serde::Serialize;

use crate::console::Ui;
use crate::data::dataset::{Dataset, Skipped};
use crate::evaluate::promise::Needed;
use crate::evaluate::sessions::{self, JudgeInput, Judged};

/// File name of the picture of the scores.
pub(crate) const SCORES: &str = "anomaly_scores.png";
/// The mark on figures of recordings that the model was trained on.
const TRAINED_ON: &str = "trained on, optimistic";

/// Figures of the recordings of one class of the data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ClassFigures {
    /// Its name.
    pub class: String,
    /// Whether it counts as the model's class, by its name or by `--normal`; other sound should be unknown.
    pub is_models_class: bool,
    /// Number of recordings.
    pub recordings: usize,
    /// Number of recordings that raised the alarm.
    pub recordings_with_alarm: usize,
    /// Number of windows.
    pub windows: usize,
    /// Share of the windows taken for the class, 0 to 1; the others are unknown.
    pub in_state: f64,
    /// Number of alarms per hour of its sound.
    pub alarms_per_hour: f64,
    /// The band that most of the alarms name first; absent where none names a band.
    pub named: Option<String>,
    /// Whether the model was trained on none, some or all of the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

impl ClassFigures {
    /// Share of the windows that were taken for what they are, 0 to 1.
    pub(crate) fn accuracy(&self) -> f64 {
        if self.is_models_class { self.in_state } else { 1.0 - self.in_state }
    }

    /// Number of recordings that were taken for what they are: the model's class raises no alarm, all others do.
    fn right(&self) -> usize {
        if self.is_models_class { self.recordings - self.recordings_with_alarm } else { self.recordings_with_alarm }
    }
}

/// Figures of a model of one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct OneClass {
    /// The model's class.
    pub class: String,
    /// Whether the model file records what it was trained on.
    pub training_known: bool,
    /// Number of files that the model was trained on.
    pub files_trained_on: usize,
    /// Number of files.
    pub files: usize,
    /// Share of all windows that were taken for what they are, 0 to 1; of files that were not trained on, if there are any.
    pub accuracy: f64,
    /// The recordings that were taken for what they are, and their number.
    pub recordings_right: [usize; 2],
    /// One entry per class of the data; recordings that were trained on have an entry of their own.
    pub classes: Vec<ClassFigures>,
    /// Number of recordings that are too short to raise the alarm.
    pub too_short_to_alarm: usize,
    /// Length of the shortest recording that can raise it, in seconds.
    pub needed_s: f64,
    /// The scores of each class for the picture: name, whether it is the model's class, score of each window that has one.
    #[serde(skip)]
    pub scores: Vec<(String, bool, Vec<f64>)>,
    /// Every recording session.
    #[serde(skip)]
    pub judged: Vec<Judged>,
}

impl OneClass {
    /// Recordings and how many of them raised the alarm: of the model's class, and of other sound; without those that were
    /// trained on, unless all were.
    pub(crate) fn alarms(&self) -> [(usize, usize); 2] {
        let is_new = self.classes.iter().any(|figures| figures.note.is_none());
        [true, false].map(|is_models_class| {
            let quoted = self.classes.iter().filter(|figures| figures.note.is_none() || !is_new);
            quoted
                .filter(|figures| figures.is_models_class == is_models_class)
                .fold((0, 0), |(all, raised), of| (all + of.recordings, raised + of.recordings_with_alarm))
        })
    }
}

/// Runs `model`, of one class, over `dataset`, one judge for each recording session, a window every `hop_columns` columns of
/// 10 ms. The classes `normal` of the data count as the model's class, that of its name if there are none. Recordings that
/// cannot be read move to the skipped files of `dataset`.
///
/// # Errors
/// When no recording can be read.
pub(crate) fn evaluate(
    model: &ModelContents<'_>,
    dataset: &mut Dataset,
    normal: &[String],
    hop_columns: u32,
    ui: &Ui,
) -> anyhow::Result<OneClass> {
    let bar = ui.progress("predicting", dataset.recordings.len() as u64);
    let inputs: Vec<anyhow::Result<Vec<JudgeInput>>> = dataset
        .recordings
        .par_iter()
        .map(|recording| {
            let result = sessions::inputs(model, recording, hop_columns);
            bar.inc(1);
            result
        })
        .collect();
    bar.finish_and_clear();
    let mut kept = Vec::new();
    for (recording, inputs) in std::mem::take(&mut dataset.recordings).into_iter().zip(inputs) {
        match inputs {
            Ok(inputs) => kept.push((recording, inputs)),
            Err(error) => dataset.skipped.push(Skipped { path: recording.path, reason: format!("{error:#}") }),
        }
    }
    let results = sessions::judge_all(model, &kept, hop_columns)?;
    dataset.recordings = kept.into_iter().map(|(recording, _)| recording).collect();
    if results.iter().all(|result| result.windows == 0) {
        let reason = dataset.skipped.first().map(|first| format!(": {}: {}", first.path.display(), first.reason));
        bail!("no recording could be read{}", reason.unwrap_or_default());
    }
    let hop_s = f64::from(hop_columns) / 100.0;
    let needed = model.classifier.anomaly().map(|detector| Needed::new(&detector.tables().rules(), hop_s));
    let hashes = |trained_on: bool| {
        let all = dataset.recordings.iter().filter(|recording| !trained_on || sessions::trained_on(model, recording));
        all.map(|recording| recording.hash).collect::<BTreeSet<_>>().len()
    };
    let files = [hashes(true), hashes(false)];
    let class = &model.labels[0];
    let is_normal = |name: &String| if normal.is_empty() { name == class } else { normal.contains(name) };
    let names: Vec<(&str, bool)> = dataset.classes.iter().map(|name| (&name[..], is_normal(name))).collect();
    let found = figures(class, &names, &results, files, hop_s, needed, model.card.is_some());
    Ok(OneClass { judged: results, ..found })
}

/// The figures of `results`; `names` are the classes of the data, and whether each counts as the model's class.
fn figures(
    class: &str,
    names: &[(&str, bool)],
    results: &[Judged],
    [files_trained_on, files]: [usize; 2],
    hop_s: f64,
    needed: Option<Needed>,
    training_known: bool,
) -> OneClass {
    let mut classes = Vec::new();
    let mut scores = Vec::new();
    for (label, &(name, is_models_class)) in names.iter().enumerate() {
        for trained_on in [false, true] {
            let of_class: Vec<&Judged> =
                results.iter().filter(|result| result.label == label && result.trained_on == trained_on).collect();
            let windows: usize = of_class.iter().map(|result| result.windows).sum();
            if windows == 0 {
                continue;
            }
            let sum = |of: fn(&Judged) -> usize| of_class.iter().map(|result| of(result)).sum::<usize>();
            classes.push(ClassFigures {
                class: name.to_owned(),
                is_models_class,
                recordings: of_class.len(),
                recordings_with_alarm: sum(|result| usize::from(result.alarms > 0)),
                windows,
                in_state: 1.0 - sum(|result| result.unknown) as f64 / windows as f64,
                alarms_per_hour: sum(|result| result.alarms) as f64 * 3600.0 / (windows as f64 * hop_s),
                named: named::most_frequent(of_class.iter().flat_map(|result| &result.explanations)),
                note: trained_on.then_some(TRAINED_ON),
            });
        }
        let of_class = results.iter().filter(|result| result.label == label).flat_map(|result| &result.scores);
        scores.push((name.to_owned(), is_models_class, of_class.map(|score| f64::from(*score)).collect()));
    }
    let is_new = classes.iter().any(|figures| figures.note.is_none());
    let quoted: Vec<&ClassFigures> = classes.iter().filter(|figures| figures.note.is_none() || !is_new).collect();
    let windows: usize = quoted.iter().map(|figures| figures.windows).sum();
    let right: f64 = quoted.iter().map(|figures| figures.accuracy() * figures.windows as f64).sum();
    let recordings = quoted.iter().map(|figures| figures.recordings).sum();
    let recordings_right = [quoted.iter().map(|figures| figures.right()).sum(), recordings];
    OneClass {
        class: class.to_string(),
        training_known,
        files_trained_on,
        files,
        accuracy: right / windows.max(1) as f64,
        recordings_right,
        too_short_to_alarm: needed
            .map_or(0, |needed| results.iter().filter(|result| result.windows < needed.windows).count()),
        needed_s: needed.map_or(0.0, |needed| needed.seconds),
        classes,
        scores,
        judged: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
