//! Recordings on disk with their labels and groups.
//!
//! Windows of one recording, or of one machine, must never be on both sides of a split, or figures are too good. So every
//! recording has a group, and the splits of [`crate::data::split`] go by group alone.
//!
//! A data set is a folder of class folders, `DIR/<class>/*.wav`, a tree of one of the public machine sound sets, long
//! recordings with labelled parts, or a `manifest.csv` in `DIR` (`file,label` and optionally `group,recording,from,to`).

mod alike;
mod arrange;
mod blocks;
mod folders;
mod found;
mod grouping;
mod kinds;
mod layout;
mod load;
mod manifest;
mod names;
mod probe;
mod remarks;
mod sound;
mod spans;
mod summary;
#[cfg(test)]
mod tests;
mod text;

use std::ops::Range;
use std::path::PathBuf;

pub(crate) use folders::wav_files_below;
pub(crate) use found::FoundSound;
pub(crate) use kinds::{Role, role};
pub use manifest::manifest_rows;
pub(crate) use probe::irregular;
pub use spans::labelled_parts;
pub use summary::ClassSummary;

/// The contents of a folder of recordings. Deterministic: classes by name, recordings by class, then path, then time.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    /// Class names; a label is an index into them.
    pub classes: Vec<String>,
    /// Group names; a group is an index into them. One group may hold recordings of several classes.
    pub groups: Vec<String>,
    /// Usable files or blocks of files.
    pub recordings: Vec<Recording>,
    /// Files that cannot be used, and why.
    pub skipped: Vec<Skipped>,
    /// Notes for the user about how the data was read.
    pub remarks: Vec<String>,
    /// Classes that the folders or the manifest name and of which no file can be used.
    pub(crate) lost: Vec<String>,
    /// What the files sound like, and what of it harms a model; empty for a data set from tables.
    pub(crate) sound: FoundSound,
    /// Number of [`skipped`](Self::skipped) files that have been printed already.
    pub(crate) reported: usize,
    /// Recordings with a known [timeline](monitor_sound::timeline::Timeline) beside them; they are in no class.
    pub timelines: Vec<PathBuf>,
    /// Whether some class has so few files that blocks of one file are its groups: every figure is then marked as
    /// optimistic.
    pub within_recording: bool,
}

/// The mark on every figure of a data set that is split within recordings.
pub(crate) const WITHIN_RECORDING: &str = "within recording, optimistic";

/// What a data set is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// To train and to divide into parts: a class of few files is cut into blocks.
    Train,
    /// To evaluate a model on whole files.
    Evaluate,
}

/// One file, or one block of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Path of the file.
    pub path: PathBuf,
    /// Index into [`Dataset::classes`].
    pub label: usize,
    /// Index into [`Dataset::groups`].
    pub group: usize,
    /// Name of the recording session: files of one name count as one recording in figures by recording.
    pub recording: String,
    /// SHA-256 of the whole file.
    pub hash: [u8; 32],
    /// Sample rate in Hz.
    pub rate_hz: u32,
    /// Length of the block or file, in seconds.
    pub seconds: f64,
    /// The used part of the file, in seconds; `None` for the whole file.
    pub block: Option<Range<f64>>,
}

/// A file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Path of the file.
    pub path: PathBuf,
    /// Why it cannot be used. What differs between files of one reason is in parentheses at its end.
    pub reason: String,
}
