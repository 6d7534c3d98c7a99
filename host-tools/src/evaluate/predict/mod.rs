//! Predictions for single recordings: windows, a summary per file, and the log of a batch.
//!
//! The signal chain is that of the device.

mod alarms;
mod batch_log;
mod files;
mod label_track;
mod recording;
mod speed;
mod summary;

pub(crate) use alarms::AlarmLog;
pub use alarms::AnomalyAlarms;
pub(crate) use batch_log::{Judged, MEMORY, batch_log};
pub(crate) use files::{parent_name, wav_files};
pub(crate) use label_track::{LabelTrack, track_paths};
pub use recording::{Concluded, RecordingPrediction, Window, predict_recording};
pub(crate) use speed::Speed;
pub(crate) use summary::Summary;
