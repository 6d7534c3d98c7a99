//! Every window of a data set as one row of features, computed by the chain that the device runs.
//!
//! Each recording is a stream of its own: its first window starts with its first sample. Recordings are heard in parallel
//! and gathered in their order, so that the result does not depend on the number of cores. Cost: the network, about a
//! millisecond per window and core, where the features need it; memory, 4 bytes per value.

mod augment;
mod hear;
mod input;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use monitor_core::anomaly::{STATISTICS_LEN, statistics};
use monitor_core::classifier::Classifier;
use monitor_core::features::FeatureKind;
use monitor_core::log_mel::BANDS;
use monitor_core::window::COLUMNS;
use monitor_model::owned::OwnedModel;
use ndarray::{Array1, Array2};
use rayon::prelude::*;

use crate::dataset::{Dataset, Recording, Skipped};
use crate::ui::Ui;

pub use augment::{Augmented, augment};
pub use hear::{Window, hear};
pub use input::{Input, InputOptions};
pub(crate) use input::{columns, hop};

/// The windows of a data set. Rows are in the order of [`Dataset::recordings`], then of time.
#[derive(Debug, Clone)]
pub struct FeatureSet {
    /// Which features.
    pub kind: FeatureKind,
    /// From one window to the next, in columns of 10 ms.
    pub hop_columns: u32,
    /// Features, one window per row: `[windows x kind.len()]`, not standardised.
    pub x: Array2<f32>,
    /// What the log-mel anomaly detector looks at: `[windows x 256]`, see [`monitor_core::anomaly::statistics`].
    pub statistics: Array2<f32>,
    /// What each row of `x` is.
    pub rows: Vec<Row>,
    /// Where the rows come from. Recordings that turned out unreadable are in its `skipped`, not in its `recordings`.
    pub dataset: Dataset,
    /// Per class the mean of its windows' log-mel patches, `[96 columns x 64 bands]`, in ln(magnitude + 0.001).
    /// Empty for a set that was read from tables.
    pub class_log_mel: Vec<Array2<f32>>,
    /// Whether the recordings were heard just now; read from tables, their files may be anywhere.
    pub heard: bool,
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

/// What one recording gave.
struct Heard {
    /// Features of all windows, one after the other.
    x: Vec<f32>,
    /// Statistics of all windows, one after the other.
    statistics: Vec<f32>,
    /// Start and level of each window.
    windows: Vec<(f64, f32)>,
    /// Sum of the patches.
    log_mel: Array1<f64>,
}

impl FeatureSet {
    /// Hears every recording of `dataset`, a window every `hop_columns` columns of 10 ms (48 is half a window).
    ///
    /// `base` is needed only by the kinds with an embedding. Recordings that cannot be read to their end are skipped, and
    /// listed among the data set's.
    ///
    /// # Errors
    /// If the features need a base model and there is none, the hop is out of range, or a class has nothing left.
    pub fn extract(
        dataset: Dataset,
        kind: FeatureKind,
        base: Option<&OwnedModel>,
        hop_columns: u32,
        ui: &Ui,
    ) -> anyhow::Result<Self> {
        let classifier = classifier(kind, base)?;
        let seconds: f64 = dataset.recordings.iter().map(|recording| recording.seconds).sum();
        let progress = Progress::new(ui.progress("listening", seconds.ceil() as u64));
        let heard: Vec<anyhow::Result<Heard>> = dataset
            .recordings
            .par_iter()
            .map(|recording| {
                let heard = hear_one(recording, &classifier, hop_columns);
                progress.add(recording.seconds);
                heard
            })
            .collect();
        progress.bar.finish_and_clear();
        Self::gather(dataset, kind, hop_columns, heard)
    }

    /// The label of every row.
    pub fn labels(&self) -> Vec<usize> {
        self.rows.iter().map(|row| row.label).collect()
    }

    /// The group of every row.
    pub fn groups(&self) -> Vec<usize> {
        self.rows.iter().map(|row| row.group).collect()
    }

    /// Windows of each class.
    pub fn windows_per_class(&self) -> Vec<usize> {
        let mut counts = vec![0; self.dataset.classes.len()];
        self.rows.iter().for_each(|row| counts[row.label] += 1);
        counts
    }

