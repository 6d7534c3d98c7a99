//! What a model hears in recordings: windows, a summary per file, and the log of a batch.
//!
//! The signal chain is that of the device ([`monitor_core::monitor`]); this module summarises its results.

mod alarms;
mod batch_log;
mod files;
mod judge;
mod labels;
mod listen;
mod speed;
mod summary;

pub use alarms::{AlarmLog, AnomalyAlarms};
pub use batch_log::{Judged, Outcome, batch_log};
pub use files::{parent_name, wav_files};
pub use judge::judge;
pub use labels::labels;
pub use listen::{Concluded, Heard, Window, listen};
pub use speed::Speed;
pub use summary::{State, Summary, Timing, quantile};
