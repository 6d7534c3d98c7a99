//! Fitting and measuring the anomaly score of [`monitor_core::anomaly`].
//!
//! [`components`] computes the principal components, [`clusters`] the clusters of normal sound among them, [`detector`] fits
//! one detector, [`mod@fit`] adds scale and levels from unseen normal windows by [`monitor_model::anomaly::thresholds`],
//! [`cross_validation`] measures all of it on held-out groups, [`left_out`] on normal sound alone. [`roc`] computes the areas.

pub(crate) mod clusters;
pub(crate) mod components;
pub(crate) mod cross_validation;
pub(crate) mod detector;
pub(crate) mod fit;
pub(crate) mod left_out;
pub(crate) mod normal;
pub(crate) mod roc;
pub(crate) mod text;

pub(crate) use fit::{Fitted, Windows, fit};
