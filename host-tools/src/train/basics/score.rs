//! Scores of probabilities, by which epoch, regularisation and head are chosen.

use ndarray::ArrayView2;
use serde::Serialize;

use crate::evaluate::metrics::argmax;

/// Cross-entropy and accuracy.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub(crate) struct Score {
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Share of right windows, `0..=1`.
    pub accuracy: f64,
}

impl Score {
    /// Score of `probabilities` [windows x classes] with all occurring classes equally weighted, so that the largest class
    /// does not dominate.
    pub(crate) fn balanced(probabilities: ArrayView2<f32>, labels: &[usize]) -> Self {
        let mut sums = vec![(Self::default(), 0usize); probabilities.ncols()];
        for (row, label) in probabilities.rows().into_iter().zip(labels) {
            let (score, count) = &mut sums[*label];
            score.loss -= f64::from(row[*label].max(f32::MIN_POSITIVE)).ln();
            score.accuracy += f64::from(u8::from(argmax(&row.to_vec()) == *label));
            *count += 1;
        }
        let classes: Vec<Self> = sums
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(score, count)| score.scaled(1.0 / count as f64))
            .collect();
        Self::mean(&classes)
    }

    /// Mean of scores; zero without scores.
    pub(crate) fn mean(scores: &[Self]) -> Self {
        let sum = scores.iter().fold(Self::default(), |sum, score| Self {
            loss: sum.loss + score.loss,
            accuracy: sum.accuracy + score.accuracy,
        });
        sum.scaled(1.0 / scores.len().max(1) as f64)
    }

    fn scaled(self, factor: f64) -> Self {
        Self { loss: self.loss * factor, accuracy: self.accuracy * factor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_equally_weighted() {
        let probabilities = ndarray::array![[0.8_f32, 0.2], [0.8, 0.2], [0.8, 0.2], [0.5, 0.5]];
        let score = Score::balanced(probabilities.view(), &[0, 0, 0, 1]);
        assert!((score.loss - 0.5 * (-(0.8f64.ln()) - 0.5f64.ln())).abs() < 1e-6);
        assert_eq!(score.accuracy, 0.5);
    }

    #[test]
    fn a_class_that_does_not_occur_does_not_count() {
        let probabilities = ndarray::array![[0.5_f32, 0.25, 0.25]];
        assert_eq!(Score::balanced(probabilities.view(), &[0]).accuracy, 1.0);
    }
}
