//! The windows of a data set, each with its features.

use monitor_core::features::FeatureKind;
use monitor_core::gain::Gain;
use ndarray::Array2;

use super::dataset::Dataset;

/// The windows of a data set. Rows are in the order of [`Dataset::recordings`], then of time.
#[derive(Debug, Clone)]
pub(crate) struct FeatureSet {
    /// Kind of the features.
    pub kind: FeatureKind,
    /// Step between windows, in columns of 10 ms.
    pub hop_columns: u32,
    /// Input gain with which the features were computed; levels are those of the recordings.
    pub gain: Gain,
    /// Features, one window per row: `[windows x kind.len()]`, not standardised.
    pub x: Array2<f32>,
    /// Input of the log-mel anomaly detector, `[windows x 256]`: see [`monitor_core::anomaly::statistics`].
    pub statistics: Array2<f32>,
    /// Input of the rumble detector, `[windows x 8]`: see [`monitor_core::rumble`]; `[windows x 0]` for tables without it.
    pub rumble: Array2<f32>,
    /// What alarms are explained by, `[windows x 72]`: see [`monitor_core::anomaly::spectrum`]; `[windows x 0]` for tables without it.
    pub spectra: Array2<f32>,
    /// Label, recording and time of each row of `x`.
    pub rows: Vec<Row>,
    /// Source of the rows. Recordings that could not be read are in its `skipped`, not in its `recordings`.
    pub dataset: Dataset,
    /// Whether the features were computed from recordings that can be read again; `false` for a set read from tables.
    pub from_audio: bool,
}

/// One window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    /// Index into [`Dataset::classes`].
    pub label: usize,
    /// Index into [`Dataset::recordings`].
    pub recording: usize,
    /// Index into [`Dataset::groups`].
    pub group: usize,
    /// Start of the window within its file, in seconds.
    pub start_s: f64,
    /// Level of the window, in dB of full scale.
    pub level_dbfs: f32,
}

impl FeatureSet {
    /// The label of every row.
    pub(crate) fn labels(&self) -> Vec<usize> {
        self.rows.iter().map(|row| row.label).collect()
    }

    /// The group of every row.
    pub(crate) fn groups(&self) -> Vec<usize> {
        self.rows.iter().map(|row| row.group).collect()
    }

    /// The recording of every row.
    pub(crate) fn recordings(&self) -> Vec<usize> {
        self.rows.iter().map(|row| row.recording).collect()
    }

    /// Number of windows of each class.
    pub(crate) fn windows_per_class(&self) -> Vec<usize> {
        let mut counts = vec![0; self.dataset.classes.len()];
        self.rows.iter().for_each(|row| counts[row.label] += 1);
        counts
    }

    /// Step between windows, in seconds.
    pub(crate) fn hop_s(&self) -> f64 {
        f64::from(self.hop_columns) / 100.0
    }
}
