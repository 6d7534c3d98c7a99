//! The model card: what the model is and was trained on, and what must not be expected of it.

use monitor_core::model_card::{HASH_LEN, ModelCard};

use super::html::{definitions, paragraph};
use crate::dataset::WITHIN_RECORDING;
use crate::download::hex;
use crate::evaluate::Evaluation;

/// The card as names and values.
pub(super) fn what_it_is(card: Option<&ModelCard<'_>>, labels: &[String], bytes: usize, sha256: &str) -> String {
    let mut entries = vec![("File", format!("{bytes} bytes, SHA-256 {sha256}")), ("Classes", labels.join(", "))];
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
            "smoothing {} s, dwell {} s, hysteresis {}; least confidence: {}",
            decision.smoothing_s,
            decision.dwell_s,
            decision.hysteresis,
            confidences.join(", ")
        ),
    ));
    definitions(&entries)
}

/// What must not be expected of it.
pub(super) fn limits(card: Option<&ModelCard<'_>>, evaluation: &Evaluation, labels: &[String]) -> String {
    let standing = &evaluation.honest().standing;
    let mut lines = Vec::new();
    if !evaluation.training_known {
        lines.push("The model does not say what it was trained on, so it may have heard these very recordings.".into());
    } else if evaluation.never_trained_on.is_none() && evaluation.files_trained_on > 0 {
        lines.push(
            "Every recording here was trained on: the figures say how well it remembers, not how well it hears.".into(),
        );
    }
    lines.push(format!(
        "The figures stand on {standing}. Other machines, microphones, places and rooms than these are not covered by them."
    ));
    lines.push(format!(
        "It knows {} classes. A sound that is none of them is still given to one of them, unless its confidence is too low or \
         the anomaly score, where the model has one, rises above 1.",
        labels.len()
    ));
    lines.push("It hears 125 to 7500 Hz; what a machine says only above or below, it does not hear.".into());
    if card.is_some_and(|card| card.training.within_recording) {
        lines
            .push(format!("Its training data had too few files per class: training's figures are {WITHIN_RECORDING}."));
    }
    lines.push(
        "It is an aid to people who look after machines, not a safety device: nothing must depend on it alone.".into(),
    );
    lines.iter().map(|line: &String| paragraph("", line)).collect()
}
