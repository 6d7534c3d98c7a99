//! Grouped cross-validation of the whole procedure, including the choice of the head.
//!
//! Each outer fold holds out whole groups and runs [`fit`] on the rest, with inner folds of that rest alone. So epoch,
//! strength and head are chosen again in every fold, independent of the test windows. Figures are pooled: every window is predicted
//! once, by the fold that was not trained on its group, and all predictions go into one confusion matrix (a mean over folds
//! would be meaningless for folds of one class).

use indicatif::ProgressBar;
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use serde::Serialize;

use super::basics::seed;
use super::calibration::{Calibration, CalibrationTrial};
use super::candidate::{Candidate, HeadChoice};
use super::fit::{Effort, fit};
use super::progress::FitProgress;
use super::samples::Samples;
use super::validate::inner_folds;
use crate::data::split::{self, Fold};
use crate::evaluate::metrics::argmax;

/// Probabilities of windows by a head that was not trained on them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Predictions {
    /// The windows: positions in the samples, ascending.
    pub rows: Vec<usize>,
    /// [rows x classes].
    pub probabilities: Array2<f32>,
}

/// Training procedure of a fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Procedure {
    /// As in training: head and settings are chosen on inner folds.
    Chosen(HeadChoice),
    /// A linear head with the default strength; nothing is chosen.
    PlainLinear,
}

/// One outer fold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct FoldResult {
    /// Groups held out.
    pub groups: Vec<usize>,
    /// Windows held out.
    pub windows: usize,
    /// Share of them predicted correctly.
    pub accuracy: f64,
    /// Head chosen without them.
    pub chosen: Candidate,
    /// Its calibration, computed without them.
    pub calibration: Calibration,
}

/// Results of all folds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CrossValidation {
    /// The folds that could be trained.
    pub folds: Vec<FoldResult>,
    /// Why other folds could not be trained.
    pub failed: Vec<String>,
    /// Predictions of every window of the trained folds.
    pub predictions: Predictions,
    /// What temperatures do to the calibration error. Those that do not lower it are in no prediction.
    pub calibration: CalibrationTrial,
    /// For each row whether its confidence reached that of the predicted class.
    pub kept: Vec<bool>,
}

/// Cross-validates over `count` folds (at most one per group); counts its steps on `bar`.
///
/// # Errors
/// When there are fewer than two groups, or no fold could be trained.
pub(super) fn cross_validate(
    samples: &Samples<'_>,
    count: usize,
    procedure: Procedure,
    seed: u64,
    bar: Option<&ProgressBar>,
) -> anyhow::Result<CrossValidation> {
    let folds = split::folds(samples.labels, samples.groups, count, seed::derive(seed, "folds"));
    let results: Vec<anyhow::Result<(FoldResult, [Array2<f32>; 2])>> =
        folds.par_iter().map(|fold| one_fold(samples, fold, procedure, seed, bar)).collect();
    let mut by_row: Vec<(usize, [Vec<f32>; 2], [bool; 2])> = Vec::new();
    let (mut trained, mut failed) = (Vec::new(), Vec::new());
    for (index, (fold, result)) in folds.iter().zip(results).enumerate() {
        match result {
            Ok((result, [probabilities, uncalibrated])) => {
                let both = probabilities.rows().into_iter().zip(uncalibrated.rows());
                let without = result.calibration.without();
                by_row.extend(fold.test.iter().zip(both).map(|(row, (with, plain))| {
                    let [with, plain] = [with, plain].map(|row| row.to_vec());
                    let kept = [result.calibration.keeps(&with), without.keeps(&plain)];
                    (*row, [with, plain], kept)
                }));
                trained.push(result);
            }
            Err(error) => failed.push(format!("fold {} of {}: {error:#}", index + 1, folds.len())),
        }
    }
    if trained.is_empty() {
        let reason = failed.first().cloned().unwrap_or_else(|| "there are fewer than two groups".to_string());
        anyhow::bail!("no fold could be cross-validated: {reason}");
    }
    by_row.sort_by_key(|(row, ..)| *row);
    let rows: Vec<usize> = by_row.iter().map(|(row, ..)| *row).collect();
    let probabilities = |which: usize| {
        let values = by_row.iter().flat_map(|(_, both, _)| both[which].iter().copied()).collect();
        Array2::from_shape_vec((rows.len(), samples.classes), values)
    };
    let (Ok(with), Ok(without)) = (probabilities(0), probabilities(1)) else {
        anyhow::bail!("the folds' predictions have different shapes");
    };
    let calibration = CalibrationTrial::new(&without, &with, &samples.labels_of(&rows));
    let gains = calibration.gains();
    if !gains {
        trained.iter_mut().for_each(|fold: &mut FoldResult| fold.calibration = fold.calibration.without());
    }
    let kept = by_row.iter().map(|(.., [with, without])| if gains { *with } else { *without }).collect();
    let predictions = Predictions { rows, probabilities: if gains { with } else { without } };
    Ok(CrossValidation { folds: trained, failed, predictions, calibration, kept })
}

