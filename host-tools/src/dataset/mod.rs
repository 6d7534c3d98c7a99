//! Recordings on disk: which there are, what they are labelled, which belong together.
//!
//! Honest figures begin here: windows of one recording, or of one machine, must never be on both sides of a split, so
//! every recording carries a group, and the splits of [`crate::split`] go by group alone.
//!
//! A data set is a folder of class folders, `DIR/<class>/*.wav`, or a `manifest.csv` in `DIR` (`file,label,group,recording`,
//! the last optional). Cost: every file is read once, for its hash; all cores take part.

mod blocks;
mod folders;
mod grouping;
mod load;
mod manifest;
mod probe;
mod summary;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::PathBuf;

pub use folders::wav_files_below;
pub use manifest::manifest_rows;
pub use summary::ClassSummary;

/// What a folder of recordings holds. Deterministic: classes by name, recordings by class, then path, then time.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    /// Class names; a label is an index into them.
    pub classes: Vec<String>,
    /// Group names; a group is an index into them. One group may hold recordings of several classes.
    pub groups: Vec<String>,
    /// What can be used.
    pub recordings: Vec<Recording>,
    /// What cannot be used, and why.
    pub skipped: Vec<Skipped>,
    /// What a person should know about how the data was read: lines to print.
    pub remarks: Vec<String>,
    /// Recordings with a known [timeline](monitor_synth::timeline::Timeline) beside them; they are in no class.
    pub timelines: Vec<PathBuf>,
    /// Some class has so few files that blocks of one file are its groups: every figure is then to be marked
    /// [`WITHIN_RECORDING`].
    pub within_recording: bool,
}

/// The mark on every figure of a data set that is split within recordings.
pub const WITHIN_RECORDING: &str = "within recording, optimistic";

/// One file, or one block of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Where it is.
    pub path: PathBuf,
    /// Index into [`Dataset::classes`].
    pub label: usize,
    /// Index into [`Dataset::groups`].
    pub group: usize,
    /// Name of the recording session: files of one name are one recording when figures are given by recording.
    pub recording: String,
    /// SHA-256 of the whole file.
    pub hash: [u8; 32],
    /// Sample rate in Hz.
    pub rate_hz: u32,
    /// Length of what is used, the block or the file, in seconds.
    pub seconds: f64,
    /// The part of the file that is used, in seconds; `None` for all of it.
    pub block: Option<Range<f64>>,
}

/// A file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Where it is.
    pub path: PathBuf,
    /// Why, in words for people.
    pub reason: String,
}
