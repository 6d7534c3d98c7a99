//! From rows to a head: what to choose is chosen on grouped validation, then the chosen head learns from all rows.
//!
//! The rows given are all that is ever looked at. They are split into *inner* folds by group; each candidate learns from
//! one part and is scored on the other: the linear head at each of [`ALPHAS`](logistic::ALPHAS), the perceptron after each of
//! its epochs. Of the epochs the one of the lowest loss is taken, the mean of the folds' losses. The usual alpha gives way to
//! that of the lowest loss, and of the kinds of head (`auto`) the linear one, a hundredth of the size, to the perceptron, only
//! where that makes clearly fewer errors ([`super::prefer`]): what a lower loss alone gains is confidence, which calibration
//! sets anyway. Then the winner is fitted to all rows, with that alpha or for that number of epochs. Its probabilities are
//! calibrated by what its kind said of the windows that the inner folds held back ([`super::calibration`]).

use std::ops::ControlFlow;

use anyhow::{Context, ensure};
use monitor_core::decision::DecisionConfig;
use ndarray::Array2;

use super::calibration::Calibration;
use super::candidate::{self, Candidate, Epoch, HeadChoice};
use super::head::{HeadKind, TrainedHead};
use super::samples::{Prepared, Samples};
use super::validate::{self, Tried};
use super::{logistic, mlp, seed};
use crate::split::Fold;
use monitor_export::Dense;

/// How much to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Heads to try.
    pub choice: HeadChoice,
    /// Epochs that a perceptron goes on after its lowest validation loss.
    pub patience: usize,
    /// Whether heads are tried that cannot win any more, for the record.
    pub thorough: bool,
}

/// Epochs after which a quick perceptron gives up: the loss rarely finds a lower point so late.
const PATIENCE: usize = 20;

impl Effort {
    /// Every epoch of every head of `choice`.
    pub fn whole(choice: HeadChoice) -> Self {
        Self { choice, patience: mlp::EPOCHS, thorough: true }
    }

    /// What decides, and nothing for the record: for fits that are done many times over.
    pub fn quick(choice: HeadChoice) -> Self {
        Self { choice, patience: PATIENCE, thorough: false }
    }
}

/// A head and how it was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// Takes raw features.
    pub head: TrainedHead,
    /// What was chosen.
    pub chosen: Candidate,
    /// What was tried, the chosen one among them.
    pub candidates: Vec<Candidate>,
    /// Every epoch of the perceptron on validation, if it was tried.
    pub epochs: Vec<Epoch>,
    /// What the head's probabilities were calibrated by.
    pub calibration: Calibration,
}

/// Chooses a head on the `inner` folds of `rows` (positions in `samples`) and fits it to all of `rows`.
///
/// Without inner folds the kind is the first to be tried and its setting a fixed default.
///
/// # Errors
/// When `rows` hold fewer than two classes, or no feature changes, or the regression does not converge.
pub fn fit(samples: &Samples<'_>, rows: &[usize], inner: &[Fold], effort: Effort, seed: u64) -> anyhow::Result<Fitted> {
    let prepared = Prepared::new(samples, rows, seed);
    prepared.check()?;
    // What was tried on validation, else only its default, in the order of the kinds: a smaller head first.
    let mut tried: Vec<(Candidate, Option<Tried>)> = Vec::new();
    let mut failures = Vec::new();
    for kind in effort.choice.kinds() {
        // Nothing beats a smaller head without a mistake.
        if !effort.thorough && tried.iter().any(|(candidate, _)| candidate.macro_f1 == Some(1.0)) {
            break;
        }
        let on_inner_folds = match kind {
            HeadKind::Linear => validate::linear(samples, inner, seed),
            HeadKind::Mlp => Ok(validate::mlp(samples, inner, effort.patience, seed)),
        };
        match on_inner_folds {
            Ok(Some(on)) => tried.push((on.candidate.clone(), Some(on))),
            Ok(None) => tried.push((Candidate::unvalidated(*kind), None)),
            Err(error) => failures.push(error),
        }
    }
    let candidates: Vec<Candidate> = tried.iter().map(|(candidate, _)| candidate.clone()).collect();
    let epochs = tried.iter().filter_map(|(_, on)| Some(&on.as_ref()?.epochs)).flatten().copied().collect::<Vec<_>>();
    if let [(_, Some(usual)), (_, Some(larger))] = &tried[..]
        && larger.clearly_better_than(usual)
    {
        tried.swap(0, 1);
    }
    for (chosen, on) in tried {
        match refit(&prepared, &chosen, samples.classes, seed) {
            Ok(layers) => {
                let default = (DecisionConfig::default().confidence * 100.0).round() as u8;
                let calibration = on.map_or_else(Calibration::none, |on| Calibration::learn(&on.said, default));
                let head = TrainedHead { kind: chosen.kind, layers }.tempered(calibration.temperature);
                return Ok(Fitted { head, chosen, candidates, epochs, calibration });
            }
            Err(error) => failures.push(error),
        }
    }
    Err(failures.into_iter().next().map_or_else(|| anyhow::anyhow!("no head was tried"), anyhow::Error::from))
        .context("no head could be trained")
}

impl Prepared {
    fn check(&self) -> anyhow::Result<()> {
        let first = self.labels.first().context("there is no window to train on")?;
        ensure!(
            self.labels.iter().any(|label| label != first),
            "a head needs windows of at least two classes to train on"
        );
        ensure!(self.x.ncols() > 0, "no feature differs between any two windows: are the recordings silent?");
        Ok(())
    }

    /// Layers of the linear head on raw features.
    fn linear_layers(&self, weights: &logistic::Weights) -> Vec<Dense> {
        let features = self.x.ncols();
        let layer = Dense {
            weights: Array2::from_shape_fn((weights.ncols(), features), |(class, i)| weights[[i, class]] as f32),
            bias: weights.row(features).iter().map(|bias| *bias as f32).collect(),
            relu: false,
        };
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

fn refit(prepared: &Prepared, chosen: &Candidate, classes: usize, seed: u64) -> Result<Vec<Dense>, logistic::Error> {
    match chosen.kind {
        HeadKind::Linear => {
            let alpha = chosen.alpha.unwrap_or(candidate::DEFAULT_ALPHA);
            let weights =
                logistic::fit(&logistic::by_columns(prepared.x.view()), &prepared.labels, classes, alpha, None)?;
            Ok(prepared.linear_layers(&weights))
        }
        HeadKind::Mlp => {
            let epochs = chosen.epochs.unwrap_or(candidate::DEFAULT_EPOCHS);
            let seed = seed::derive(seed, "mlp");
            let network =
                mlp::train(
                    prepared.x.view(),
                    &prepared.labels,
                    classes,
                    epochs,
                    seed,
                    |_, _| ControlFlow::Continue(()),
                );
            Ok(prepared.mlp_layers(network))
        }
    }
}

#[cfg(test)]
mod tests;
