//! Figures and what they stand on: a share means nothing without the number of recordings behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ndarray::ArrayView2;
use serde::Serialize;

use crate::dataset::Dataset;
use crate::features::Row;
use crate::metrics::{Figures, Intervals, Reliability, argmax, by_recording, class_table, intervals};

/// On how much a figure stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Files.
    pub files: usize,
    /// Recording sessions.
    pub recordings: usize,
    /// Names of the groups.
    pub groups: Vec<String>,
    /// Windows.
    pub windows: usize,
    /// What to know before quoting it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let (files, recordings, groups) = (self.files, self.recordings, self.groups.len());
        write!(f, "{} windows of {recordings} recording{}", self.windows, plural(recordings))?;
        if files != recordings {
            write!(f, " ({files} file{})", plural(files))?;
        }
        write!(f, " in {groups} group{}", plural(groups))?;
        self.note.map_or(Ok(()), |note| write!(f, "; {note}"))
    }
}

/// Figures and what they stand on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// On how much.
    pub standing: Standing,
    /// Every window counts.
    pub by_window: Figures,
    /// Every recording counts once: mean probability over its windows.
    pub by_recording: Figures,
    /// 95 % intervals of the figures by window, by resampling recordings; `None` where no class has two.
    pub intervals: Option<Intervals>,
    /// Whether probabilities come true, by window.
    pub reliability: Reliability,
}

impl Measured {
    /// As lines for the console: what it stands on, the table of classes by window, and both sums.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}.", self.standing)];
        lines.extend(class_table(&self.by_window).into_iter().map(|line| format!("  {line}")));
        let (window, recording) = (&self.by_window, &self.by_recording);
        let mark = mark(self.standing.note);
        lines.push(format!(
            "  by window:    accuracy {:.3}, macro-F1 {:.3}{}{mark}",
            window.accuracy,
            window.macro_average.f1,
            self.intervals.map(|of| format!(" (95 % by recording: {})", of.macro_f1)).unwrap_or_default()
        ));
        lines.push(format!(
            "  by recording: accuracy {:.3}, macro-F1 {:.3} ({} of {} right){mark}",
            recording.accuracy,
            recording.macro_average.f1,
            recording.confusion.correct(),
            recording.confusion.total()
        ));
        lines
    }
}

/// What to know before quoting a figure, as it follows the figure on its line.
pub fn mark(note: Option<&str>) -> String {
    note.map(|note| format!(" [{note}]")).unwrap_or_default()
}

/// What figures are made of.
#[derive(Debug, Clone, Copy)]
pub struct Measure<'a> {
    /// Where the rows come from.
    pub dataset: &'a Dataset,
    /// All windows.
    pub rows: &'a [Row],
    /// For each row the number of its recording session ([`sessions`]).
    pub sessions: &'a [usize],
    /// For each row its true class, an index into `classes`.
    pub labels: &'a [usize],
    /// Names of the classes.
    pub classes: &'a [String],
}

impl Measure<'_> {
    /// What `rows` (positions) are.
    pub fn standing(&self, rows: &[usize], note: Option<&'static str>) -> Standing {
        let distinct = |of: &dyn Fn(usize) -> usize| rows.iter().map(|row| of(*row)).collect::<BTreeSet<_>>();
        let recordings = distinct(&|row| self.rows[row].recording);
        let files: BTreeSet<&Path> = recordings.iter().map(|r| self.dataset.recordings[*r].path.as_path()).collect();
        let groups = distinct(&|row| self.rows[row].group);
        Standing {
            files: files.len(),
            recordings: distinct(&|row| self.sessions[row]).len(),
            groups: groups.iter().map(|group| self.dataset.groups[*group].clone()).collect(),
            windows: rows.len(),
            note,
        }
    }

    /// The figures of `probabilities` [rows x classes] of `rows` (positions).
    pub fn measured(&self, rows: &[usize], probabilities: ArrayView2<f32>, note: Option<&'static str>) -> Measured {
        let of = |values: &[usize]| rows.iter().map(|row| values[*row]).collect::<Vec<_>>();
        let labels = of(self.labels);
        let predicted: Vec<usize> = probabilities.rows().into_iter().map(|row| argmax(&row.to_vec())).collect();
        let sessions = of(self.sessions);
        let recordings = by_recording(probabilities, &sessions, &labels);
        Measured {
            standing: self.standing(rows, note),
            by_window: Figures::of_pairs(self.classes, labels.iter().copied().zip(predicted.iter().copied())),
            by_recording: Figures::of_pairs(self.classes, recordings.iter().map(|r| (r.label, r.predicted))),
            intervals: intervals(&sessions, &labels, &predicted),
            reliability: Reliability::of(probabilities, &labels),
        }
    }
}

/// For each row a number for its recording session: files of one name and class are one session; where blocks of a file
/// are the groups, each block is.
pub fn sessions(dataset: &Dataset, rows: &[Row]) -> Vec<usize> {
    let mut numbers = BTreeMap::new();
    rows.iter()
        .map(|row| {
            let recording = &dataset.recordings[row.recording];
            let block = dataset.within_recording.then_some(row.recording);
            let next = numbers.len();
            *numbers.entry((row.label, &recording.recording, block)).or_insert(next)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Recording, WITHIN_RECORDING};
    use ndarray::array;

    fn dataset(within_recording: bool) -> Dataset {
        let recording = |name: &str, label, group| Recording {
            path: format!("{name}{label}{group}.wav").into(),
            label,
            group,
            recording: name.into(),
            hash: [0; 32],
            rate_hz: 16_000,
            seconds: 2.0,
            block: None,
        };
        Dataset {
            classes: vec!["a".into(), "b".into()],
            groups: vec!["g".into(), "h".into()],
            recordings: vec![recording("x", 0, 0), recording("x", 0, 1), recording("x", 1, 1)],
            within_recording,
            ..Dataset::default()
        }
    }

    fn rows() -> Vec<Row> {
        let row = |recording, label, group| Row { label, recording, group, start_s: 0.0, level_dbfs: -20.0 };
        vec![row(0, 0, 0), row(1, 0, 1), row(2, 1, 1), row(2, 1, 1)]
    }

    #[test]
    fn files_of_one_name_and_class_are_one_recording_unless_blocks_are() {
        assert_eq!(sessions(&dataset(false), &rows()), [0, 0, 1, 1]);
        assert_eq!(sessions(&dataset(true), &rows()), [0, 1, 2, 2]);
    }

    #[test]
    fn a_figure_says_what_it_stands_on_and_bears_its_mark() {
        let (dataset, rows) = (dataset(false), rows());
        let (sessions, labels) = (sessions(&dataset, &rows), [0, 0, 1, 1]);
        let measure =
            Measure { dataset: &dataset, rows: &rows, sessions: &sessions, labels: &labels, classes: &dataset.classes };
        let probabilities = array![[0.9_f32, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]];
        let measured = measure.measured(&[0, 1, 2, 3], probabilities.view(), Some(WITHIN_RECORDING));
        assert_eq!((measured.by_window.accuracy, measured.by_recording.accuracy), (0.75, 1.0));
        let lines = measured.lines();
        assert_eq!(lines[0], "4 windows of 2 recordings (3 files) in 2 groups; within recording, optimistic.");
        assert!(lines[lines.len() - 2..].iter().all(|line| line.ends_with("[within recording, optimistic]")));
    }
}
