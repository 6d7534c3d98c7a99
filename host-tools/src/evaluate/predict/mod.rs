//! Predictions for single recordings: windows, a summary per file, and the log of a batch.
//!
//! The signal chain is that of the device.

mod batch_log;
mod files;
mod listen;
mod speed;
mod summary;

pub(crate) use super::model::labels;
pub(crate) use batch_log::{Judged, batch_log};
pub(crate) use files::{parent_name, wav_files};
pub use listen::{Heard, Window, listen};
pub(crate) use speed::Speed;
pub(crate) use summary::Summary;
