//! Normal sound of a feature set: the classes that count as normal, and the windows to fit.

use std::collections::BTreeMap;

use anyhow::bail;
use monitor_core::anomaly::Input;
use ndarray::{Axis, Slice};

use super::{Fitted, Windows, fit};
use crate::data::feature_set::FeatureSet;

/// Names of the classes that `values`, as given to `--normal`, list. A value that is the name of a class is that class, even with
/// a comma in it; any other value is a list with commas.
///
/// # Errors
/// When there is no such class.
pub(crate) fn normal_names(classes: &[String], values: &[String]) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for value in values {
        let listed = if classes.contains(value) { vec![&value[..]] } else { value.split(',').collect() };
        for name in listed {
            if !classes.iter().any(|class| class == name) {
                let comma = classes.iter().find(|class| class.contains(',')).map_or(String::new(), |class| {
                    format!("; give a name with a comma by itself, as in --normal '{class}' --normal OTHER")
                });
                bail!("--normal {name}: there is no such class; name some of {}{comma}", classes.join(", "));
            }
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Indices of the classes that `values`, as given to `--normal`, list; see [`normal_names`].
///
/// # Errors
/// When there is no such class.
pub(crate) fn normal_classes(classes: &[String], values: &[String]) -> anyhow::Result<Vec<usize>> {
    let names = normal_names(classes, values)?;
    Ok(names.iter().filter_map(|name| classes.iter().position(|class| class == name)).collect())
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

/// The rows of `set` whose class is among the normal ones that `values`, as given to `--normal`, list; all if it is empty.
///
/// # Errors
/// When a class is unknown.
pub(crate) fn normal_rows(set: &FeatureSet, values: &[String]) -> anyhow::Result<Vec<usize>> {
    let all: Vec<usize> = (0..set.dataset.classes.len()).collect();
    let normal = if values.is_empty() { all } else { normal_classes(&set.dataset.classes, values)? };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn normal_classes_are_listed_with_commas_or_by_an_option_each() {
        let classes = strings(&["idle", "load", "open, slow", "open"]);
        let names = |values: &[&str]| normal_names(&classes, &strings(values));
        assert_eq!(names(&["idle,load"]).unwrap(), ["idle", "load"]);
        assert_eq!(names(&["idle", "load"]).unwrap(), ["idle", "load"]);
        assert_eq!(names(&["open, slow", "idle,load"]).unwrap(), ["open, slow", "idle", "load"]);
        assert_eq!(normal_classes(&classes, &strings(&["open, slow", "idle"])).unwrap(), [2, 0]);
    }

    #[test]
    fn an_unknown_class_is_refused_with_the_way_to_give_a_comma() {
        let error = |classes: &[&str]| normal_names(&strings(classes), &strings(&["idle,open, slow"])).unwrap_err();
        assert_eq!(
            error(&["idle", "open, slow"]).to_string(),
            "--normal open: there is no such class; name some of idle, open, slow; give a name with a comma by itself, as in \
             --normal 'open, slow' --normal OTHER"
        );
        assert!(error(&["idle", "load"]).to_string().ends_with("name some of idle, load"));
    }
}
