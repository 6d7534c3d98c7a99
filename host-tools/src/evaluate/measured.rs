//! Figures with their sample size: a share means little without the number of recordings behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ndarray::ArrayView2;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::metrics::{
    Figures, Guessing, Interval, Intervals, Reliability, argmax, by_recording, class_table, exact, intervals,
};
use crate::data::dataset::Dataset;
use crate::data::feature_set::Row;

/// Default of the lowest macro-F1 by window: at 0.8 about four of five windows are right, from which smoothing and dwell make
/// few wrong states. Sets with a lower figure mostly need more recordings.
pub(crate) const MIN_F1: f64 = 0.8;

/// Number of files, recordings, groups and windows behind a figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SampleSize {
    /// Files.
    pub files: usize,
    /// Recording sessions.
    pub recordings: usize,
    /// Names of the groups.
    pub groups: Vec<String>,
    /// Windows.
    pub windows: usize,
    /// Reservation to state with the figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

impl std::fmt::Display for SampleSize {
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

/// Figures with their sample size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Measured {
    /// Number of files, recordings, groups and windows.
    #[serde(flatten, serialize_with = "under_both_names")]
    pub sample_size: SampleSize,
    /// Every window counts once.
    pub by_window: Figures,
    /// Every recording counts once: mean probability over its windows.
    pub by_recording: Figures,
    /// 95 % intervals of the figures by window, by resampling recordings, at least as wide as so many recordings allow.
    pub intervals: Option<Intervals>,
    /// Comparison with guessing, which decides whether `pipeline` approves a model.
    pub guessing: Guessing,
    /// 95 % interval of the accuracy by recording.
    pub accuracy_by_recording_interval: Interval,
    /// How well probabilities agree with accuracy, by window.
    pub reliability: Reliability,
}

/// Writes the sample size as `sample_size` and, for readers of version 0.1, as `standing`.
fn under_both_names<S: Serializer>(size: &SampleSize, out: S) -> Result<S::Ok, S::Error> {
    let mut map = out.serialize_map(Some(2))?;
    map.serialize_entry("sample_size", size)?;
    map.serialize_entry("standing", size)?;
    map.end()
}

impl Measured {
    /// As lines for the terminal: the sample size, the table of classes by window, and both totals.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}.", self.sample_size)];
        lines.extend(class_table(&self.by_window).map(|line| format!("  {line}")));
        let (window, recording) = (&self.by_window, &self.by_recording);
        let mark = mark(self.sample_size.note);
        lines.push(format!(
            "  by window:    accuracy {:.3}, macro-F1 {:.3}{}{mark}",
            window.accuracy,
            window.macro_average.f1,
            self.intervals.map(|of| format!(" (95 % by recording: {})", of.macro_f1)).unwrap_or_default()
        ));
        lines.push(format!(
            "  by recording: accuracy {:.3}, macro-F1 {:.3} ({} of {} right; 95 % of the accuracy: {}){mark}",
            recording.accuracy,
            recording.macro_average.f1,
            recording.confusion.correct(),
            recording.confusion.total(),
            self.accuracy_by_recording_interval
        ));
        lines
    }
}

/// A reservation as printed behind a figure.
pub(crate) fn mark(note: Option<&str>) -> String {
    note.map(|note| format!(" [{note}]")).unwrap_or_default()
}

/// Input of [`Measure::measured`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measure<'a> {
    /// Source of the rows.
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
    /// Sample size of `rows` (positions).
    pub(crate) fn sample_size(&self, rows: &[usize], note: Option<&'static str>) -> SampleSize {
        let distinct = |of: &dyn Fn(usize) -> usize| rows.iter().map(|row| of(*row)).collect::<BTreeSet<_>>();
        let recordings = distinct(&|row| self.rows[row].recording);
        let files: BTreeSet<&Path> = recordings.iter().map(|r| self.dataset.recordings[*r].path.as_path()).collect();
        let groups = distinct(&|row| self.rows[row].group);
        SampleSize {
            files: files.len(),
            recordings: distinct(&|row| self.sessions[row]).len(),
            groups: groups.iter().map(|group| self.dataset.groups[*group].clone()).collect(),
            windows: rows.len(),
            note,
        }
    }

    /// Group of each of `rows` (positions).
    fn groups_of(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|row| self.rows[*row].group).collect()
    }

    /// The figures of `probabilities` [rows x classes] of `rows` (positions).
    pub(crate) fn measured(
        &self,
        rows: &[usize],
        probabilities: ArrayView2<f32>,
        note: Option<&'static str>,
    ) -> Measured {
        let of = |values: &[usize]| rows.iter().map(|row| values[*row]).collect::<Vec<_>>();
        let labels = of(self.labels);
        let predicted: Vec<usize> = probabilities.rows().into_iter().map(|row| argmax(&row.to_vec())).collect();
        let sessions = of(self.sessions);
        let recordings = by_recording(probabilities, &sessions, &labels);
        let by_recording = Figures::from_pairs(self.classes, recordings.iter().map(|r| (r.label, r.predicted)));
        Measured {
            accuracy_by_recording_interval: exact(by_recording.accuracy, recordings.len()),
            sample_size: self.sample_size(rows, note),
            by_window: Figures::from_pairs(self.classes, labels.iter().copied().zip(predicted.iter().copied())),
            by_recording,
            intervals: intervals(&sessions, &labels, &predicted),
            guessing: Guessing::from_probabilities(probabilities, &labels, &self.groups_of(rows)),
            reliability: Reliability::from_probabilities(probabilities, &labels),
        }
    }
}

/// For each row the number of its recording session: files of one name and class are one session; where blocks of a file
/// are the groups, each block is a session.
pub(crate) fn sessions(dataset: &Dataset, rows: &[Row]) -> Vec<usize> {
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
    use crate::data::dataset::{Recording, WITHIN_RECORDING};
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
    fn a_figure_is_printed_with_its_sample_size_and_its_reservation() {
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
