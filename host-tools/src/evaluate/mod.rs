//! How well a model performs on recordings: predictions, figures, delays of state changes, alarms.
//!
//! [`predictions`] runs a model over a data set, [`metrics`] and [`measured`] compute figures, [`changes`] measures how a
//! model follows a recording whose state changes, [`predict`] reports single recordings, [`pictures`] draws.

pub mod changes;
pub mod in_order;
pub mod measured;
pub mod metrics;
pub mod model;
pub mod options;
pub mod pictures;
pub mod predict;
pub mod predictions;
pub mod self_check;
mod text;
