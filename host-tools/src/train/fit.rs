//! From rows to a head: settings are chosen by grouped validation, then the chosen head is trained on all rows.
//!
//! Only the given rows are used. They are split into *inner* folds by group; each candidate is trained on one part and scored
//! on the other: the linear head at each strength of a path ([`super::strength`]), the perceptron after each epoch. Of the epochs the
//! one with the lowest mean loss over the folds is chosen. With `auto` the perceptron replaces the linear head, a hundredth of
//! its size, only if it makes clearly fewer errors ([`super::prefer`]): a lower loss alone is a gain in confidence, which
//! calibration sets anyway. It is given up if it makes no fewer errors on the first folds. Then the chosen head is
//! trained on all rows, with that strength or number of epochs. Its probabilities are calibrated by the predictions of its kind
//! for the validation windows of the inner folds ([`super::calibration`]).

use std::ops::ControlFlow;

use anyhow::{Context, ensure};
use monitor_core::decision::DecisionConfig;
use ndarray::Array2;

use super::basics::seed;
use super::calibration::{Calibration, CalibrationTrial};
use super::candidate::{self, Candidate, Epoch, HeadChoice, Strength};
use super::head::{HeadKind, TrainedHead};
use super::logistic::Precision;
use super::progress::FitProgress;
use super::samples::{Prepared, Samples};
use super::validate::{self, Tried};
use super::{Standardiser, logistic, mlp, strength};
use crate::data::split::Fold;
use monitor_export::Dense;

/// Extent of the search for a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Effort {
    /// Heads to try.
    pub choice: HeadChoice,
    /// Epochs that a perceptron continues after its lowest validation loss.
    pub patience: usize,
    /// Whether to try heads that can no longer be chosen, for the report.
    pub thorough: bool,
    /// Where the search for the weights of the linear head ends.
    pub precision: Precision,
}

/// Patience of a quick fit: later the loss rarely falls again.
const PATIENCE: usize = 20;

impl Effort {
    /// Every head of `choice`; every epoch of a perceptron that was asked for.
    pub(super) fn whole(choice: HeadChoice) -> Self {
        let patience = if choice == HeadChoice::Mlp { mlp::EPOCHS } else { PATIENCE };
        Self { choice, patience, thorough: true, precision: Precision::Head }
    }

    /// Only what affects the choice: for fits that are repeated often.
    pub(super) fn quick(choice: HeadChoice) -> Self {
        Self { choice, patience: PATIENCE, thorough: false, precision: Precision::Head }
    }

    /// A linear head that is only compared with others.
    pub(super) fn comparison() -> Self {
        Self { precision: Precision::Comparison, ..Self::quick(HeadChoice::Linear) }
    }
}

/// A trained head and how it was chosen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fitted {
    /// The head, for raw features.
    pub head: TrainedHead,
    /// The chosen candidate.
    pub chosen: Candidate,
    /// All candidates, including the chosen one.
    pub candidates: Vec<Candidate>,
    /// Validation of every epoch of the perceptron, if it was tried.
    pub epochs: Vec<Epoch>,
    /// Validation of every strength of the linear head, if it was validated.
    pub strengths: Vec<Strength>,
    /// Calibration of the head's probabilities.
    pub calibration: Calibration,
    /// Scaling of the windows that the head was trained on.
    pub standardiser: Standardiser,
}

impl Fitted {
    /// Drops the temperature unless it lowers the calibration error in the cross-validation of the procedure.
    pub(super) fn decide_on_temperature(&mut self, cross_validated: CalibrationTrial) {
        let before = self.calibration.temperature;
        self.calibration.decide(cross_validated);
        if self.calibration.temperature != before {
            self.head = self.head.clone().tempered(1.0 / before);
        }
    }
}

