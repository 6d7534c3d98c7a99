//! Calibrates probabilities, and computes the confidence from which each class is reported.
//!
//! Both use out-of-fold predictions: those of the inner folds of [`super::fit`], pooled. Held-out windows and the test windows
//! of outer folds are not used.
//!
//! **Temperature** (Guo et al., "On calibration of modern neural networks", 2017): logits are divided by the one number
//! that minimises the cross-entropy, all classes equally weighted. The order of the classes does not change, so no
//! figure about classes does either. It is folded into the last layer: every runtime gives calibrated probabilities. It is
//! used only if it lowers the calibration error (ECE) of groups that it was not fitted on: where groups differ, the temperature
//! of some makes the probabilities of others worse. Two trials must show it: on the groups of the inner folds ([`cross_fitted`]),
//! and, where there is one, the cross-validation of the whole procedure, whose figures are printed
//! ([`Calibration::decide`]). So no printed calibration error is higher than it would be without.
//!
//! **Confidence** of each class: the value that [`KEPT`] of its correctly predicted windows exceed, limited to [`LOWEST`] and
//! [`HIGHEST`], which leaves room for the hysteresis. Windows below it are reported as unknown.

use ndarray::{Array2, Axis};
use serde::Serialize;

use super::balance::weights;
use crate::data::split;
use crate::evaluate::metrics::{Reliability, argmax};

/// Range of temperatures: below it, a head without errors would become certain of everything.
const TEMPERATURES: (f64, f64) = (0.5, 10.0);
/// Share of the correctly predicted windows of a class that exceed its confidence.
pub(super) const KEPT: f64 = 0.95;
/// Lower limit of a confidence, in hundredths.
pub(super) const LOWEST: u8 = 40;
/// Upper limit of a confidence, in hundredths.
pub(super) const HIGHEST: u8 = 80;
/// Minimum number of correctly predicted windows of a class; with fewer, its confidence is the default.
const FEWEST: usize = 20;

/// The most that one window counts in a cross-entropy: ln of the least positive f32.
const LARGEST_LOSS: f64 = 87.3;

/// Parts in which the temperature is tried on groups that it was not fitted on.
const PARTS: usize = 5;
/// Of the division into parts: equal predictions have equal calibrations.
const SEED: u64 = 1;

/// Predictions of windows by heads that were not trained on them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OutOfFold {
    /// [windows x classes].
    pub probabilities: Array2<f32>,
    /// Class of each window.
    pub labels: Vec<usize>,
    /// Group of each window.
    pub groups: Vec<usize>,
}

impl OutOfFold {
    /// Number of wrong windows among the first `count`.
    pub(super) fn errors(&self, count: usize) -> usize {
        let rows = self.probabilities.rows().into_iter().zip(&self.labels).take(count);
        rows.filter(|(row, label)| argmax(&row.to_vec()) != **label).count()
    }

    /// Number of wrong windows.
    pub(super) fn all_errors(&self) -> usize {
        self.errors(self.labels.len())
    }
}

/// Calibration of a head's probabilities.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Calibration {
    /// Divisor of the logits; 1 changes nothing.
    pub temperature: f64,
    /// Confidence of each class in hundredths; empty without out-of-fold predictions.
    pub class_confidence: Vec<u8>,
    /// The same for a temperature of 1.
    #[serde(skip)]
    confidence_without: Vec<u8>,
    /// Number of out-of-fold windows.
    pub windows: usize,
    /// What the temperature does to groups that it was not fitted on; `None` if it could not be measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen_groups: Option<CalibrationTrial>,
    /// What it does in the cross-validation of the whole procedure; `None` without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cross_validated: Option<CalibrationTrial>,
}

/// Expected calibration error of out-of-fold windows, whose temperature was fitted on other groups; 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct CalibrationTrial {
    /// Without temperature.
    pub ece_without: f64,
    /// With temperature.
    pub ece_with: f64,
}

impl CalibrationTrial {
    /// The error of windows of the classes `labels`, by their probabilities [windows x classes] without and with temperature.
    pub(super) fn new(without: &Array2<f32>, with: &Array2<f32>, labels: &[usize]) -> Self {
        let [ece_without, ece_with] =
            [without, with].map(|probabilities| Reliability::from_probabilities(probabilities.view(), labels).ece);
        Self { ece_without, ece_with }
    }

    /// Whether the temperature lowers the error.
    pub(crate) fn gains(&self) -> bool {
        self.ece_with < self.ece_without
    }
}

impl Calibration {
    /// No calibration.
    pub(super) fn none() -> Self {
        Self {
            temperature: 1.0,
            class_confidence: Vec::new(),
            confidence_without: Vec::new(),
            windows: 0,
            unseen_groups: None,
            cross_validated: None,
        }
    }

