//! Counts of a data set, and its notes as printed.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Dataset, Skipped};
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
            tracing::info!("{}", one_line(remark));
        }
    }

    /// Prints the skipped files that have not been printed, grouped by reason; prints nothing if there are none.
    pub fn print_skipped(&self, ui: &Ui) {
        /// Names that are printed of each reason.
        const MOST: usize = 3;
        let new = self.skipped.get(self.reported..).unwrap_or_default();
        if new.is_empty() {
            return;
        }
        ui.print(format!("Skipped {} of {} files:", new.len(), self.skipped.len() + self.file_count()));
        let mut reasons: Vec<(&str, Vec<&Skipped>)> = Vec::new();
        for skipped in new {
            match reasons.iter_mut().find(|(reason, _)| *reason == skipped.kind()) {
                Some((_, files)) => files.push(skipped),
                None => reasons.push((skipped.kind(), vec![skipped])),
            }
        }
        for (reason, files) in reasons {
            if let [only] = files[..] {
                ui.print(format!("  {}: {}", shown(&only.path), one_line(&only.reason)));
                continue;
            }
            let names: Vec<String> = files.iter().take(MOST).map(|file| shown(&file.path)).collect();
            let more = if files.len() > MOST { ", ..." } else { "" };
            ui.print(format!("  {} files: {} ({}{more})", files.len(), one_line(reason), names.join(", ")));
        }
    }

    /// Number of distinct files that are used.
    pub fn file_count(&self) -> usize {
        self.recordings.iter().map(|recording| &recording.path).collect::<BTreeSet<_>>().len()
    }
}

impl Skipped {
    /// The reason without what differs between files.
    fn kind(&self) -> &str {
        match self.reason.rsplit_once(" (") {
            Some((kind, _)) if self.reason.ends_with(')') => kind,
            _ => &self.reason,
        }
    }
}
