//! Whether predictions are better than guessing.
//!
//! A guess that ignores the sound and names class `c` with probability `q_c` has an expected F1 of about the harmonic mean of
//! `q_c` and the class's share `p_c`; the harmonic mean is concave, so that the sum over the classes is at most 1, reached at
//! `q = p`. So no guess exceeds a macro-F1 of 1 / classes, however unbalanced the classes are.
//!
//! Recordings of one group resemble each other, so groups are the sampling unit here. If luck makes all of a few groups right, so is
//! every draw of the bootstrap; the interval is therefore at least as wide as the exact one of as many groups.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::ArrayView2;
use serde::Serialize;

use super::argmax;
use super::binomial::exact;
use super::bootstrap::{Interval, intervals};
use super::recording::by_recording;

/// Comparison with guessing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Guessing {
    /// Highest macro-F1 of a guess that ignores the sound: 1 / classes that occur.
    pub macro_f1: f64,
    /// 95 % interval of the macro-F1 by window, by resampling the groups of each class; `None` without a window.
    pub interval: Option<Interval>,
    /// Number of groups, counted in each class, whose class has the largest mean probability.
    pub groups_right: usize,
    /// Number of groups, counted in each class.
    pub groups: usize,
}

impl Guessing {
    /// Of `probabilities` [windows x classes] of windows of the classes `labels` in `groups`.
    pub(crate) fn from_probabilities(probabilities: ArrayView2<f32>, labels: &[usize], groups: &[usize]) -> Self {
        let mut numbers = BTreeMap::new();
        let units: Vec<usize> = labels
            .iter()
            .zip(groups)
            .map(|unit| {
                let next = numbers.len();
                *numbers.entry(unit).or_insert(next)
            })
            .collect();
        let classes = labels.iter().collect::<BTreeSet<_>>().len();
        let macro_f1 = 1.0 / classes.max(1) as f64;
        let predicted: Vec<usize> = probabilities.rows().into_iter().map(|row| argmax(&row.to_vec())).collect();
        let verdicts = by_recording(probabilities, &units, labels);
        let groups_right = verdicts.iter().filter(|verdict| verdict.predicted == verdict.label).count();
        Self {
            macro_f1,
            interval: intervals(&units, labels, &predicted).map(|of| of.macro_f1),
            groups_right,
            groups: verdicts.len(),
        }
    }

    /// Whether the interval lies above what guessing reaches.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.interval.is_some_and(|interval| interval.low > self.macro_f1)
    }

    /// Whether no result could exceed guessing, as the groups are too few.
    pub(crate) fn has_too_few_groups(&self) -> bool {
        exact(1.0, self.groups).low <= self.macro_f1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    /// `groups` groups of ten windows, alternating between two classes; the first `wrong` are predicted wrongly.
    fn of(groups: usize, wrong: usize) -> Guessing {
        let group: Vec<usize> = (0..10 * groups).map(|row| row / 10).collect();
        let labels: Vec<usize> = group.iter().map(|group| group % 2).collect();
        let p = Array2::from_shape_fn((labels.len(), 2), |(row, class)| {
            let right = (class == labels[row]) == (group[row] >= wrong);
            if right { 0.9 } else { 0.1 }
        });
        Guessing::from_probabilities(p.view(), &labels, &group)
    }

    #[test]
    fn four_groups_that_are_all_right_may_be_luck_and_eight_are_not() {
        let (four, eight) = (of(4, 0), of(8, 0));
        assert!(!four.is_exceeded() && four.has_too_few_groups(), "{four:?}");
        assert!(eight.is_exceeded() && !eight.has_too_few_groups(), "{eight:?}");
    }

    #[test]
    fn a_coin_is_not_above_guessing() {
        let coin = of(12, 6);
        assert!(!coin.is_exceeded() && !coin.has_too_few_groups(), "{coin:?}");
        assert_eq!((coin.groups_right, coin.groups, coin.macro_f1), (6, 12, 0.5));
    }
}
