//! Calibration: of the windows with a confidence of 80 %, 80 % should be right.
//!
//! The expected calibration error over 15 bins of equal width is that of Guo et al., "On calibration of modern neural
//! networks" (2017), equation 3: the mean distance of confidence and accuracy, each bin weighted by its windows. With few
//! windows it is above zero for any model.

use ndarray::ArrayView2;
use serde::Serialize;

use super::argmax;

/// Bins of the diagram and of the error.
pub(super) const BINS: usize = 15;

/// Windows of similar confidence.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub(crate) struct Bin {
    /// Number of windows.
    pub windows: usize,
    /// Mean of the highest probability, `0..=1`.
    pub confidence: f64,
    /// Share of right windows, `0..=1`.
    pub accuracy: f64,
}

/// Agreement of confidence and accuracy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Reliability {
    /// Expected calibration error, `0..=1`.
    pub ece: f64,
    /// [`BINS`] bins of the highest probability from 0 to 1; empty ones are all zero.
    pub bins: Vec<Bin>,
}

impl Reliability {
    /// Computed from `probabilities` [windows x classes] of windows of the classes `labels`.
    pub(crate) fn from_probabilities(probabilities: ArrayView2<f32>, labels: &[usize]) -> Self {
        let mut bins = vec![Bin::default(); BINS];
        for (row, label) in probabilities.rows().into_iter().zip(labels) {
            let row = row.to_vec();
            let class = argmax(&row);
            let confidence = row.get(class).map_or(0.0, |p| f64::from(*p));
            let bin = &mut bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
            bin.windows += 1;
            bin.confidence += confidence;
            bin.accuracy += f64::from(u8::from(class == *label));
        }
        let windows = labels.len().max(1) as f64;
        let ece = bins.iter().map(|bin| (bin.confidence - bin.accuracy).abs()).sum::<f64>() / windows;
        for bin in bins.iter_mut().filter(|bin| bin.windows > 0) {
            bin.confidence /= bin.windows as f64;
            bin.accuracy /= bin.windows as f64;
        }
        Self { ece, bins }
    }

    /// What the diagram shows, as sentences without terms of statistics.
    pub(crate) fn in_words(&self) -> String {
        /// Mean difference from which it is worth a sentence.
        const CLOSE: f64 = 0.03;
        let windows: usize = self.bins.iter().map(|bin| bin.windows).sum();
        let excess: f64 = self.bins.iter().map(|bin| bin.windows as f64 * (bin.confidence - bin.accuracy)).sum();
        let excess = excess / windows.max(1) as f64;
        let conclusion = match self.ece {
            close if close < CLOSE => "the stated confidence is reliable",
            ece if excess > ece / 2.0 => {
                "the model is more often sure than right, so take a high confidence with caution"
            }
            ece if excess < -ece / 2.0 => "the model is more often right than it is sure",
            _ => "in some ranges the model is too sure, in others too cautious",
        };
        format!(
            "Of the windows with a confidence of 0.9, 9 in 10 should be right. Here confidence and truth differ by {:.1} percentage \
             points on average: {conclusion}.",
            100.0 * self.ece
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn confidence_equal_to_accuracy_has_no_error_and_confidence_in_wrong_windows_is_all_error() {
        let p = array![[0.75_f32, 0.25], [0.75, 0.25], [0.75, 0.25], [0.75, 0.25]];
        assert!(Reliability::from_probabilities(p.view(), &[0, 0, 0, 1]).ece < 1e-9);
        assert!((Reliability::from_probabilities(p.view(), &[1, 1, 1, 1]).ece - 0.75).abs() < 1e-9);
    }

    #[test]
    fn the_sentence_names_the_difference_and_its_direction() {
        let p = array![[0.75_f32, 0.25], [0.75, 0.25], [0.75, 0.25], [0.75, 0.25]];
        let words = |labels: &[usize]| Reliability::from_probabilities(p.view(), labels).in_words();
        assert!(
            words(&[0, 0, 0, 1])
                .ends_with("differ by 0.0 percentage points on average: the stated confidence is reliable.")
        );
        assert!(
            words(&[1, 1, 1, 1])
                .contains("differ by 75.0 percentage points on average: the model is more often sure than right")
        );
        assert!(
            words(&[0, 0, 0, 0])
                .contains("by 25.0 percentage points on average: the model is more often right than it is sure")
        );
    }

    #[test]
    fn certainty_falls_into_the_last_bin_and_bins_weigh_by_their_windows() {
        let p = array![[1.0_f32, 0.0], [1.0, 0.0], [1.0, 0.0], [0.4, 0.6]];
        let reliability = Reliability::from_probabilities(p.view(), &[0, 0, 0, 0]);
        assert_eq!((reliability.bins[14].windows, reliability.bins[14].accuracy), (3, 1.0));
        assert!((reliability.ece - 0.25 * 0.6).abs() < 1e-6);
    }
}
