//! Candidates for the head: a kind of head with its setting and its validation scores.

use clap::ValueEnum;
use serde::Serialize;

use super::basics::Score;
use super::head::HeadKind;

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

/// Default regularisation, kept unless another is clearly better ([`super::prefer`]).
pub(super) const DEFAULT_ALPHA: f64 = 10.0;
/// Epochs without validation: on real machines the validation loss is flat before that.
pub(super) const DEFAULT_EPOCHS: usize = 20;

/// A kind of head at its chosen setting, with its validation scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Candidate {
    /// Kind of head.
    pub kind: HeadKind,
    /// Regularisation of a linear head.
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
        self.alpha.map_or(Ok(()), |alpha| write!(f, " (alpha {alpha})"))?;
        self.epochs.map_or(Ok(()), |epochs| write!(f, " ({epochs} epochs)"))
    }
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
    pub(super) fn unvalidated(kind: HeadKind) -> Self {
        let (alpha, epochs) = match kind {
            HeadKind::Linear => (Some(DEFAULT_ALPHA), None),
            HeadKind::Mlp => (None, Some(DEFAULT_EPOCHS)),
        };
        Self { kind, alpha, epochs, training: Score::default(), validation: None, macro_f1: None }
    }
}
