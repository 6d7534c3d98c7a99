//! Candidates on inner folds: their best settings and scores.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::basics::Score;
use super::basics::seed;
use super::calibration::OutOfFold;
use super::candidate::{Candidate, Epoch, Strength};
use super::head::HeadKind;
use super::logistic::{self, Precision};
use super::mlp;
use super::prefer::{by_group, clearly_less};
use super::progress::FitProgress;
use super::samples::{Prepared, Samples, in_parts};
use super::strength;
use crate::data::split::{self, Fold};
use crate::evaluate::metrics::{Figures, argmax};

/// Maximum number of inner folds. Fewer would be cheaper, but with the few groups of a machine's recordings their result is
/// mostly chance.
pub(super) const INNER_FOLDS: usize = 5;
/// Number of groups from which [`FEWER_FOLDS`] suffice: a fold then holds many groups, and leaves many to train on.
const MANY_GROUPS: usize = 30;
/// Maximum number of inner folds of that many groups.
const FEWER_FOLDS: usize = 3;

/// Splits `rows` (positions in `samples`) by group into inner folds that each train on every class; none if that is impossible.
pub(super) fn inner_folds(samples: &Samples<'_>, rows: &[usize], seed: u64) -> Vec<Fold> {
    let labels = samples.labels_of(rows);
    let groups: Vec<usize> = rows.iter().map(|row| samples.groups[*row]).collect();
    let many = groups.iter().collect::<BTreeSet<_>>().len() >= MANY_GROUPS;
    let most = if many { FEWER_FOLDS } else { INNER_FOLDS };
    let count = most.min(split::most_folds(&labels, &groups));
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
    /// Macro-F1 on the training windows; not computed for epochs.
    training_macro_f1: f64,
    validation: Score,
    /// Probabilities of the validation windows, [windows x classes].
    probabilities: Array2<f32>,
}

