//! Heads trained on features: standardisation, multi-layer perceptron, logistic regression, choice between them.
pub mod artifacts;
mod balance;
mod candidate;
mod cross_validation;
mod fit;
mod head;
pub mod logistic;
pub mod mlp;
pub mod protocol;
pub mod report;
mod samples;
mod score;
mod seed;
mod standardise;
pub mod timestamp;
mod validate;
pub mod verify;
pub mod words;

pub use balance::balanced;
pub use candidate::{Candidate, Epoch, HeadChoice};
pub use cross_validation::{CrossValidation, FoldResult, Predictions, Procedure, cross_validate};
pub use fit::{Effort, Fitted, fit};
pub use head::{HeadKind, TrainedHead};
pub use samples::Samples;
pub use score::Score;
pub use standardise::Standardiser;
pub use validate::inner_folds;
