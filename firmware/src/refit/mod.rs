//! What this device has learned on site: the baseline of its machine, and refits of the head to labelled clips.
//!
//! The model is never changed. [`refit`] reads clips that a person has labelled, fits the head and widens the anomaly tables
//! ([`monitor_model::refit`], [`monitor_model::anomaly::widen`]), and stores the result as a version in the state directory
//! ([`mod@versions`]) if it is no worse. One version is active, or none; [`active`] loads it for `run` and `check`.

pub(crate) mod active;
pub(crate) mod baseline;
mod clip;
mod clip_sound;
mod error;
mod fit;
mod head;
mod labels;
mod report;
mod settings;
mod tables;
pub(crate) mod versions;

pub use clip::Clip;
pub(crate) use clip::Condition;
pub(crate) use error::Error;
pub(crate) use fit::{Request, refit};
pub use labels::parse as parse_labels;
pub(crate) use labels::read_labels;
pub(crate) use report::{Report, Step};
pub use settings::Settings;
pub(crate) use versions::{Version, activate, undo, versions};
