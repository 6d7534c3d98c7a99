//! Heads trained on features: standardisation, multi-layer perceptron, logistic regression, choice between them.
//!
//! [`protocol`] runs the steps in their order, [`run`] trains and saves a model, [`artifacts`] holds its files.

pub(crate) mod artifacts;
mod balance;
mod basics;
mod calibration;
mod candidate;
mod carried_sample;
mod cross_validation;
mod fit;
pub(crate) mod gate;
mod head;
mod logistic;
mod mlp;
mod one_class;
mod prefer;
mod progress;
mod protocol;
pub(crate) mod report_text;
pub(crate) mod run;
mod samples;
mod standardise;
mod strength;
pub(crate) mod timestamp;
pub(crate) mod training_report;
mod validate;
mod verify;

pub(crate) use candidate::HeadChoice;
pub(crate) use standardise::Standardiser;