fn one_fold(
    samples: &Samples<'_>,
    fold: &Fold,
    procedure: Procedure,
    seed: u64,
    bar: Option<&ProgressBar>,
) -> anyhow::Result<(FoldResult, [Array2<f32>; 2])> {
    let (inner, effort) = match procedure {
        Procedure::Chosen(choice) => (inner_folds(samples, &fold.train, seed), Effort::quick(choice)),
        Procedure::PlainLinear => (Vec::new(), Effort::comparison()),
    };
    let progress = bar.map_or_else(FitProgress::none, |bar| FitProgress::new(bar, effort.choice));
    let fitted = fit(samples, &fold.train, &inner, effort, seed, &progress)?;
    let probabilities = samples.probabilities(&fitted.head, &fold.test);
    let uncalibrated = fitted.head.tempered(1.0 / fitted.calibration.temperature);
    let uncalibrated = samples.probabilities(&uncalibrated, &fold.test);
    let mut groups: Vec<usize> = fold.test.iter().map(|row| samples.groups[*row]).collect();
    groups.dedup();
    groups.sort_unstable();
    groups.dedup();
    let accuracy = accuracy(probabilities.view(), &samples.labels_of(&fold.test));
    let (chosen, calibration) = (fitted.chosen, fitted.calibration);
    let result = FoldResult { groups, windows: fold.test.len(), accuracy, chosen, calibration };
    Ok((result, [probabilities, uncalibrated]))
}

fn accuracy(probabilities: ArrayView2<f32>, labels: &[usize]) -> f64 {
    let rows = probabilities.axis_iter(Axis(0)).zip(labels);
    let right = rows.filter(|(row, label)| argmax(&row.to_vec()) == **label).count();
    right as f64 / labels.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    /// Eight groups, each with a feature that determines the class within the group alone, and one feature without
    /// information: memory helps within a group only.
    fn memory() -> (Array2<f32>, Vec<usize>, Vec<usize>) {
        let labels: Vec<usize> = (0..160).map(|row| row % 2).collect();
        let groups: Vec<usize> = (0..160).map(|row| row / 20).collect();
        let x = Array2::from_shape_fn((160, 9), |(row, column)| {
            let own = groups[row] == column;
            if own { labels[row] as f32 - 0.5 } else { ((row * 7919) % 13) as f32 * 0.01 }
        });
        (x, labels, groups)
    }

    #[test]
    fn a_feature_that_helps_within_a_group_only_does_not_help_across_groups() {
        let (x, labels, groups) = memory();
        let samples = Samples::new(x.view(), &labels, &groups, 2, None);
        let result = cross_validate(&samples, 4, Procedure::Chosen(HeadChoice::Linear), 1, None).unwrap();
        let accuracy = accuracy(result.predictions.probabilities.view(), &labels);
        assert!(accuracy < 0.7, "{accuracy}");
    }

    #[test]
    fn every_window_is_predicted_once_and_in_order() {
        let (x, labels, groups) = memory();
        let samples = Samples::new(x.view(), &labels, &groups, 2, None);
        let result = cross_validate(&samples, 3, Procedure::Chosen(HeadChoice::Linear), 1, None).unwrap();
        assert_eq!(result.predictions.rows, (0..160).collect::<Vec<_>>());
        assert_eq!(result.folds.iter().map(|fold| fold.groups.len()).sum::<usize>(), 8);
    }

    #[test]
    fn one_group_cannot_be_cross_validated() {
        let (x, labels, _) = memory();
        let samples = Samples::new(x.view(), &labels, &[0; 160], 2, None);
        assert!(cross_validate(&samples, 3, Procedure::Chosen(HeadChoice::Linear), 1, None).is_err());
    }
}
