//! Fitting and measuring the anomaly score of [`monitor_core::anomaly`].
//!
//! [`components`] finds the principal components, [`clusters`] where normal sound lies among them, [`space`] fits one detector, [`monitor_model::anomaly::scale`] puts both on one scale,
//! [`fit`] does all of that with the threshold that unseen normal windows give, and [`trial`] measures all of it on groups that were held out.

pub mod clusters;
pub mod components;
pub mod fit;
pub mod roc;
pub mod space;
pub mod trial;

pub use fit::{Fitted, Windows, fit};
