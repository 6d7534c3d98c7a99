//! Fitting and measuring the anomaly score of [`monitor_core::anomaly`].
//!
//! [`components`] computes the principal components, [`clusters`] the clusters of normal sound among them, [`detector`] fits
//! one detector, [`monitor_model::anomaly::scale`] scales both detectors, [`fit`] adds the threshold from unseen normal
//! windows, and [`trial`] measures all of it on held-out groups. [`roc`] computes the areas.

pub mod clusters;
pub mod components;
pub mod detector;
pub mod fit;
pub mod normal;
pub mod roc;
pub mod text;
pub mod trial;

pub use fit::{Fitted, Windows, fit};
