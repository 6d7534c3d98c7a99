//! Counts of a data set, and its notes as printed.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Dataset;
use crate::console::{Ui, one_line, shown};

/// Counts of one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassSummary {
    /// Its name.
    pub class: String,
    /// Distinct files.
    pub files: usize,
    /// Distinct recordings: files of one session are one.
    pub recordings: usize,
    /// Distinct groups.
    pub groups: usize,
    /// Length of the used sound, in seconds.
    pub seconds: f64,
}

impl Dataset {
    /// One summary per class, in the order of the labels.
    pub fn per_class(&self) -> Vec<ClassSummary> {
        self.classes
            .iter()
            .enumerate()
            .map(|(label, class)| {
                let of_class = || self.recordings.iter().filter(move |recording| recording.label == label);
                ClassSummary {
                    class: class.clone(),
                    files: of_class().map(|recording| &recording.path).collect::<BTreeSet<_>>().len(),
                    recordings: of_class().map(|recording| &recording.recording).collect::<BTreeSet<_>>().len(),
                    groups: of_class().map(|recording| recording.group).collect::<BTreeSet<_>>().len(),
                    seconds: of_class().map(|recording| recording.seconds).sum(),
                }
            })
            .collect()
    }

    /// Reports how the data was read.
    pub fn note_remarks(&self) {
        for remark in &self.remarks {
            tracing::info!("{remark}");
        }
    }

    /// Prints the skipped files, one line each; prints nothing if there are none.
    pub fn print_skipped(&self, ui: &Ui) {
        if self.skipped.is_empty() {
            return;
        }
        ui.print(format!("Skipped {} of {} files:", self.skipped.len(), self.skipped.len() + self.file_count()));
        for skipped in &self.skipped {
            ui.print(format!("  {}: {}", shown(&skipped.path), one_line(&skipped.reason)));
        }
    }

    /// Number of distinct files that are used.
    pub fn file_count(&self) -> usize {
        self.recordings.iter().map(|recording| &recording.path).collect::<BTreeSet<_>>().len()
    }
}
