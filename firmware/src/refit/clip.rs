//! A labelled clip.

use std::path::PathBuf;

/// What a person says about the health of the machine in a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Normal sound: it widens the anomaly tables.
    Normal,
    /// A fault: it is never made normal, and must still raise the alarm if it did.
    Fault,
}

/// A recording, or a part of one, with what a person says about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// The recording.
    pub(crate) file: PathBuf,
    /// The state, known to the model or new; `None` if only the condition is known.
    pub(crate) label: Option<String>,
    /// The condition; `None` if nothing is known about it.
    pub(crate) condition: Option<Condition>,
    /// Clips of one group are left out together; `None`: the file is its own group.
    pub(crate) group: Option<String>,
    /// First and last second of the part; `None` for the whole file.
    pub(crate) part_s: Option<(f64, f64)>,
}
