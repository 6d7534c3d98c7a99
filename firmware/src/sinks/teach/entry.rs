//! What is known of a clip of the queue: a file `NAME.json` beside `NAME.wav`.
//!
//! The entry is written before its clip, and replaced as a whole: after a power cut a clip has its entry. An entry without a
//! clip is removed.

use std::io;
use std::path::{Path, PathBuf};

use monitor_model::atomic_file;
use serde::{Deserialize, Serialize};

use super::label::{Answer, Part};
use super::spectrum::Spectrum;
use crate::sinks::clips::store;

/// Why a clip was queued. Ordered by urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reason {
    /// The state was unknown, or of low confidence.
    Unsure,
    /// The anomaly score raised a warning.
    Warning,
    /// The anomaly score raised an alarm.
    Alarm,
}

impl Reason {
    /// The name in files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Unsure => "unsure",
            Self::Warning => "warning",
            Self::Alarm => "alarm",
        }
    }
}

/// What the device knew when it queued a clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Why.
    pub(crate) reason: Reason,
    /// Milliseconds since 1970 by the device's clock.
    pub(crate) unix_ms: u64,
    /// Whether a time server had set the clock.
    pub(crate) synchronised: bool,
    /// Name of the model's file.
    pub(crate) model: String,
    /// The reported state; `None` is unknown.
    pub(crate) state: Option<String>,
    /// The class with the largest probability.
    pub(crate) leading: Option<String>,
    /// Smoothed probability of the state, or of the leading class while unknown.
    pub(crate) confidence: f32,
    /// Level in dB of full scale.
    pub(crate) level_dbfs: f32,
    /// The anomaly score, where the model has one.
    pub(crate) anomaly: Option<f32>,
    /// What moved in the sound; empty unless the anomaly score raised it.
    pub(crate) explanation: String,
}

/// A clip with its labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// What the device knew.
    pub(crate) facts: Facts,
    /// Length in seconds, to a millisecond.
    pub(crate) seconds: f64,
    /// Its spectrum.
    pub(crate) spectrum: Spectrum,
    /// The answers; empty until there is one.
    #[serde(default)]
    pub(crate) parts: Vec<Part>,
}

/// How far a clip is labelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// At least one part has no answer.
    Waiting,
    /// Every part has an answer, and not all are *skip*.
    Labelled,
    /// Every part is of no use.
    Skipped,
}

impl Entry {
    /// How far it is labelled.
    pub(crate) fn progress(&self) -> Progress {
        let is_skip = |part: &Part| part.answer == Some(Answer::Skip);
        if self.parts.is_empty() || self.parts.iter().any(|part| part.answer.is_none()) {
            Progress::Waiting
        } else if self.parts.iter().all(is_skip) {
            Progress::Skipped
        } else {
            Progress::Labelled
        }
    }

    /// Writes it beside the clip of this name.
    ///
    /// # Errors
    /// The error of the file system; the old entry is then unchanged.
    pub(crate) fn write(&self, folder: &Path, clip: &str) -> io::Result<()> {
        atomic_file::write(&path(folder, clip), &serde_json::to_vec(self)?)
    }
}

/// A clip of the queue.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Queued {
    /// Name of the WAV file.
    pub(crate) clip: String,
    /// Size of the WAV file.
    pub(crate) bytes: u64,
    /// What is known of it.
    pub(crate) entry: Entry,
}

/// The clips with their entries, oldest first; what has no entry that can be read is not one of them.
///
/// # Errors
/// The error of the file system; a folder that is not there has none.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<Queued>> {
    let clips = store::list(folder)?.into_iter();
    let read = |clip: store::ClipFile| {
        let entry = serde_json::from_slice(&std::fs::read(path(folder, &clip.name)).ok()?).ok()?;
        Some(Queued { clip: clip.name, bytes: clip.bytes, entry })
    };
    Ok(clips.filter_map(read).collect())
}

/// Where the entry of a clip is.
pub(crate) fn path(folder: &Path, clip: &str) -> PathBuf {
    folder.join(clip).with_extension("json")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn entry(reason: Reason, spectrum: Spectrum) -> Entry {
        let facts = Facts {
            reason,
            unix_ms: 1_700_000_000_000,
            synchronised: true,
            model: "m.tflite".into(),
            state: Some("on_state".into()),
            leading: Some("on_state".into()),
            confidence: 0.5,
            level_dbfs: -30.0,
            anomaly: Some(1.25),
            explanation: String::new(),
        };
        Entry { facts, seconds: 5.0, spectrum, parts: Vec::new() }
    }

    #[test]
    fn an_entry_waits_until_every_part_has_an_answer() {
        let part = |answer| Part { to_s: 5.0, answer };
        let progress = |parts: &[Option<Answer>]| {
            let parts = parts.iter().cloned().map(part).collect();
            Entry { parts, ..entry(Reason::Unsure, Spectrum::default()) }.progress()
        };
        assert_eq!(progress(&[]), Progress::Waiting);
        assert_eq!(progress(&[Some(Answer::Fault), None]), Progress::Waiting);
        assert_eq!(progress(&[Some(Answer::Skip), Some(Answer::Normal)]), Progress::Labelled);
        assert_eq!(progress(&[Some(Answer::Skip), Some(Answer::Skip)]), Progress::Skipped);
    }

    #[test]
    fn what_was_written_is_listed_and_a_clip_with_a_torn_entry_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let clip = |number: u32| format!("{number:06}_unsure_on_state_x.wav");
        for number in [2, 1, 3] {
            std::fs::write(folder.path().join(clip(number)), [0; 10]).unwrap();
        }
        let entry = entry(Reason::Alarm, Spectrum::default());
        (1..=2).for_each(|number| entry.write(folder.path(), &clip(number)).unwrap());
        std::fs::write(path(folder.path(), &clip(3)), "{\"facts\":").unwrap();
        let expected = [1, 2].map(|number| Queued { clip: clip(number), bytes: 10, entry: entry.clone() });
        assert_eq!(list(folder.path()).unwrap(), expected);
        assert!(list(&folder.path().join("none")).unwrap().is_empty());
    }
}
