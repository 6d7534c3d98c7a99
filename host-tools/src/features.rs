//! Every window of a data set as one row of features, computed by the chain that the device runs.

use ndarray::Array2;
use shared::features::FeatureKind;

use crate::dataset::Dataset;

/// The windows of a data set. Rows are in the order of [`Dataset::recordings`], then of time.
#[derive(Debug, Clone)]
pub struct FeatureSet {
    /// Which features.
    pub kind: FeatureKind,
    /// From one window to the next, in columns of 10 ms.
    pub hop_columns: usize,
    /// Features, one window per row: `[windows x kind.len()]`, not standardised.
    pub x: Array2<f32>,
    /// What each row of `x` is.
    pub rows: Vec<Row>,
    /// Where the rows come from. Recordings that turned out unreadable are in its `skipped`, not in its `recordings`.
    pub dataset: Dataset,
    /// Per class the mean of its windows' log-mel patches, `[96 columns x 64 bands]`, in ln(magnitude + 0.001).
    pub class_log_mel: Vec<Array2<f32>>,
}

/// One window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
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
    pub fn labels(&self) -> Vec<usize> {
        self.rows.iter().map(|row| row.label).collect()
    }

    /// The group of every row.
    pub fn groups(&self) -> Vec<usize> {
        self.rows.iter().map(|row| row.group).collect()
    }
}
