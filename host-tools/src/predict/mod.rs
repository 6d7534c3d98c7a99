//! What a model hears in recordings: windows, a summary per file, and the log of a batch.
//!
//! The chain is the device's own ([`monitor_core::listener`]); here is only what is said about its verdicts.

mod batch_log;
mod files;
mod labels;
mod listen;
mod speed;
mod summary;

pub use batch_log::{Judged, Outcome, batch_log};
pub use files::{parent_name, wav_files};
pub use labels::labels;
pub use listen::{Heard, Window, listen};
pub use speed::Speed;
pub use summary::{State, Summary, Timing, quantile};