    /// Computes the calibration from out-of-fold predictions. `default` is the confidence, in hundredths, of a class with too
    /// few correct predictions.
    pub(super) fn from_out_of_fold(predictions: &OutOfFold, default: u8) -> Self {
        let unseen_groups = cross_fitted(predictions);
        let temperature = match unseen_groups {
            Some(trial) if trial.gains() => temperature(predictions),
            _ => 1.0,
        };
        let confidences = |temperature| {
            let calibrated = tempered(&predictions.probabilities, temperature);
            let mut right = vec![Vec::new(); calibrated.ncols()];
            for (row, label) in calibrated.rows().into_iter().zip(&predictions.labels) {
                if argmax(&row.to_vec()) == *label {
                    right[*label].push(row[*label]);
                }
            }
            right.into_iter().map(|right| confidence(right, default)).collect()
        };
        Self {
            temperature,
            class_confidence: confidences(temperature),
            confidence_without: confidences(1.0),
            windows: predictions.labels.len(),
            unseen_groups,
            cross_validated: None,
        }
    }

    /// Drops the temperature unless it lowers the error in the cross-validation.
    pub(super) fn decide(&mut self, cross_validated: CalibrationTrial) {
        self.cross_validated = Some(cross_validated);
        if !cross_validated.gains() {
            *self = self.without();
        }
    }

    /// The same without temperature.
    pub(super) fn without(&self) -> Self {
        Self { temperature: 1.0, class_confidence: self.confidence_without.clone(), ..self.clone() }
    }

    /// Whether calibrated `probabilities` reach the confidence of the predicted class.
    pub(crate) fn keeps(&self, probabilities: &[f32]) -> bool {
        let class = argmax(probabilities);
        let least = self.class_confidence.get(class).map_or(0.0, |hundredths| f32::from(*hundredths) / 100.0);
        probabilities.get(class).is_some_and(|p| *p >= least)
    }
}

/// Calibration error of every group with the temperature of the other groups, in [`PARTS`] parts of whole groups; `None` for
/// fewer than two groups.
fn cross_fitted(predictions: &OutOfFold) -> Option<CalibrationTrial> {
    let OutOfFold { probabilities, labels, groups } = predictions;
    let parts = split::folds(labels, groups, PARTS, SEED);
    if parts.is_empty() {
        return None;
    }
    let mut calibrated = probabilities.clone();
    for part in parts {
        let of = |rows: &[usize]| OutOfFold {
            probabilities: probabilities.select(Axis(0), rows),
            labels: rows.iter().map(|row| labels[*row]).collect(),
            groups: Vec::new(),
        };
        let (others, own) = (of(&part.train), of(&part.test));
        let own = tempered(&own.probabilities, temperature(&others));
        part.test.iter().zip(own.rows()).for_each(|(row, own)| calibrated.row_mut(*row).assign(&own));
    }
    Some(CalibrationTrial::new(probabilities, &calibrated, labels))
}

/// The value that [`KEPT`] of `right` exceed, in hundredths, rounded down.
fn confidence(mut right: Vec<f32>, default: u8) -> u8 {
    if right.len() < FEWEST {
        return default;
    }
    right.sort_by(f32::total_cmp);
    let below = (right.len() as f64 * (1.0 - KEPT)) as usize;
    ((right[below] * 100.0) as u8).clamp(LOWEST, HIGHEST)
}

/// The temperature that minimises the cross-entropy, by golden-section search over its logarithm; in the inverse of the
/// temperature the cross-entropy is convex, so there is one minimum.
fn temperature(predictions: &OutOfFold) -> f64 {
    let OutOfFold { probabilities, labels, .. } = predictions;
    // The logits, once for all temperatures.
    let logits = logits(probabilities);
    let weights = weights(labels, probabilities.ncols());
    let loss = |log: f64| {
        let inverse = (-log).exp();
        let windows = logits.rows().into_iter().zip(labels).zip(&weights);
        windows
            .map(|((row, label), weight)| {
                let sum: f64 = row.iter().map(|logit| (logit * inverse).exp()).sum();
                weight * (sum.ln() - row[*label] * inverse).min(LARGEST_LOSS)
            })
            .sum::<f64>()
    };
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (TEMPERATURES.0.ln(), TEMPERATURES.1.ln());
    // 0.62^20: to a ten-thousandth of the range.
    for _ in 0..20 {
        let (a, b) = (high - ratio * (high - low), low + ratio * (high - low));
        if loss(a) <= loss(b) { high = b } else { low = a }
    }
    ((low + high) / 2.0).exp()
}

