//! Normal sound of a feature set: the classes that count as normal, and the windows to fit.

use std::collections::BTreeMap;

use monitor_core::anomaly::Input;
use ndarray::{Axis, Slice};

use super::{Fitted, Windows, fit};
use crate::data::feature_set::FeatureSet;

/// Indices of the classes `names`, as given to `--normal`.
///
/// # Errors
/// When there is no such class.
pub(crate) fn normal_classes(classes: &[String], names: &[String]) -> anyhow::Result<Vec<usize>> {
    let index = |name: &String| {
        classes.iter().position(|class| class == name).ok_or_else(|| {
            let comma = if classes.iter().any(|class| class.contains(',')) {
                "; a name with a comma cannot be given: rename that class"
            } else {
                ""
            };
            anyhow::anyhow!("--normal {name}: there is no such class; name some of {}{comma}", classes.join(", "))
        })
    };
    names.iter().map(index).collect()
}

/// Class, group and recording of every window of a feature set: what [`Windows`] borrows.
#[derive(Debug)]
pub(crate) struct WindowIndex {
    /// Class of each window.
    pub classes: Vec<usize>,
    /// Group of each window.
    pub groups: Vec<usize>,
    /// Recording of each window: files that were cut from one recording of one class are one.
    pub recordings: Vec<usize>,
}

impl WindowIndex {
    /// The index of `set`.
    pub(crate) fn from_set(set: &FeatureSet) -> Self {
        let mut names = BTreeMap::new();
        let of_file = set.dataset.recordings.iter().enumerate().map(|(file, recording)| {
            // Blocks of one file are apart in time where groups are.
            *names.entry((recording.label, recording.group, &recording.recording)).or_insert(file)
        });
        let of_file: Vec<usize> = of_file.collect();
        let recordings = set.recordings().into_iter().map(|file| of_file[file]).collect();
        Self { classes: set.labels(), groups: set.groups(), recordings }
    }

    /// The input of the detectors, from the features of the same `set`.
    pub(crate) fn windows<'a>(&'a self, set: &'a FeatureSet) -> Windows<'a> {
        let input = if set.kind.tap_block().is_some() { Input::Tap } else { Input::Embedding };
        let part = || (input, set.x.slice_axis(Axis(1), Slice::from(..set.kind.network_len())));
        let network = set.kind.needs_body().then(part);
        let Self { classes, groups, recordings } = self;
        let rumble = (set.rumble.ncols() > 0).then(|| set.rumble.view());
        let spectra = (set.spectra.ncols() > 0).then(|| set.spectra.view());
        Windows { network, statistics: set.statistics.view(), rumble, spectra, classes, groups, recordings }
    }
}

/// The rows of `set` whose class is among the normal ones `names`; all if it is empty.
///
/// # Errors
/// When a class is unknown.
pub(crate) fn normal_rows(set: &FeatureSet, names: &[String]) -> anyhow::Result<Vec<usize>> {
    let all: Vec<usize> = (0..set.dataset.classes.len()).collect();
    let normal = if names.is_empty() { all } else { normal_classes(&set.dataset.classes, names)? };
    let classes = set.labels();
    Ok((0..set.rows.len()).filter(|row| normal.contains(&classes[*row])).collect())
}

/// Fits the anomaly score to `rows` of `set`, which are normal sound.
///
/// # Errors
/// When they are too few.
pub(crate) fn fit_normal(set: &FeatureSet, rows: &[usize]) -> anyhow::Result<Fitted> {
    fit(&WindowIndex::from_set(set).windows(set), rows, set.hop_s())
}
