//! What both programs do on an operating system: find, load and hold model files, read and write WAV, write files atomically,
//! and print frames and windows as text.
#![forbid(unsafe_code)]

pub mod anomaly;
pub mod atomic_file;
pub mod base_model;
mod blocks;
pub mod calendar;
pub mod line;
pub mod owned;
pub mod report;
pub mod texts;
pub mod wav;