/// The logits of `probabilities`, the largest of each window 0.
fn logits(probabilities: &Array2<f32>) -> Array2<f64> {
    let mut out = probabilities.mapv(f64::from);
    for mut row in out.rows_mut() {
        let largest = row.iter().copied().fold(f64::from(f32::MIN_POSITIVE), f64::max);
        row.mapv_inplace(|p| (p / largest).ln());
    }
    out
}

/// `probabilities` with their logits divided by `temperature`: `p^(1/T)`, normalised.
fn tempered(probabilities: &Array2<f32>, temperature: f64) -> Array2<f32> {
    let mut out = probabilities.clone();
    for mut row in out.axis_iter_mut(Axis(0)) {
        let largest = row.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let power = |p: f32| (f64::from(p / largest)).powf(1.0 / temperature);
        let sum: f64 = row.iter().map(|p| power(*p)).sum();
        row.mapv_inplace(|p| (power(p) / sum) as f32);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes; logits of +-`size` of which `right` in a hundred are right.
    fn predictions(size: f32, right: usize) -> OutOfFold {
        let p = 1.0 / (1.0 + (-size).exp());
        let labels: Vec<usize> =
            (0..400).map(|row| if row % 100 < right { row / 200 } else { 1 - row / 200 }).collect();
        let probabilities =
            Array2::from_shape_fn((400, 2), |(row, class)| if class == row / 200 { p } else { 1.0 - p });
        OutOfFold { probabilities, labels, groups: (0..400).map(|row| row % 20).collect() }
    }

    #[test]
    fn an_overconfident_head_is_calibrated_to_its_accuracy() {
        // 80 % are right: the logit should be ln 4.
        let calibration = Calibration::from_out_of_fold(&predictions(4.0, 80), 60);
        assert!((calibration.temperature - 4.0 / 4.0_f64.ln()).abs() < 0.01, "{}", calibration.temperature);
        let calibrated = tempered(&predictions(4.0, 80).probabilities, calibration.temperature);
        assert!((calibrated[[0, 0]] - 0.8).abs() < 0.01);
    }

    #[test]
    fn a_head_without_errors_does_not_become_certain_of_everything() {
        let calibration = Calibration::from_out_of_fold(&predictions(2.0, 100), 60);
        assert!((calibration.temperature - 0.5).abs() < 0.01);
        assert_eq!(calibration.class_confidence, [HIGHEST; 2]);
    }

    #[test]
    fn a_temperature_that_makes_unseen_groups_worse_is_not_used() {
        // Each class is one group that is always right and one that is always wrong with one confidence: either group
        // misleads about the other.
        let labels: Vec<usize> = (0..200).map(|row| row % 2).collect();
        let groups: Vec<usize> = (0..200).map(|row| row / 100).collect();
        let probabilities = Array2::from_shape_fn((200, 2), |(row, class)| {
            let right = class == labels[row];
            if (groups[row] == 0) == right { 0.6 } else { 0.4 }
        });
        let calibration = Calibration::from_out_of_fold(&OutOfFold { probabilities, labels, groups }, 60);
        let trial = calibration.unseen_groups.unwrap();
        assert!(trial.ece_with > trial.ece_without, "{trial:?}");
        assert_eq!(calibration.temperature, 1.0);
    }

    #[test]
    fn a_temperature_that_gains_on_the_inner_folds_alone_is_dropped() {
        let mut calibration = Calibration::from_out_of_fold(&predictions(4.0, 80), 60);
        let with = calibration.clone();
        calibration.decide(CalibrationTrial { ece_without: 0.2, ece_with: 0.1 });
        assert_eq!(
            (calibration.temperature, &calibration.class_confidence),
            (with.temperature, &with.class_confidence)
        );
        calibration.decide(CalibrationTrial { ece_without: 0.148, ece_with: 0.157 });
        assert_eq!((calibration.temperature, calibration.class_confidence), (1.0, vec![HIGHEST; 2]));
    }

    #[test]
    fn nineteen_of_twenty_correct_windows_are_kept() {
        let right: Vec<f32> = (0..100).map(|i| 0.5 + 0.004 * i as f32).collect();
        // The sixth lowest, 0.52: five of a hundred are below.
        assert_eq!(confidence(right, 60), 51.max((0.52_f32 * 100.0) as u8));
        assert_eq!(confidence(vec![0.9; FEWEST - 1], 60), 60);
        assert_eq!(confidence(vec![0.1; 50], 60), LOWEST);
    }

    #[test]
    fn a_window_is_kept_by_the_confidence_of_its_predicted_class() {
        let calibration = Calibration { class_confidence: vec![60, 80], ..Calibration::none() };
        assert!(calibration.keeps(&[0.7, 0.3]) && !calibration.keeps(&[0.3, 0.7]));
        assert!(Calibration::none().keeps(&[0.3, 0.7]));
    }
}
