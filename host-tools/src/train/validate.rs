//! Candidates on inner folds: their best settings and scores.

use std::ops::ControlFlow;

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::basics::Score;
use super::basics::seed;
use super::calibration::OutOfFold;
use super::candidate::{Candidate, DEFAULT_ALPHA, Epoch};
use super::head::HeadKind;
use super::logistic::{self, ALPHAS};
use super::mlp;
use super::prefer::{by_group, clearly_less};
use super::samples::{Prepared, Samples};
use crate::data::split::{self, Fold};
use crate::evaluate::metrics::{Figures, argmax};

/// Maximum number of inner folds. One would be cheaper, but with the few groups of a machine's recordings its result is
/// mostly chance.
const INNER_FOLDS: usize = 3;

/// Splits `rows` (positions in `samples`) by group into inner folds that each train on every class; none if that is impossible.
pub(super) fn inner_folds(samples: &Samples<'_>, rows: &[usize], seed: u64) -> Vec<Fold> {
    let labels = samples.labels_of(rows);
    let groups: Vec<usize> = rows.iter().map(|row| samples.groups[*row]).collect();
    let count = INNER_FOLDS.min(split::most_folds(&labels, &groups));
    let classes =
        |positions: &[usize]| (0..samples.classes).filter(|c| positions.iter().any(|p| labels[*p] == *c)).count();
    let all = classes(&(0..rows.len()).collect::<Vec<_>>());
    let back = |positions: &[usize]| positions.iter().map(|position| rows[*position]).collect();
    split::folds(&labels, &groups, count, seed::derive(seed, "inner folds"))
        .iter()
        .filter(|fold| classes(&fold.train) == all)
        .map(|fold| Fold { train: back(&fold.train), test: back(&fold.test) })
        .collect()
}

/// Result of one setting on one inner fold.
struct Outcome {
    training: Score,
    validation: Score,
    /// Probabilities of the validation windows, [windows x classes].
    probabilities: Array2<f32>,
}

impl Outcome {
    fn new(training: Score, probabilities: Array2<f32>, labels: &[usize]) -> Self {
        Self { training, validation: Score::balanced(probabilities.view(), labels), probabilities }
    }
}

/// Mean over the folds of one setting's score.
fn mean(folds: &[Vec<Outcome>], setting: usize, score: fn(&Outcome) -> Score) -> Score {
    Score::mean(&folds.iter().map(|fold| score(&fold[setting])).collect::<Vec<_>>())
}

/// A kind of head at its best setting.
pub(super) struct Tried {
    /// The setting and its scores.
    pub candidate: Candidate,
    /// Predictions of every validation window.
    pub out_of_fold: OutOfFold,
    /// Every epoch of a perceptron.
    pub epochs: Vec<Epoch>,
    /// Error rate of each group's windows in validation.
    pub errors: Vec<f64>,
}

impl Tried {
    /// Whether this is clearly better than `usual` on the same inner folds.
    pub(super) fn clearly_better_than(&self, usual: &Self) -> bool {
        clearly_less(&self.errors, &usual.errors)
    }
}

/// Error rate of one setting for each group.
fn errors(folds: &[Vec<Outcome>], setting: usize, samples: &Samples<'_>, inner: &[Fold]) -> Vec<f64> {
    by_group(folds.iter().zip(inner).flat_map(|(outcomes, fold)| {
        let predicted = outcomes[setting].probabilities.rows().into_iter().zip(&fold.test);
        predicted.map(|(probabilities, row)| {
            (samples.groups[*row], f64::from(u8::from(argmax(&probabilities.to_vec()) != samples.labels[*row])))
        })
    }))
}

/// `folds[fold][setting]` at the setting of the lowest mean validation loss, and that setting's index; with a `usual`
/// setting, that one unless the best makes clearly fewer errors.
fn best_setting(
    kind: HeadKind,
    folds: &[Vec<Outcome>],
    usual: Option<usize>,
    samples: &Samples<'_>,
    inner: &[Fold],
) -> Option<(usize, Tried)> {
    let settings = folds.iter().map(Vec::len).min()?;
    let means: Vec<f64> =
        (0..settings).map(|setting| mean(folds, setting, |outcome| outcome.validation).loss).collect();
    let lowest = (0..settings).min_by(|a, b| means[*a].total_cmp(&means[*b]))?;
    let of = |setting| errors(folds, setting, samples, inner);
    let best = usual.filter(|usual| !clearly_less(&of(lowest), &of(*usual))).unwrap_or(lowest);
    let parts: Vec<_> = folds.iter().map(|fold| fold[best].probabilities.view()).collect();
    let probabilities = ndarray::concatenate(Axis(0), &parts).ok()?;
    let labels: Vec<usize> = inner.iter().flat_map(|fold| samples.labels_of(&fold.test)).collect();
    let names: Vec<String> = (0..samples.classes).map(|class| class.to_string()).collect();
    let predicted = probabilities.rows().into_iter().map(|row| argmax(&row.to_vec()));
    let candidate = Candidate {
        kind,
        alpha: None,
        epochs: None,
        training: mean(folds, best, |outcome| outcome.training),
        validation: Some(mean(folds, best, |outcome| outcome.validation)),
        macro_f1: Some(Figures::from_pairs(&names, labels.iter().copied().zip(predicted)).macro_average.f1),
    };
    let errors = of(best);
    Some((best, Tried { candidate, out_of_fold: OutOfFold { probabilities, labels }, epochs: Vec::new(), errors }))
}

