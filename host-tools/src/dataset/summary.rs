//! What a data set holds, in figures and words.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Dataset;
use crate::ui::Ui;

/// What there is of one class.
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
    /// Sound that is used, in seconds.
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

    /// Prints how the data was read.
    pub fn say_remarks(&self, ui: &Ui) {
        for remark in &self.remarks {
            ui.say(format!("note: {remark}"));
        }
    }

    /// Prints what was skipped, one line each; nothing if nothing was.
    pub fn say_skipped(&self, ui: &Ui) {
        if self.skipped.is_empty() {
            return;
        }
        ui.say(format!("Skipped {} of {} files:", self.skipped.len(), self.skipped.len() + self.file_count()));
        for skipped in &self.skipped {
            ui.say(format!("  {}: {}", skipped.path.display(), skipped.reason));
        }
    }

    /// Distinct files that are used.
    pub fn file_count(&self) -> usize {
        self.recordings.iter().map(|recording| &recording.path).collect::<BTreeSet<_>>().len()
    }
}
