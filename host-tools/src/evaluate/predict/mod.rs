//! Predictions for single recordings: windows, a summary per file, and the log of a batch.
//!
//! The signal chain is that of the device.

mod alarms;
mod batch_log;
mod files;
mod recording;
mod speed;
mod summary;

pub(crate) use alarms::AlarmLog;
pub use alarms::AnomalyAlarms;
pub(crate) use batch_log::{Judged, batch_log};
pub(crate) use files::{parent_name, wav_files};
pub use recording::{Concluded, RecordingPrediction, Window, predict_recording};
pub(crate) use speed::Speed;
pub(crate) use summary::Summary;