    /// Puts what was heard into rows, in the order of the recordings.
    fn gather(
        mut dataset: Dataset,
        kind: FeatureKind,
        hop_columns: u32,
        heard: Vec<anyhow::Result<Heard>>,
    ) -> anyhow::Result<Self> {
        let classes = dataset.classes.len();
        let (mut x, mut rows, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        let mut statistics = Vec::new();
        let mut sums = vec![(0_usize, Array1::<f64>::zeros(COLUMNS * BANDS)); classes];
        for (recording, heard) in std::mem::take(&mut dataset.recordings).into_iter().zip(heard) {
            match heard {
                Ok(heard) => {
                    let Recording { label, group, .. } = recording;
                    let row = |&(start_s, level_dbfs): &(f64, f32)| Row {
                        label,
                        recording: kept.len(),
                        group,
                        start_s,
                        level_dbfs,
                    };
                    rows.extend(heard.windows.iter().map(row));
                    x.extend(heard.x);
                    statistics.extend(heard.statistics);
                    sums[label].0 += heard.windows.len();
                    sums[label].1 += &heard.log_mel;
                    kept.push(recording);
                }
                Err(error) => dataset.skipped.push(Skipped { path: recording.path, reason: format!("{error:#}") }),
            }
        }
        dataset.recordings = kept;
        if let Some(label) = sums.iter().position(|(windows, _)| *windows == 0) {
            let reason = dataset.skipped.last().map(|last| format!(" ({}: {})", last.path.display(), last.reason));
            bail!("no recording of {} could be heard{}", dataset.classes[label], reason.unwrap_or_default());
        }
        let class_log_mel =
            sums.into_iter().map(|(windows, sum)| mean(&sum, windows)).collect::<anyhow::Result<_>>()?;
        let x = Array2::from_shape_vec((rows.len(), kind.len()), x).context("a window gave too few features")?;
        let statistics = Array2::from_shape_vec((rows.len(), STATISTICS_LEN), statistics)
            .context("a window gave too few statistics")?;
        Ok(Self { kind, hop_columns, x, statistics, rows, dataset, class_log_mel, heard: true })
    }
}

/// The classifier that gives features and nothing else.
fn classifier(kind: FeatureKind, base: Option<&OwnedModel>) -> anyhow::Result<Classifier<'_>> {
    match base {
        _ if !kind.needs_body() => Ok(Classifier::log_mel()),
        Some(base) => base.features(kind).context("the base model cannot be used"),
        None => Classifier::features(kind, None).map_err(Into::into),
    }
}

fn hear_one(recording: &Recording, classifier: &Classifier<'_>, hop_columns: u32) -> anyhow::Result<Heard> {
    let mut heard =
        Heard { x: Vec::new(), statistics: Vec::new(), windows: Vec::new(), log_mel: Array1::zeros(COLUMNS * BANDS) };
    hear(recording, classifier.clone(), hop_columns, |window| {
        heard.x.extend(window.verdict.features);
        let mut values = [0.0; STATISTICS_LEN];
        statistics(window.verdict.patch, &mut values);
        heard.statistics.extend(values);
        heard.windows.push((window.start_s, window.verdict.level_dbfs));
        for (sum, cell) in heard.log_mel.iter_mut().zip(window.verdict.patch.as_flattened()) {
            *sum += f64::from(*cell);
        }
    })?;
    if heard.windows.is_empty() {
        bail!("too short for one window");
    }
    Ok(heard)
}

fn mean(sum: &Array1<f64>, windows: usize) -> anyhow::Result<Array2<f32>> {
    let mean = sum.mapv(|cell| (cell / windows as f64) as f32);
    mean.into_shape_with_order((COLUMNS, BANDS)).context("a patch has another shape")
}

/// A bar in seconds of sound, moved by many threads in parts of seconds.
struct Progress {
    bar: ProgressBar,
    milliseconds: AtomicU64,
}

impl Progress {
    fn new(bar: ProgressBar) -> Self {
        Self { bar, milliseconds: AtomicU64::new(0) }
    }

    fn add(&self, seconds: f64) {
        let added = (seconds * 1000.0) as u64;
        let before = self.milliseconds.fetch_add(added, Ordering::Relaxed);
        self.bar.set_position((before + added) / 1000);
    }
}
