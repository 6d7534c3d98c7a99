//! The files of a training run: two models, a picture and a report, in a folder of the run and in the output folder.
//!
//! All files are made in memory first, and the models are read back and run by the device's code before anything is
//! written. The run's folder appears atomically (written under another name, then renamed); the files in the output folder
//! are replaced one by one, each atomically. Both hold the same bytes, and none holds a date.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use monitor_core::model_card::{HASH_LEN, ModelCard, ScoreSummary, TrainingSummary};

use super::basics::Score;
use super::candidate::Strength;
use super::head::HeadKind;
use super::protocol::Outcome;
use super::training_report::TrainingReport;
use super::{carried_sample, timestamp, verify};
use crate::data::feature_set::FeatureSet;
use crate::plots;
use monitor_export as export;

/// File name of the complete classifier.
pub(crate) const MODEL: &str = "sound_classifier.tflite";
/// File name of the head alone.
pub(crate) const HEAD: &str = "sound_classifier_head.tflite";
/// File name of the picture of loss and accuracy.
pub(crate) const HISTORY: &str = "training_history.png";
/// File name of the figures.
pub(crate) const REPORT: &str = "training_report.json";
/// Folder of the runs within the output folder.
pub(crate) const RUNS: &str = "runs";
/// Part of the name of a run's folder until it is complete.
const UNFINISHED: &str = "unfinished";

/// The anomaly score of a model.
#[derive(Debug, Clone)]
pub(crate) struct AnomalyScore {
    /// Its tables.
    pub tables: Vec<u8>,
    /// Rows of the feature set that it was fitted to.
    pub rows: Vec<usize>,
}

