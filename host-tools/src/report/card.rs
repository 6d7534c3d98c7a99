//! The model card: properties of the model, its training, and its limits.

use monitor_core::gain::Gain;
use monitor_core::model_card::{HASH_LEN, ModelCard};

use super::html::{definitions, paragraph};
use crate::data::dataset::WITHIN_RECORDING;
use crate::data::hash::hex;
use crate::evaluate::predictions::Evaluation;

/// The card as names and values.
pub(super) fn properties(
    card: Option<&ModelCard<'_>>,
    labels: &[String],
    gain: Gain,
    bytes: usize,
    sha256: &str,
) -> String {
    let mut entries = vec![("File", format!("{bytes} bytes, SHA-256 {sha256}")), ("Classes", labels.join(", "))];
    if gain != Gain::NONE {
        entries.push(("Input gain", format!("{} dB, because the training recordings are very quiet", gain.db())));
    }
    let Some(card) = card else { return definitions(&entries) };
    let training = &card.training;
    entries.push(("Features", card.feature_kind.to_string()));
    if let Some(base) = &card.base_sha256 {
        entries.push(("Base model", format!("YAMNet, SHA-256 {}", hex(base))));
    }
    entries.push((
        "Trained on",
        format!(
            "{} windows of {} files in {} groups, one every {} s; seed {}",
            training.windows,
            training.recording_hashes.len() / HASH_LEN,
            training.groups,
            f64::from(training.hop_columns) / 100.0,
            training.seed
        ),
    ));
    let validated = match training.macro_f1 {
        _ if labels.len() == 1 => "one class: see Accuracy".to_string(),
        Some(macro_f1) => format!("macro-F1 {macro_f1:.3} by window, {} folds by group", training.folds),
        None => "not done".to_string(),
    };
    entries.push(("Cross-validation in training", validated));
    let confidences: Vec<String> =
        labels.iter().enumerate().map(|(class, label)| format!("{label} {:.2}", card.confidence_of(class))).collect();
    let decision = &card.decision;
    entries.push((
        "Decision",
        format!(
            "smoothing {} s, dwell {} s, hysteresis {}; reported from confidence: {}",
            decision.smoothing_s,
            decision.dwell_s,
            decision.hysteresis,
            confidences.join(", ")
        ),
    ));
    definitions(&entries)
}

/// The limits of the model.
pub(super) fn limits(card: Option<&ModelCard<'_>>, evaluation: &Evaluation, labels: &[String]) -> String {
    let sample_size = &evaluation.quotable().sample_size;
    let mut lines = Vec::new();
    if !evaluation.training_known {
        lines.push("The model file does not record what it was trained on, so these recordings may be among its training data.".into());
    } else if evaluation.never_trained_on.is_none() && evaluation.files_trained_on > 0 {
        lines.push(
            "Every recording here was trained on: the figures measure memory, not performance on new recordings."
                .into(),
        );
    }
    lines.push(format!(
        "The figures are of {sample_size}. They do not cover other machines, microphones, places or rooms."
    ));
    lines.push(format!(
        "The model has {} classes. It assigns every sound to one of them, unless the confidence is too low. An anomaly score above \
         1, if the model has a score, marks sound that is unlike its training data.",
        labels.len()
    ));
    lines.extend(of_every_model(card));
    lines.iter().map(|line: &String| paragraph("", line)).collect()
}

/// Limits of models of any number of classes.
pub(super) fn of_every_model(card: Option<&ModelCard<'_>>) -> Vec<String> {
    let mut lines =
        vec![
            "The states are distinguished by 125 to 7500 Hz, the anomaly score also by 25 to 125 Hz. Changes that are audible only \
             below or above are not detected."
                .to_string(),
        ];
    if card.is_some_and(|card| card.training.within_recording) {
        lines.push(format!(
            "The training data had too few files per class, so the figures of training are {WITHIN_RECORDING}."
        ));
    }
    lines.push("The monitor is an aid for maintenance, not a safety device: do not rely on it alone.".into());
    lines
}
