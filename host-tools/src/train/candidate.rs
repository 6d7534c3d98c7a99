//! Candidates for the head: a kind of head with its setting and its validation scores.

use clap::ValueEnum;
use serde::Serialize;

use super::basics::Score;
use super::head::HeadKind;
use super::strength;

/// Heads to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HeadChoice {
    /// Linear, or MLP if clearly better in grouped validation
    Auto,
    /// Dense(128, ReLU), dropout 0.2, Dense(classes), softmax
    Mlp,
    /// Multinomial logistic regression
    Linear,
}

impl HeadChoice {
    /// The kinds to try, smaller heads first.
    pub(crate) fn kinds(self) -> &'static [HeadKind] {
        match self {
            Self::Auto => &[HeadKind::Linear, HeadKind::Mlp],
            Self::Mlp => &[HeadKind::Mlp],
            Self::Linear => &[HeadKind::Linear],
        }
    }
}

/// Epochs without validation: on real machines the validation loss is flat before that.
pub(super) const DEFAULT_EPOCHS: usize = 20;

/// A kind of head at its chosen setting, with its validation scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Candidate {
    /// Kind of head.
    pub kind: HeadKind,
    /// Strength of a linear head's regularisation: 1/C of scikit-learn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f64>,
    /// Epochs of a perceptron, the best one included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// Score on the training windows, mean over the inner folds.
    pub training: Score,
    /// Score on the validation windows, mean over the inner folds; `None` without inner folds.
    pub validation: Option<Score>,
    /// Macro-F1 over all validation windows, each predicted by the inner fold that was not trained on it.
    pub macro_f1: Option<f64>,
}

impl std::fmt::Display for Candidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.kind)?;
        self.alpha.map_or(Ok(()), |alpha| write!(f, " (alpha {})", two_digits(alpha)))?;
        self.epochs.map_or(Ok(()), |epochs| write!(f, " ({epochs} epochs)"))
    }
}

/// `value` with two significant digits, or more before the point.
pub(crate) fn two_digits(value: f64) -> String {
    let decimals = (1.0 - value.abs().log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{value:.decimals$}")
}

/// One strength of the linear head's regularisation, mean over the inner folds unless stated otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Strength {
    /// Factor of the penalty: 1/C of scikit-learn.
    pub alpha: f64,
    /// Score on the training windows.
    pub training: Score,
    /// Score on the validation windows.
    pub validation: Score,
    /// Macro-F1 on the training windows.
    pub training_macro_f1: f64,
    /// Macro-F1 over all validation windows, each predicted by the inner fold that was not trained on it.
    pub macro_f1: f64,
    /// Share of wrong validation windows, every class equally weighted.
    pub error: f64,
    /// Standard error, over groups, of the difference to the lowest error.
    pub standard_error: f64,
    /// Whether the error lies within one standard error of the lowest; the nearest of these to the default is chosen.
    pub within_one_standard_error: bool,
    /// Whether it was chosen.
    pub chosen: bool,
}

/// One epoch of the perceptron, mean over the inner folds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Epoch {
    /// Score on the training windows, with dropout, before each step.
    pub training: Score,
    /// Score on the validation windows.
    pub validation: Score,
}

impl Candidate {
    /// A kind of head with its default setting, without validation.
    ///
    /// The default strength is that for features of `values` values.
    pub(super) fn unvalidated(kind: HeadKind, values: usize) -> Self {
        let (alpha, epochs) = match kind {
            HeadKind::Linear => (Some(strength::usual(values)), None),
            HeadKind::Mlp => (None, Some(DEFAULT_EPOCHS)),
        };
        Self { kind, alpha, epochs, training: Score::default(), validation: None, macro_f1: None }
    }
}

#[cfg(test)]
mod tests {
    use super::two_digits;

    #[test]
    fn strengths_are_written_with_two_digits() {
        let written = [2529.8, 25.298, 8.0, 0.25298, 0.0079].map(two_digits);
        assert_eq!(written, ["2530", "25", "8.0", "0.25", "0.0079"]);
    }
}