/// The files, each with its name.
#[derive(Debug, Clone)]
pub(crate) struct Artifacts(Vec<(&'static str, Vec<u8>)>);

impl Artifacts {
    /// Makes all files, with the anomaly score if there is one, and verifies the models against the trained head.
    ///
    /// # Errors
    /// When a model cannot be exported, or computes other probabilities than the trained head.
    pub(crate) fn new(
        set: &FeatureSet,
        outcome: &Outcome,
        report: &TrainingReport,
        base: Option<&[u8]>,
        score: Option<&AnomalyScore>,
    ) -> anyhow::Result<Self> {
        let trained = hashes(set, &outcome.trained);
        let fitted = score.map(|score| hashes(set, &score.rows)).unwrap_or_default();
        let scored: Vec<Hash> = fitted.difference(&trained).copied().collect();
        let trained: Vec<Hash> = trained.into_iter().collect();
        let card = card(set, report, [trained.as_flattened(), scored.as_flattened()]);
        let head = &outcome.fitted.head;
        let labels = &set.dataset.classes;
        let sample = carried_sample::write(set, outcome, report.settings.seed, report.settings.augment);
        let extras = export::Extras {
            anomaly: score.map(|score| &score.tables[..]),
            training: sample.as_deref(),
            gain: set.gain,
        };
        let model = export::classifier_with(set.kind, base, &head.layers, labels, &card, &extras)
            .context("cannot export the model")?;
        let alone = export::head(set.kind, &head.layers, labels, &card).context("cannot export the head")?;
        verify::model(&model, set, head).context("the exported model differs from the trained one")?;
        verify::head(&alone, set.x.view(), head).context("the exported head differs from the trained one")?;
        let mut json = serde_json::to_string_pretty(report).context("the report cannot be written as JSON")?;
        json.push('\n');
        Ok(Self(vec![(MODEL, model), (HEAD, alone), (HISTORY, history(report)?), (REPORT, json.into_bytes())]))
    }

    /// Writes the files into a new folder `out/runs/YYYYMMDD-HHMMSS` (UTC) and into `out`. Returns the new folder.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn save(&self, out: &Path) -> anyhow::Result<PathBuf> {
        let runs = out.join(RUNS);
        // Removes what a killed training has left.
        for name in self.0.iter().map(|(name, _)| out.join(name)).chain([runs.join(UNFINISHED)]) {
            monitor_model::atomic_file::tidy(&name);
        }
        let folder = timestamp::unused(&runs);
        let unfinished = monitor_model::atomic_file::Temporary::beside(&runs.join(UNFINISHED));
        self.0.iter().try_for_each(|(name, bytes)| write(&unfinished.path().join(name), bytes))?;
        unfinished.rename(&folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
        self.0.iter().try_for_each(|(name, bytes)| write(&out.join(name), bytes))?;
        Ok(folder)
    }

    /// The bytes of the file `name`; empty if there is no such file.
    pub(crate) fn bytes(&self, name: &str) -> &[u8] {
        self.0.iter().find(|(other, _)| *other == name).map_or(&[], |(_, bytes)| bytes)
    }
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    monitor_model::atomic_file::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// The first bytes of the SHA-256 of a file.
type Hash = [u8; HASH_LEN];

/// The files of the windows `rows`.
fn hashes(set: &FeatureSet, rows: &[usize]) -> BTreeSet<Hash> {
    let file = |row: &usize| set.dataset.recordings[set.rows[*row].recording].hash;
    rows.iter().map(file).map(|hash| std::array::from_fn(|at| hash[at])).collect()
}

/// The card, with the hashes of the files that the head was trained on and of those that the score alone was fitted to.
fn card<'a>(set: &FeatureSet, report: &'a TrainingReport, [trained, scored]: [&'a [u8]; 2]) -> ModelCard<'a> {
    let validated = report.cross_validation.as_ref();
    ModelCard {
        training: TrainingSummary {
            recordings: report.trained_on.files as u32,
            windows: report.trained_on.windows as u32,
            groups: report.trained_on.groups.len() as u32,
            seed: report.settings.seed,
            hop_columns: u16::try_from(set.hop_columns).unwrap_or(u16::MAX),
            within_recording: set.dataset.within_recording,
            folds: validated.map_or(0, |result| result.folds.len() as u16),
            macro_f1: validated.map(|result| result.measured.by_window.macro_average.f1 as f32),
            created_unix: None,
            recording_hashes: trained,
        },
        score: ScoreSummary { groups: report.anomaly.map_or(0, |size| size.groups as u32), recording_hashes: scored },
        class_confidence: &report.head.calibration.class_confidence,
        ..ModelCard::untrained(set.kind)
    }
}

fn history(report: &TrainingReport) -> anyhow::Result<Vec<u8>> {
    use plots::history::{History, Scores, draw};
    use plots::strengths::Step;
    let step = |strength: &Strength| Step {
        alpha: strength.alpha,
        loss: strength.training.loss,
        validation_loss: strength.validation.loss,
        macro_f1: strength.training_macro_f1,
        validation_macro_f1: strength.macro_f1,
        near_best: strength.within_one_standard_error,
    };
    if let [class] = &report.data.classes[..] {
        // Nothing is learned in steps: the picture shows the scores of sound that the fit did not include.
        let name = class.summary.class.clone();
        let scores = report.left_out.as_ref().map(|left_out| left_out.scores.clone()).unwrap_or_default();
        let title = format!("Anomaly score of {name}, each group left out in turn");
        return plots::anomaly::scores(&title, &report.trained_on.to_string(), &[(name, true, scores)])?.png();
    }
    let scores = |training: Score, validation: Score| Scores {
        loss: training.loss,
        validation_loss: validation.loss,
        accuracy: training.accuracy,
        validation_accuracy: validation.accuracy,
    };
    let chosen = &report.head.chosen;
    let title = format!("Training: {chosen} on {} features", report.settings.features);
    let subtitle = format!("Mean over grouped validation folds of {}", report.trained_on);
    if let Some(place) = report.strengths.iter().position(|strength| strength.chosen)
        && chosen.kind == HeadKind::Linear
    {
        let steps: Vec<Step> = report.strengths.iter().map(step).collect();
        return plots::strengths::draw(&title, &subtitle, &steps, place)?.png();
    }
    let epochs: Vec<Scores> = report.history.iter().map(|epoch| scores(epoch.training, epoch.validation)).collect();
    let history = match chosen.epochs {
        Some(best) if !epochs.is_empty() => History::Epochs { epochs: &epochs, best: best - 1 },
        _ => History::Fit(scores(chosen.training, chosen.validation.unwrap_or_default())),
    };
    draw(&title, &subtitle, history)?.png()
}
