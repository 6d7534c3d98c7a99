//! Fitting and measuring the anomaly score of [`monitor_core::anomaly`].
//!
//! [`components`] computes the principal components, [`clusters`] the clusters of normal sound among them, [`detector`] fits
//! one detector, [`mod@fit`] adds scale and levels from unseen normal windows by [`monitor_model::anomaly::thresholds`],
//! [`normal_spectra`] the spectra that alarms are explained by; [`explained`] measures what alarms name.
//! [`hold_out`] scores groups by fits without them, [`cross_validation`] computes figures of that against other sound,
//! [`left_out`] of normal sound alone. [`roc`] computes the areas.

pub(crate) mod clusters;
pub(crate) mod components;
pub(crate) mod cross_validation;
pub(crate) mod detector;
pub(crate) mod explained;
pub(crate) mod fit;
pub(crate) mod hold_out;
pub(crate) mod left_out;
pub(crate) mod normal;
pub(crate) mod normal_spectra;
pub(crate) mod roc;
pub(crate) mod text;

pub(crate) use fit::{Fitted, Windows, fit};
