//! Code that workstation and device share and that requires an operating system: model files, WAV files, atomic file writes,
//! learned anomaly tables, and windows as text.
//!
//! **Why.** Both programs load the same models and recordings; the core itself is `no_std`.
//!
//! **Constraints.** No `unsafe`. Depends on the crates of the core, never on the programs.
//!
//! **Cost.** A loaded model takes its file size plus its packed weights (4.2 MB for YAMNet); a WAV file of any length takes a
//! buffer of 64 KiB.
#![forbid(unsafe_code)]
#![warn(unreachable_pub)]

pub mod advice;
pub mod anomaly;
pub mod atomic_file;
pub mod base_model;
mod blocks;
pub mod color;
pub mod contents;
pub mod document;
pub mod event_columns;
pub mod explanation;
pub mod file_kind;
pub mod line;
pub mod names;
pub mod owned;
mod packed;
pub mod palette;
pub mod refit;
pub mod regression;
pub mod report;
pub mod texts;
pub mod trend_line;
pub mod usage;
pub mod wav;