/// Chooses a head on the `inner` folds of `rows` (positions in `samples`) and trains it on all of `rows`.
///
/// Without inner folds the first kind is chosen, at its default setting.
///
/// # Errors
/// When `rows` hold fewer than two classes, or no feature varies, or the regression does not converge.
pub(super) fn fit(
    samples: &Samples<'_>,
    rows: &[usize],
    inner: &[Fold],
    effort: Effort,
    seed: u64,
    progress: &FitProgress<'_>,
) -> anyhow::Result<Fitted> {
    let prepared = Prepared::new(samples, rows);
    prepared.check()?;
    // Candidates in the order of the kinds, smaller heads first; without validation at their default setting.
    let mut tried: Vec<(Candidate, Option<Tried>)> = Vec::new();
    let mut failures = Vec::new();
    for kind in effort.choice.kinds() {
        // No head is better than a smaller one without errors.
        if !effort.thorough && tried.iter().any(|(candidate, _)| candidate.macro_f1 == Some(1.0)) {
            break;
        }
        let on_inner_folds = match kind {
            HeadKind::Linear => validate::linear(samples, inner, effort.thorough, progress),
            HeadKind::Mlp => {
                let usual = tried.iter().find_map(|(_, on)| on.as_ref());
                Ok(validate::mlp(samples, inner, usual, effort.patience, seed, progress))
            }
        };
        match on_inner_folds {
            Ok(Some(on)) => tried.push((on.candidate.clone(), Some(on))),
            Ok(None) => tried.push((Candidate::unvalidated(*kind, samples.x.ncols()), None)),
            Err(error) => failures.push(error),
        }
    }
    let candidates: Vec<Candidate> = tried.iter().map(|(candidate, _)| candidate.clone()).collect();
    let epochs = tried.iter().filter_map(|(_, on)| Some(&on.as_ref()?.epochs)).flatten().copied().collect::<Vec<_>>();
    let strengths =
        tried.iter().filter_map(|(_, on)| Some(&on.as_ref()?.strengths)).flatten().copied().collect::<Vec<_>>();
    if let [(_, Some(usual)), (_, Some(larger))] = &tried[..]
        && larger.clearly_better_than(usual)
    {
        tried.swap(0, 1);
    }
    for (chosen, on) in tried {
        let start = on.as_ref().and_then(|on| on.weights.as_ref());
        match refit(&prepared, &chosen, start, effort.precision, seed) {
            Ok(layers) => {
                let default = (DecisionConfig::default().confidence * 100.0).round() as u8;
                let calibration =
                    on.map_or_else(Calibration::none, |on| Calibration::from_out_of_fold(&on.out_of_fold, default));
                let head = TrainedHead { kind: chosen.kind, layers }.tempered(calibration.temperature);
                let standardiser = prepared.standardiser;
                return Ok(Fitted { head, chosen, candidates, epochs, strengths, calibration, standardiser });
            }
            Err(error) => failures.push(error),
        }
    }
    Err(failures.into_iter().next().map_or_else(|| anyhow::anyhow!("no head was tried"), anyhow::Error::from))
        .context("no head could be trained")
}

impl Prepared<'_, '_> {
    fn check(&self) -> anyhow::Result<()> {
        let first = self.labels.first().context("there is no window to train on")?;
        ensure!(
            self.labels.iter().any(|label| label != first),
            "a head needs windows of at least two classes to train on"
        );
        ensure!(
            !self.standardiser.kept().is_empty(),
            "no feature differs between any two windows; check whether the recordings are silent"
        );
        Ok(())
    }

    /// Layers of the linear head on raw features.
    fn linear_layers(&self, weights: &logistic::Weights) -> Vec<Dense> {
        let mut layer = Dense {
            weights: Array2::zeros((weights.classes(), self.standardiser.kept().len())),
            bias: weights.rows().map(|row| row[weights.features()] as f32).collect(),
            relu: false,
        };
        // Features that do not vary here have a scale of 0, and no weight in the layer.
        let vary = || self.scaling.values.iter().map(|(_, scale)| *scale != 0.0);
        for (from, mut to) in weights.rows().zip(layer.weights.rows_mut()) {
            let kept = from.iter().zip(vary()).filter(|(_, varies)| *varies);
            to.iter_mut().zip(kept).for_each(|(to, (weight, _))| *to = *weight as f32);
        }
        vec![self.standardiser.fold_into(&layer)]
    }

    /// Layers of the perceptron on raw features.
    fn mlp_layers(&self, network: mlp::Network<f32>) -> Vec<Dense> {
        let hidden = Dense { weights: transposed(&network.hidden), bias: network.hidden_bias.to_vec(), relu: true };
        let output = Dense { weights: transposed(&network.output), bias: network.output_bias.to_vec(), relu: false };
        vec![self.standardiser.fold_into(&hidden), output]
    }
}

/// [inputs x outputs] as [outputs x inputs].
fn transposed(weights: &Array2<f32>) -> Array2<f32> {
    weights.t().as_standard_layout().into_owned()
}

fn refit(
    prepared: &Prepared<'_, '_>,
    chosen: &Candidate,
    start: Option<&logistic::Weights>,
    precision: Precision,
    seed: u64,
) -> Result<Vec<Dense>, logistic::Error> {
    let task = prepared.task();
    match chosen.kind {
        HeadKind::Linear => {
            let alpha = chosen.alpha.unwrap_or_else(|| strength::usual(prepared.features()));
            let weights = logistic::fit(&task, alpha, start, precision)?;
            Ok(prepared.linear_layers(&weights))
        }
        HeadKind::Mlp => {
            let epochs = chosen.epochs.unwrap_or(candidate::DEFAULT_EPOCHS);
            let (chosen, labels) = prepared.repeated(seed);
            let seed = seed::derive(seed, "mlp");
            let features = prepared.standardiser.kept().len();
            let plan = mlp::Plan { features, classes: task.classes, epochs, seed };
            let batch = |batch: &[usize]| prepared.standardised(batch.iter().map(|place| chosen[*place]));
            let network = mlp::train(batch, &labels, plan, |_, _| ControlFlow::Continue(()));
            Ok(prepared.mlp_layers(network))
        }
    }
}

#[cfg(test)]
mod tests;
