//! What is chosen between: a kind of head with its setting, and how it did on validation.

use clap::ValueEnum;
use serde::Serialize;

use super::head::HeadKind;
use super::score::Score;

/// Which heads to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum HeadChoice {
    /// Linear, or MLP where that is clearly better on grouped validation
    Auto,
    /// Dense(128, ReLU), dropout 0.2, Dense(classes), softmax
    Mlp,
    /// Multinomial logistic regression
    Linear,
}

impl HeadChoice {
    /// The kinds to try.
    pub fn kinds(self) -> &'static [HeadKind] {
        match self {
            Self::Auto => &[HeadKind::Linear, HeadKind::Mlp],
            Self::Mlp => &[HeadKind::Mlp],
            Self::Linear => &[HeadKind::Linear],
        }
    }
}

/// The usual regularisation: there must be reason to take another ([`super::prefer`]).
pub(super) const DEFAULT_ALPHA: f64 = 10.0;
/// Epochs where there is nothing to validate on: on real machines validation loss is flat long before.
pub(super) const DEFAULT_EPOCHS: usize = 20;

/// What was taken for a kind of head, and how it did on validation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// Kind of head.
    pub kind: HeadKind,
    /// Regularisation of a linear head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f64>,
    /// Epochs of a perceptron, the best one included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// On the windows learned from, mean over the inner folds.
    pub training: Score,
    /// On the windows held back, mean over the inner folds; `None` where there was nothing to validate on.
    pub validation: Option<Score>,
    /// Macro-F1 over all windows held back, each predicted by the inner fold that did not learn from it.
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
pub struct Epoch {
    /// What the steps saw: with dropout, before each step.
    pub training: Score,
    /// On the windows held back.
    pub validation: Score,
}

impl Candidate {
    /// A kind of head with a fixed setting, for want of anything to validate on.
    pub(super) fn unvalidated(kind: HeadKind) -> Self {
        let (alpha, epochs) = match kind {
            HeadKind::Linear => (Some(DEFAULT_ALPHA), None),
            HeadKind::Mlp => (None, Some(DEFAULT_EPOCHS)),
        };
        Self { kind, alpha, epochs, training: Score::default(), validation: None, macro_f1: None }
    }
}
