//! The figures of a model of one class as lines for the terminal, cells of a table and a picture.

use super::{ClassFigures, OneClass};
use crate::console::{Columns, Side};
use crate::evaluate::measured::mark;
use crate::plots;

impl OneClass {
    /// How far the figures can be trusted.
    pub(crate) fn reservation(&self) -> String {
        let Self { training_known, files_trained_on, files, .. } = self;
        match (training_known, files_trained_on) {
            (false, _) => "The model file does not record what it was trained on.".to_string(),
            (true, 0) => format!("The model was trained on none of these {files} files."),
            (true, trained) if trained == files => format!(
                "WARNING: the model was trained on all {files} files: these figures measure memory, not performance on new \
                 recordings. Evaluate on recordings that were not trained on."
            ),
            (true, trained) => format!("The model was trained on {trained} of {files} files, which are counted apart."),
        }
    }

    /// The table: headings and one row per class.
    pub(crate) fn table(&self) -> ([&'static str; 8], Vec<[String; 8]>) {
        let row = |figures: &ClassFigures| {
            [
                format!("{}{}", figures.class, mark(figures.note)),
                if figures.is_models_class { self.class.clone() } else { "unknown".to_string() },
                figures.recordings.to_string(),
                figures.recordings_with_alarm.to_string(),
                figures.windows.to_string(),
                format!("{:.1} %", 100.0 * figures.in_state),
                format!("{:.1}", figures.alarms_per_hour),
                figures.named.clone().unwrap_or_default(),
            ]
        };
        let headings = [
            "class",
            "expected",
            "recordings",
            "with an alarm",
            "windows",
            "taken for the class",
            "alarms per hour",
            "named first",
        ];
        (headings, self.classes.iter().map(row).collect())
    }

    /// What the figures mean, one sentence each.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let [right, recordings] = self.recordings_right;
        let mut lines = vec![format!(
            "Accuracy: {:.1} % of the windows and {right} of {recordings} recordings were taken for what they are{}.",
            100.0 * self.accuracy,
            if self.classes.iter().any(|figures| figures.note.is_some()) && self.files_trained_on < self.files {
                ", without those trained on"
            } else {
                ""
            }
        )];
        if !self.classes.iter().any(|figures| figures.is_models_class) {
            lines.push(format!(
                "No folder is named {}, so all of it counts as other sound. If some of it is normal, name its folders: \
                 --normal LABEL,...",
                self.class
            ));
        } else if self.classes.iter().all(|figures| figures.is_models_class) {
            lines.push(format!(
                "All recordings are of {}: nothing here shows whether faults are detected. Add folders of other sound to measure \
                 that.",
                self.class
            ));
        }
        if self.too_short_to_alarm > 0 {
            lines.push(format!(
                "{} of the recordings are too short to raise the alarm, which needs {:.1} s. If they were cut from longer ones, name \
                 those in the column `recording` of a manifest.csv.",
                self.too_short_to_alarm, self.needed_s
            ));
        }
        lines
    }

    /// As lines for the terminal.
    pub(crate) fn lines(&self) -> Vec<String> {
        let (headings, rows) = self.table();
        let side =
            |(place, heading): (usize, &&'static str)| (*heading, if place < 2 { Side::Left } else { Side::Right });
        let mut columns = Columns::new(&headings.iter().enumerate().map(side).collect::<Vec<_>>());
        rows.into_iter().for_each(|row| columns.row(row));
        let mut lines = vec![
            self.reservation(),
            String::new(),
            format!("One class: {}; unknown while the alarm by the anomaly score is raised.", self.class),
        ];
        lines.extend(columns.lines(2));
        lines.extend(self.sentences());
        lines
    }

    /// Draws the score of every window.
    ///
    /// # Errors
    /// When the picture cannot be drawn.
    pub(crate) fn picture(&self) -> anyhow::Result<plots::Picture> {
        let title = format!("Anomaly score of a model of one class, {}", self.class);
        plots::anomaly::scores(&title, &self.reservation(), &self.scores)
    }
}
