//! The progress and the result of a refit, for people and as JSON.

use std::fmt;
use std::path::PathBuf;

use monitor_model::refit::Comparison;
use serde::Serialize;

/// How far a refit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A clip is read.
    Reading {
        /// Its number, from 1.
        clip: usize,
        /// The number of all.
        of: usize,
    },
    /// The head is fitted: to all clips, then without some of them.
    Fitting {
        /// The number of the round, from 1.
        round: usize,
        /// The number of all.
        of: usize,
    },
    /// Head and tables are compared with the model's own.
    Comparing,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reading { clip, of } => write!(f, "reading clip {clip} of {of}"),
            Self::Fitting { round, of } => write!(f, "fit {round} of {of}"),
            Self::Comparing => f.write_str("comparing"),
        }
    }
}

/// The result.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Report {
    /// Whether it is no worse.
    pub(crate) accepted: bool,
    /// Why it is refused, one sentence with figures each.
    pub(crate) refused: Vec<String>,
    /// What was left out, one sentence each.
    pub(crate) remarks: Vec<String>,
    /// The stored version, which is active now.
    pub(crate) version: Option<u32>,
    /// The classes after it.
    pub(crate) labels: Vec<String>,
    /// Those that the model does not have.
    pub(crate) new_labels: Vec<String>,
    /// Time that it took.
    pub(crate) seconds: f64,
    /// On windows that the model carries and no fit includes; `None` where no clip has a state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) validation: Option<Validation>,
    /// On the labelled clips, each left out in turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) held_out: Option<HeldOut>,
    /// Clips that were labelled normal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) normal: Option<NormalClips>,
    /// Clips that were labelled faults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) faults: Option<FaultClips>,
}

/// The comparison on the carried sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Validation {
    /// The figures.
    #[serde(flatten)]
    pub(crate) figures: Comparison,
    /// Whether the windows lie in recordings that the fit has windows of: the figures are optimistic.
    pub(crate) within_recording: bool,
}

/// Clips, each left out in turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct HeldOut {
    /// How many.
    pub(crate) clips: usize,
    /// Recognised by the model's own head, and after the refit.
    pub(crate) right: [usize; 2],
    /// The same for each label.
    pub(crate) by_label: Vec<OfLabel>,
    /// Clips that the refit to the others recognises as another state: look at their labels first.
    pub(crate) doubtful: Vec<Doubtful>,
}

/// The clips of one label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct OfLabel {
    /// The label.
    pub(crate) label: String,
    /// How many.
    pub(crate) clips: usize,
    /// Recognised before and after.
    pub(crate) right: [usize; 2],
}

/// A clip that is recognised as another state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Doubtful {
    /// The recording.
    pub(crate) file: PathBuf,
    /// The state that a person gave.
    pub(crate) label: String,
    /// The state that it is recognised as.
    pub(crate) recognised: String,
}

/// Clips that were labelled normal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct NormalClips {
    /// How many.
    pub(crate) clips: usize,
    /// How many reach the alarm level before and after.
    pub(crate) alarm: [usize; 2],
}

/// Clips that were labelled faults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FaultClips {
    /// How many.
    pub(crate) clips: usize,
    /// How many reach the alarm level before and after.
    pub(crate) alarm: [usize; 2],
    /// Those that would no longer.
    pub(crate) silenced: Vec<PathBuf>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Validation { figures, within_recording }) = &self.validation {
            let [before, after] = figures.macro_f1;
            let [loss_before, loss_after] = figures.log_loss;
            let marked = if *within_recording { " (within recording, optimistic)" } else { "" };
            writeln!(
                f,
                "{} windows of the training data: macro-F1 {before:.3} before, {after:.3} after; log loss {loss_before:.3} and \
                 {loss_after:.3}{marked}",
                figures.windows
            )?;
        }
        if let Some(held_out) = &self.held_out {
            for OfLabel { label, clips, right: [before, after] } in &held_out.by_label {
                writeln!(
                    f,
                    "{label}: {before} of {clips} clips recognised before, {after} after, each left out in turn"
                )?;
            }
            for Doubtful { file, label, recognised } in &held_out.doubtful {
                writeln!(f, "check the label of {}: {label}, recognised as {recognised}", file.display())?;
            }
        }
        if let Some(NormalClips { clips, alarm: [before, after] }) = &self.normal {
            writeln!(f, "normal: {before} of {clips} clips reached the alarm level before, {after} after")?;
        }
        if let Some(FaultClips { clips, alarm: [before, after], .. }) = &self.faults {
            writeln!(f, "faults: {before} of {clips} clips reached the alarm level before, {after} after")?;
        }
        self.remarks.iter().try_for_each(|remark| writeln!(f, "{remark}"))?;
        self.refused.iter().try_for_each(|why| writeln!(f, "refused: {why}"))?;
        match self.version {
            Some(version) => write!(f, "version {version} is active: {}", self.labels.join(", "))?,
            None if self.accepted => write!(f, "accepted, not stored: {}", self.labels.join(", "))?,
            None => f.write_str("nothing was changed")?,
        }
        write!(f, " ({:.1} s)", self.seconds)
    }
}
