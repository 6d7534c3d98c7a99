//! Whether probabilities mean what they say: of the windows that a model is 80 % sure of, 80 % should be right.
//!
//! The expected calibration error over 15 bins of equal width is that of Guo et al., "On calibration of modern neural
//! networks" (2017), equation 3: the mean distance of confidence and accuracy, each bin weighted by its windows. With few
//! windows it is never quite zero, whatever the model.

use ndarray::ArrayView2;
use serde::Serialize;

use super::argmax;

/// Bins of the diagram and of the error.
pub const BINS: usize = 15;

/// Windows of about one confidence.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Bin {
    /// How many.
    pub windows: usize,
    /// Mean of the highest probability, `0..=1`.
    pub confidence: f64,
    /// Share that is right, `0..=1`.
    pub accuracy: f64,
}

/// How well confidence and accuracy agree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reliability {
    /// Expected calibration error, `0..=1`.
    pub ece: f64,
    /// [`BINS`] bins of the highest probability from 0 to 1; empty ones are all zero.
    pub bins: Vec<Bin>,
}

impl Reliability {
    /// Of `probabilities` [windows x classes] of windows whose classes are `labels`.
    pub fn of(probabilities: ArrayView2<f32>, labels: &[usize]) -> Self {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn confidence_that_comes_true_has_no_error_and_confidence_that_does_not_has_all_of_it() {
        let p = array![[0.75_f32, 0.25], [0.75, 0.25], [0.75, 0.25], [0.75, 0.25]];
        assert!(Reliability::of(p.view(), &[0, 0, 0, 1]).ece < 1e-9);
        assert!((Reliability::of(p.view(), &[1, 1, 1, 1]).ece - 0.75).abs() < 1e-9);
    }

    #[test]
    fn certainty_falls_into_the_last_bin_and_bins_weigh_by_their_windows() {
        let p = array![[1.0_f32, 0.0], [1.0, 0.0], [1.0, 0.0], [0.4, 0.6]];
        let reliability = Reliability::of(p.view(), &[0, 0, 0, 0]);
        assert_eq!((reliability.bins[14].windows, reliability.bins[14].accuracy), (3, 1.0));
        assert!((reliability.ece - 0.25 * 0.6).abs() < 1e-6);
    }
}
