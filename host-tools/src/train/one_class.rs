//! Training on one class, usually normal sound.
//!
//! No head can be learned: softmax gives the only class a probability of 1. The exported head has one output and weights of
//! zero, so that the file has the form of every other model, and the anomaly score decides between the class and unknown
//! ([`monitor_core::monitor::Judge`]). It is fitted to all recordings; figures come from groups left out in turn.

use anyhow::Context;
use monitor_export::Dense;
use monitor_model::advice;
use ndarray::Array2;

use super::Standardiser;
use super::calibration::Calibration;
use super::candidate::Candidate;
use super::fit::Fitted;
use super::head::{HeadKind, TrainedHead};
use super::protocol::Outcome;
use crate::anomaly::normal::fit_normal;
use crate::anomaly::{self, left_out};
use crate::data::feature_set::FeatureSet;
use crate::evaluate::measured::sessions;

/// Length of sound, in seconds, that is asked for when there is too little: 20 windows of each of 6 groups.
const ASKED_S: f64 = 60.0;

/// The result of the protocol for a set of one class: a constant head, nothing held out, no figures of classes.
pub(super) fn outcome(set: &FeatureSet) -> Outcome {
    let weights = Array2::zeros((1, set.kind.len()));
    let head = TrainedHead { kind: HeadKind::Linear, layers: vec![Dense { weights, bias: vec![0.0], relu: false }] };
    let chosen = Candidate { alpha: None, ..Candidate::unvalidated(HeadKind::Linear, set.kind.len()) };
    let fitted = Fitted {
        head,
        chosen,
        candidates: Vec::new(),
        epochs: Vec::new(),
        strengths: Vec::new(),
        calibration: Calibration::none(),
        standardiser: Standardiser::fit(set.x.view()),
    };
    Outcome {
        fitted,
        trained: (0..set.rows.len()).collect(),
        held_out: None,
        cross_validation: None,
        comparison: Vec::new(),
        sessions: sessions(&set.dataset, &set.rows),
    }
}

/// Fits the anomaly score to the windows `normal` of `set` and measures it on groups left out in turn.
///
/// # Errors
/// When there is too little sound: without the score such a model would report its class for any sound.
pub(super) fn score(
    set: &FeatureSet,
    normal: &[usize],
) -> anyhow::Result<(anomaly::Fitted, Option<left_out::LeftOut>)> {
    let rows: Vec<usize> = (0..set.rows.len()).collect();
    let seconds = rows.len() as f64 * set.hop_s();
    let fitted = fit_normal(set, normal).with_context(|| {
        format!(
            "the data has only one class, {}, so the model consists of the anomaly score, and {seconds:.0} s of sound are \
             too few for it; record {:.0} s more, at {}",
            set.dataset.classes.join(", "),
            (ASKED_S - seconds).max(10.0),
            advice::CONDITIONS,
        )
    })?;
    Ok((fitted, left_out::left_out(set, &rows)))
}
