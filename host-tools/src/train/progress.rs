//! Progress of training, in steps of about equal work, so that the time left can be estimated.

use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::ProgressBar;

use super::candidate::HeadChoice;
use super::strength;
use super::validate::INNER_FOLDS;

/// Steps of one fit with [`INNER_FOLDS`] inner folds.
fn steps(choice: HeadChoice) -> u64 {
    (choice.kinds().len() * INNER_FOLDS * strength::COUNT) as u64
}

/// Steps of `fits` fits that choose among `choice`.
pub(super) fn total(choice: HeadChoice, fits: usize) -> u64 {
    steps(choice) * fits as u64
}

/// Progress of one fit. A fit that needs fewer steps than planned counts the rest at its end.
pub(super) struct FitProgress<'a> {
    bar: Option<&'a ProgressBar>,
    left: AtomicU64,
}

impl<'a> FitProgress<'a> {
    /// Of a fit that chooses among `choice` and reports to `bar`.
    pub(super) fn new(bar: &'a ProgressBar, choice: HeadChoice) -> Self {
        Self { bar: Some(bar), left: AtomicU64::new(steps(choice)) }
    }

    /// Reports nothing.
    pub(super) fn none() -> Self {
        Self { bar: None, left: AtomicU64::new(0) }
    }

    /// Counts `steps`: one for a strength of the linear head on one inner fold, [`strength::COUNT`] for the epochs of a
    /// perceptron on one inner fold.
    pub(super) fn step(&self, steps: usize) {
        self.count(steps as u64);
    }

    fn count(&self, steps: u64) {
        let before =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(steps)));
        if let Some(bar) = self.bar {
            bar.inc(steps.min(before.unwrap_or_default()));
        }
    }
}

impl Drop for FitProgress<'_> {
    fn drop(&mut self) {
        self.count(u64::MAX);
    }
}
