//! Why there is no refit. All of it is for a person to mend.

use std::path::PathBuf;

use monitor_core::training_sample;
use monitor_model::owned;
use monitor_model::refit::LEAST_GROUPS;
use monitor_model::refit::overlay::LONGEST_LABEL;

use super::fit::MOST_CLIPS;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Nothing may be stored.
    #[error("listen.state_dir is empty, so that nothing can be stored; name a folder")]
    NoStateDir,
    /// The signature of a model does not cover a refit.
    #[error("listen.require_signature is set, and a refit bears no signature; set listen.allow_baseline = true")]
    NotAllowed,
    /// The model cannot be loaded.
    #[error("model {0}")]
    Model(#[from] owned::Error),
    /// The model has no training sample.
    #[error(
        "{}: this model carries no training statistics; train it again with the host-tools of this version",
        .0.display()
    )]
    NoSample(PathBuf),
    /// The training sample cannot be read.
    #[error("{}: {cause}", .path.display())]
    Sample {
        /// The model's file.
        path: PathBuf,
        /// Why not.
        cause: training_sample::Error,
    },
    /// The list of labels cannot be read.
    #[error("{}: {cause}", .path.display())]
    Labels {
        /// The list.
        path: PathBuf,
        /// Where and why not.
        cause: String,
    },
    /// A label cannot be the name of a class.
    #[error(
        "the label \"{}\" cannot be a state: give 1 to {LONGEST_LABEL} bytes without control characters, and not \"unknown\"",
        .0.escape_debug()
    )]
    Label(String),
    /// More classes than a device distinguishes.
    #[error("the labels and the model have {0} states together; at most {max} can be distinguished", max = monitor_core::decision::MAX_CLASSES)]
    Classes(usize),
    /// More clips than a device reads.
    #[error("there are {0} labelled clips; at most {MOST_CLIPS} are read: remove the oldest from the list")]
    Clips(usize),
    /// No clip has a state or is normal.
    #[error("there is nothing to learn: no clip that can be read has a state or is labelled normal; label more clips")]
    Nothing,
    /// A clip is normal, and the model has no anomaly score.
    #[error("{}: the model has no anomaly score to widen; train it again with recordings of normal sound", .0.display())]
    NoTables(PathBuf),
    /// A new state has too few clips.
    #[error(
        "the new state {label} has {groups} clips that can be read; label at least {LEAST_GROUPS}, recorded at different times"
    )]
    TooFewClips {
        /// The state.
        label: String,
        /// Its clips.
        groups: usize,
    },
    /// There is no result for another reason.
    #[error("{0}")]
    Fit(monitor_model::refit::Error),
    /// A file in the state directory cannot be read or written.
    #[error("{}: {cause}; check listen.state_dir", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// There is no such version.
    #[error("there is no version {number} in {}; `firmware refit --list` shows the versions", .folder.display())]
    NoVersion {
        /// The number.
        number: u32,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// The version cannot be used.
    #[error("version {number} cannot be activated: {cause}")]
    Unusable {
        /// The number.
        number: u32,
        /// Why not.
        cause: monitor_model::refit::overlay::Refused,
    },
    /// No version is or was active.
    #[error("there is nothing to undo: no version is or was active")]
    NothingToUndo,
}
