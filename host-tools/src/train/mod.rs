//! Heads trained on features: standardisation, multi-layer perceptron, logistic regression, choice between them.
mod balance;
mod head;
pub mod logistic;
pub mod mlp;
mod seed;
mod standardise;

pub use balance::balanced;
pub use head::{HeadKind, TrainedHead};
pub use standardise::Standardiser;