impl Outcome {
    fn new(training: Score, probabilities: Array2<f32>, labels: &[usize]) -> Self {
        let validation = Score::balanced(probabilities.view(), labels);
        Self { training, training_macro_f1: 0.0, validation, probabilities }
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
    /// Every strength of a linear head.
    pub strengths: Vec<Strength>,
    /// Error rate of each group's windows in validation.
    pub errors: Vec<f64>,
    /// Weights of a linear head, the mean over the folds: near those of all windows.
    pub weights: Option<logistic::Weights>,
}

impl Tried {
    /// Whether this is clearly better than `usual` on the same inner folds.
    pub(super) fn clearly_better_than(&self, usual: &Self) -> bool {
        // A head that was given up has errors of the first folds alone.
        self.errors.len() == usual.errors.len() && clearly_less(&self.errors, &usual.errors)
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

/// The predictions of one setting for all validation windows, [windows x classes] in the order of the folds.
fn pooled(folds: &[Vec<Outcome>], setting: usize) -> Option<Array2<f32>> {
    let parts: Vec<_> = folds.iter().map(|fold| fold[setting].probabilities.view()).collect();
    ndarray::concatenate(Axis(0), &parts).ok()
}

/// The class of the highest probability of each window.
fn predicted(probabilities: &Array2<f32>) -> Vec<usize> {
    probabilities.rows().into_iter().map(|row| argmax(&row.to_vec())).collect()
}

fn macro_f1(labels: &[usize], predicted: &[usize], classes: usize) -> f64 {
    let names: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
    Figures::from_pairs(&names, labels.iter().copied().zip(predicted.iter().copied())).macro_average.f1
}

/// Classes of all validation windows, in the order of the folds.
fn validation_labels(samples: &Samples<'_>, inner: &[Fold]) -> Vec<usize> {
    inner.iter().flat_map(|fold| samples.labels_of(&fold.test)).collect()
}

/// `kind` at one of its settings, `folds[fold][setting]`.
fn at(kind: HeadKind, folds: &[Vec<Outcome>], setting: usize, samples: &Samples<'_>, inner: &[Fold]) -> Option<Tried> {
    let probabilities = pooled(folds, setting)?;
    let labels = validation_labels(samples, inner);
    let candidate = Candidate {
        kind,
        alpha: None,
        epochs: None,
        training: mean(folds, setting, |outcome| outcome.training),
        validation: Some(mean(folds, setting, |outcome| outcome.validation)),
        macro_f1: Some(macro_f1(&labels, &predicted(&probabilities), samples.classes)),
    };
    let groups = inner.iter().flat_map(|fold| fold.test.iter().map(|row| samples.groups[*row])).collect();
    let out_of_fold = OutOfFold { probabilities, labels, groups };
    let errors = errors(folds, setting, samples, inner);
    Some(Tried { candidate, out_of_fold, epochs: Vec::new(), strengths: Vec::new(), errors, weights: None })
}

/// Tries the linear head along the path of [`strength`]; `None` without folds. The path ends before a strength at which the
/// regression of a fold does not converge. Unless `thorough`, only the default is tried if it makes no error, because then it is
/// chosen whatever the others do.
///
/// # Errors
/// When the regression does not converge even at the strongest.
pub(super) fn linear(
    samples: &Samples<'_>,
    inner: &[Fold],
    thorough: bool,
    progress: &FitProgress<'_>,
) -> Result<Option<Tried>, logistic::Error> {
    let path = strength::path(samples.x.ncols());
    let fits: Vec<LinearFold<'_, '_>> = inner.par_iter().map(|fold| LinearFold::new(samples, fold)).collect();
    let without_error = |fold: &LinearFold<'_, '_>| {
        let fit = fold.fit(path[strength::USUAL], None).ok()?;
        (predicted(&fit.outcome.probabilities) == fold.labels).then_some(fit)
    };
    let usual: Option<Vec<Fit>> = if thorough { None } else { fits.par_iter().map(without_error).collect() };
    if let Some(usual) = usual {
        let (weights, folds): (Vec<_>, Vec<_>) = usual.into_iter().map(|fit| (fit.weights, vec![fit.outcome])).unzip();
        let mut tried = at(HeadKind::Linear, &folds, 0, samples, inner);
        if let Some(tried) = &mut tried {
            tried.candidate.alpha = Some(path[strength::USUAL]);
            tried.weights = logistic::mean(weights.iter());
        }
        return Ok(tried);
    }
    let paths: Vec<Vec<Fit>> =
        fits.par_iter().map(|fold| fold.follow(&path, progress)).collect::<Result<_, logistic::Error>>()?;
    let (weights, folds): (Vec<Vec<_>>, Vec<Vec<Outcome>>) =
        paths.into_iter().map(|fits| fits.into_iter().map(|fit| (fit.weights, fit.outcome)).unzip()).unzip();
    let settings = folds.iter().map(Vec::len).min().unwrap_or(0);
    let labels = validation_labels(samples, inner);
    let groups: Vec<usize> = inner.iter().flat_map(|fold| fold.test.iter().map(|row| samples.groups[*row])).collect();
    let classes: Vec<Vec<usize>> =
        (0..settings).filter_map(|setting| pooled(&folds, setting)).map(|all| predicted(&all)).collect();
    let wrong: Vec<Vec<bool>> =
        classes.iter().map(|all| all.iter().zip(&labels).map(|(found, label)| found != label).collect()).collect();
    let validated = strength::validate(&wrong, &labels, &groups);
    let chosen = strength::choose(&validated).min(settings.saturating_sub(1));
    let Some(mut tried) = (settings > 0).then(|| at(HeadKind::Linear, &folds, chosen, samples, inner)).flatten() else {
        return Ok(None);
    };
    let lowest = validated.iter().map(|strength| strength.error).fold(f64::INFINITY, f64::min);
    let strength = |place: usize| Strength {
        alpha: path[place],
        training: mean(&folds, place, |outcome| outcome.training),
        validation: mean(&folds, place, |outcome| outcome.validation),
        training_macro_f1: folds.iter().map(|fold| fold[place].training_macro_f1).sum::<f64>() / folds.len() as f64,
        macro_f1: macro_f1(&labels, &classes[place], samples.classes),
        error: validated[place].error,
        standard_error: validated[place].standard_error,
        within_one_standard_error: validated[place].is_within(lowest),
        chosen: place == chosen,
    };
    tried.strengths = (0..settings).map(strength).collect();
    tried.candidate.alpha = Some(path[chosen]);
    tried.weights = logistic::mean(weights.iter().map(|fold| &fold[chosen]));
    Ok(Some(tried))
}

/// The linear head on one inner fold.
struct LinearFold<'s, 'a> {
    prepared: Prepared<'s, 'a>,
    /// Windows to validate by, and their classes.
    held_back: Vec<&'s [f32]>,
    labels: Vec<usize>,
}

/// The linear head on one inner fold at one strength.
struct Fit {
    weights: logistic::Weights,
    outcome: Outcome,
}

impl<'s, 'a> LinearFold<'s, 'a> {
    fn new(samples: &'s Samples<'a>, fold: &Fold) -> Self {
        Self {
            prepared: Prepared::new(samples, &fold.train),
            held_back: samples.together(&fold.test),
            labels: samples.labels_of(&fold.test),
        }
    }

    /// Fits at the strength `alpha`, from the weights `start`.
    fn fit(&self, alpha: f64, start: Option<&logistic::Weights>) -> Result<Fit, logistic::Error> {
        let task = self.prepared.task();
        let weights = logistic::fit(&task, alpha, start, Precision::Head)?;
        let training = logistic::probabilities(task.x, task.scaling, &weights);
        let validation = logistic::probabilities(&self.held_back, task.scaling, &weights);
        let outcome = Outcome {
            training_macro_f1: macro_f1(task.labels, &predicted(&training), task.classes),
            ..Outcome::new(Score::balanced(training.view(), task.labels), validation, &self.labels)
        };
        Ok(Fit { weights, outcome })
    }

    /// Fits at each strength of `path`, as far as the regression converges; each starts from the one before.
    fn follow(&self, path: &[f64], progress: &FitProgress<'_>) -> Result<Vec<Fit>, logistic::Error> {
        let mut fits: Vec<Fit> = Vec::with_capacity(path.len());
        for alpha in path {
            match self.fit(*alpha, fits.last().map(|fit| &fit.weights)) {
                Ok(fit) => fits.push(fit),
                Err(error) if fits.is_empty() => return Err(error),
                Err(error) => {
                    tracing::debug!("the path of strengths ends before alpha {alpha}: {error}");
                    break;
                }
            }
            progress.step(1);
        }
        Ok(fits)
    }
}

/// Inner folds after which a perceptron that makes no fewer errors than the linear head is given up.
const FIRST_FOLDS: usize = 2;

/// Tries the perceptron after each epoch and records all scores; `None` without folds. An inner fold ends `patience` epochs
/// after its lowest loss, and only epochs that all folds reached are compared. With a `usual` head the perceptron is given up
/// after the [`FIRST_FOLDS`] if it makes no fewer errors there; then its scores are those of these folds.
pub(super) fn mlp(
    samples: &Samples<'_>,
    inner: &[Fold],
    usual: Option<&Tried>,
    patience: usize,
    seed: u64,
    progress: &FitProgress<'_>,
) -> Option<Tried> {
    let on = |folds: &[Fold]| -> Vec<Vec<Outcome>> {
        folds.par_iter().map(|fold| mlp_fold(samples, fold, patience, seed, progress)).collect()
    };
    let (first, others) = inner.split_at(FIRST_FOLDS.min(inner.len()));
    let mut folds = on(first);
    let tried = best_epoch(&folds, samples, first)?;
    if usual
        .is_some_and(|usual| usual.out_of_fold.errors(tried.out_of_fold.labels.len()) <= tried.out_of_fold.all_errors())
    {
        return Some(tried);
    }
    folds.extend(on(others));
    best_epoch(&folds, samples, inner)
}

/// The perceptron on one inner fold, after each epoch.
fn mlp_fold(
    samples: &Samples<'_>,
    fold: &Fold,
    patience: usize,
    seed: u64,
    progress: &FitProgress<'_>,
) -> Vec<Outcome> {
    let prepared = Prepared::new(samples, &fold.train);
    let (chosen, repeated) = prepared.repeated(seed);
    let labels = samples.labels_of(&fold.test);
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(mlp::EPOCHS);
    let mut best = 0;
    let seed = seed::derive(seed, "mlp");
    let features = prepared.standardiser.kept().len();
    let plan = mlp::Plan { features, classes: samples.classes, epochs: mlp::EPOCHS, seed };
    let batch = |batch: &[usize]| prepared.standardised(batch.iter().map(|place| chosen[*place]));
    let held_back = |network: &mlp::Network<f32>| {
        in_parts(&fold.test, samples.classes, |part| {
            let raw = part.iter().map(|row| samples.x.row(*row));
            network.probabilities(prepared.standardiser.apply_rows(raw).view())
        })
    };
    mlp::train(batch, &repeated, plan, |network, training| {
        outcomes.push(Outcome::new(training, held_back(network), &labels));
        let epoch = outcomes.len() - 1;
        if outcomes[epoch].validation.loss < outcomes[best].validation.loss {
            best = epoch;
        }
        if epoch - best >= patience { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    progress.step(strength::COUNT);
    outcomes
}

/// The perceptron after the epoch of the lowest mean validation loss.
fn best_epoch(folds: &[Vec<Outcome>], samples: &Samples<'_>, inner: &[Fold]) -> Option<Tried> {
    let epochs = folds.iter().map(Vec::len).min()?;
    let epoch = |epoch: usize| Epoch {
        training: mean(folds, epoch, |outcome| outcome.training),
        validation: mean(folds, epoch, |outcome| outcome.validation),
    };
    let all: Vec<Epoch> = (0..epochs).map(epoch).collect();
    let best = (0..epochs).min_by(|a, b| all[*a].validation.loss.total_cmp(&all[*b].validation.loss))?;
    let mut tried = at(HeadKind::Mlp, folds, best, samples, inner)?;
    tried.candidate.epochs = Some(best + 1);
    tried.epochs = all;
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
        let samples = Samples::new(x.view(), &labels, &groups, 2, None);
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
        let labels = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2];
        let groups = [0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8];
        let samples = Samples::new(x.view(), &labels, &groups, 3, None);
        for fold in inner_folds(&samples, &(0..12).collect::<Vec<_>>(), 1) {
            assert!(fold.train.iter().any(|row| samples.labels[*row] == 2));
        }
    }
}
