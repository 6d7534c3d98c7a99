//! Heads trained on features: standardisation, multi-layer perceptron, logistic regression, choice between them.
//!
//! [`protocol`] runs the steps in their order, [`run`] trains and saves a model, [`artifacts`] holds its files.

pub mod artifacts;
mod balance;
mod basics;
mod calibration;
mod candidate;
mod cross_validation;
mod fit;
mod head;
mod logistic;
mod mlp;
mod prefer;
mod protocol;
pub mod report_text;
pub mod run;
mod samples;
mod standardise;
pub mod timestamp;
pub mod training_report;
mod validate;
mod verify;

pub use candidate::HeadChoice;
pub use standardise::Standardiser;
