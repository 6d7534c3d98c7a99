//! How well a model performs on recordings: predictions, figures, delays of state changes, alarms.
//!
//! [`predictions`] runs a model over a data set, [`metrics`] and [`measured`] compute figures, [`changes`] measures how a
//! model follows a recording whose state changes, [`predict`] reports single recordings, [`pictures`] draws. [`one_class`]
//! measures models of one class, [`sessions`] runs the alarm over recording sessions, [`promise`] compares false alarms with what
//! the levels promise.

pub(crate) mod changes;
pub(crate) mod in_order;
pub(crate) mod measured;
pub(crate) mod metrics;
pub(crate) mod model;
pub(crate) mod one_class;
pub(crate) mod options;
pub(crate) mod pictures;
pub(crate) mod predict;
pub(crate) mod predictions;
pub(crate) mod promise;
pub(crate) mod self_check;
pub(crate) mod sessions;
mod text;