/// Tries the linear head at each of [`ALPHAS`], with [`DEFAULT_ALPHA`] as the default; `None` without folds.
///
/// # Errors
/// When the regression does not converge.
pub(super) fn linear(samples: &Samples<'_>, inner: &[Fold], seed: u64) -> Result<Option<Tried>, logistic::Error> {
    let folds: Vec<Vec<Outcome>> = inner
        .par_iter()
        .map(|fold| {
            let prepared = Prepared::new(samples, &fold.train, seed);
            let x = logistic::by_columns(prepared.x.view());
            let held_back = prepared.standardiser.apply(samples.features_of(&fold.test).view()).mapv(f64::from);
            let labels = samples.labels_of(&fold.test);
            let mut start: Option<logistic::Weights> = None;
            let mut outcomes = Vec::with_capacity(ALPHAS.len());
            for alpha in ALPHAS {
                let weights = logistic::fit(&x, &prepared.labels, samples.classes, alpha, start.as_ref())?;
                let of = |x: &Array2<f64>| logistic::probabilities(x.view(), &weights).mapv(|p| p as f32);
                let training = Score::balanced(of(&x).view(), &prepared.labels);
                outcomes.push(Outcome::new(training, of(&held_back), &labels));
                start = Some(weights);
            }
            Ok(outcomes)
        })
        .collect::<Result<_, _>>()?;
    let usual = ALPHAS.iter().position(|alpha| *alpha == DEFAULT_ALPHA);
    Ok(best_setting(HeadKind::Linear, &folds, usual, samples, inner).map(|(best, mut tried)| {
        tried.candidate.alpha = Some(ALPHAS[best]);
        tried
    }))
}

/// Tries the perceptron after each epoch and records all scores; `None` without folds. An inner fold ends `patience` epochs
/// after its lowest loss, and only epochs that all folds reached are compared.
pub(super) fn mlp(samples: &Samples<'_>, inner: &[Fold], patience: usize, seed: u64) -> Option<Tried> {
    let folds: Vec<Vec<Outcome>> = inner
        .par_iter()
        .map(|fold| {
            let prepared = Prepared::new(samples, &fold.train, seed);
            let held_back = prepared.standardiser.apply(samples.features_of(&fold.test).view());
            let labels = samples.labels_of(&fold.test);
            let mut outcomes: Vec<Outcome> = Vec::with_capacity(mlp::EPOCHS);
            let mut best = 0;
            let seed = seed::derive(seed, "mlp");
            let plan = mlp::Plan { classes: samples.classes, epochs: mlp::EPOCHS, seed };
            mlp::train(prepared.x.view(), &prepared.labels, plan, |network, training| {
                outcomes.push(Outcome::new(training, network.probabilities(held_back.view()), &labels));
                let epoch = outcomes.len() - 1;
                if outcomes[epoch].validation.loss < outcomes[best].validation.loss {
                    best = epoch;
                }
                if epoch - best >= patience { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            outcomes
        })
        .collect();
    let (best, mut tried) = best_setting(HeadKind::Mlp, &folds, None, samples, inner)?;
    let epochs = folds.iter().map(Vec::len).min()?;
    let epoch = |epoch: usize| Epoch {
        training: mean(&folds, epoch, |outcome| outcome.training),
        validation: mean(&folds, epoch, |outcome| outcome.validation),
    };
    tried.candidate.epochs = Some(best + 1);
    tried.epochs = (0..epochs).map(epoch).collect();
    Some(tried)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn inner_folds_hold_the_given_rows_only() {
        let x = Array2::zeros((40, 1));
        let labels: Vec<usize> = (0..40).map(|row| row % 2).collect();
        let groups: Vec<usize> = (0..40).map(|row| row / 4).collect();
        let samples = Samples { x: x.view(), labels: &labels, groups: &groups, classes: 2, copies: None };
        let rows: Vec<usize> = (8..32).collect();
        let folds = inner_folds(&samples, &rows, 1);
        assert_eq!(folds.len(), INNER_FOLDS);
        for fold in folds {
            assert!(fold.train.iter().chain(&fold.test).all(|row| rows.contains(row)));
            assert!(fold.train.iter().all(|row| fold.test.iter().all(|other| groups[*row] != groups[*other])));
        }
    }

    #[test]
    fn every_inner_fold_trains_on_every_class_of_the_rows() {
        let x = Array2::zeros((12, 1));
        let samples = Samples {
            x: x.view(),
            labels: &[0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2],
            groups: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8],
            classes: 3,
            copies: None,
        };
        for fold in inner_folds(&samples, &(0..12).collect::<Vec<_>>(), 1) {
            assert!(fold.train.iter().any(|row| samples.labels[*row] == 2));
        }
    }
}
