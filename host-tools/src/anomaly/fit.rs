//! Fits the detectors, their scale and the levels from normal windows alone.
//!
//! Distances of the fitted windows are too small to set a level by. So groups are left out in turn, and the windows of the
//! group left out give the distances of unseen normal sound, and with them scale and levels.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use monitor_core::anomaly::{self, AlarmRules, AnomalyModel, Input, Levels, Persistence, ZScores};
use monitor_core::rumble::FLOOR;
use monitor_model::anomaly::thresholds::{Promise, UnseenRun, UnseenWindow, thresholds};
use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;
use serde::Serialize;

use super::detector::FittedDetector;
use super::normal_spectra::FittedSpectra;

/// Maximum number of folds in which groups are left out.
const FOLDS: usize = 8;
/// Parts of the only recording.
const PARTS: usize = 4;

/// Windows to fit or to score; every slice has one entry per window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows<'a> {
    /// The features that the network computes [windows x values], and which they are; `None` without a network.
    pub network: Option<(Input, ArrayView2<'a, f32>)>,
    /// [`monitor_core::anomaly::statistics`] [windows x 256].
    pub statistics: ArrayView2<'a, f32>,
    /// [`monitor_core::rumble`] [windows x 8]; `None` where the table has none.
    pub rumble: Option<ArrayView2<'a, f32>>,
    /// [`monitor_core::anomaly::spectrum`] [windows x 72]; `None` where the table has none.
    pub spectra: Option<ArrayView2<'a, f32>>,
    /// Class of each window.
    pub classes: &'a [usize],
    /// Group of each window; groups are never split.
    pub groups: &'a [usize],
    /// Recording of each window; its windows are in chronological order.
    pub recordings: &'a [usize],
}

impl<'a> Windows<'a> {
    fn input(&self, input: Input) -> Option<ArrayView2<'a, f32>> {
        match input {
            Input::Embedding | Input::Tap => self.network.filter(|(own, _)| *own == input).map(|(_, x)| x),
            Input::Statistics => Some(self.statistics),
            Input::Rumble => self.rumble,
        }
    }
}

/// The fitted detectors and their sample size.
#[derive(Debug, Clone)]
pub(crate) struct Fitted {
    /// One or more detectors.
    pub spaces: Vec<FittedDetector>,
    /// What alarms are explained by; `None` where the windows have no spectra.
    pub spectra: Option<FittedSpectra>,
    /// Score from which there is a warning.
    pub warning: f32,
    /// Amount of normal sound behind the levels.
    pub sample_size: SampleSize,
}

/// Amount of normal sound behind the levels, and what they promise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct SampleSize {
    /// Number of windows of normal sound.
    pub windows: usize,
    /// Number of their groups.
    pub groups: usize,
    /// Length of normal sound in seconds: windows times hop.
    pub seconds: f64,
    /// Whether whole groups were left out; otherwise parts of one group were, which is optimistic.
    pub grouped: bool,
    /// How rarely a new group of normal sound reaches the levels.
    pub promise: Promise,
}

impl Fitted {
    /// z-scores of the window in row `row`.
    pub(crate) fn z_scores(&self, windows: &Windows<'_>, row: usize) -> ZScores {
        let mut z = [None; Input::ALL.len()];
        for space in &self.spaces {
            z[space.input as usize] = windows.input(space.input).map(|x| space.z_score(x.row(row)));
        }
        z
    }

    /// What the device's alarm needs to know.
    pub(crate) fn rules(&self) -> AlarmRules {
        let mut intervals = [None; Input::ALL.len()];
        self.spaces.iter().for_each(|space| intervals[space.input as usize] = Some(space.intervals));
        AlarmRules {
            levels: Levels { intervals, warning: self.warning },
            alarm: 1.0,
            persistence: Persistence::default(),
        }
    }

    /// The anomaly tables for the model file.
    ///
    /// # Errors
    /// When they cannot be read back, which a test excludes.
    pub(crate) fn tables(&self) -> anyhow::Result<Vec<u8>> {
        let spaces: Vec<_> = self.spaces.iter().map(|space| (space.input, space.tables())).collect();
        let spectra = self.spectra.as_ref().map(FittedSpectra::tables);
        let mut bytes = Vec::new();
        let put = |part: &[u8]| bytes.extend_from_slice(part);
        anomaly::write(self.warning, Persistence::default(), &spaces, spectra.as_ref(), put);
        AnomalyModel::from_bytes(&bytes).context("the anomaly tables cannot be read back; please report this")?;
        Ok(bytes)
    }
}

/// Fits the windows in `rows`, `hop_s` seconds apart.
///
/// # Errors
/// When there are too few windows.
pub(crate) fn fit(windows: &Windows<'_>, rows: &[usize], hop_s: f64) -> anyhow::Result<Fitted> {
    let inputs = inputs(windows, rows);
    let (groups, grouped) = left_out_groups(windows, rows);
    let folds = groups.iter().max().map_or(0, |last| last + 1).min(FOLDS);
    let unseen_of = |fold: usize| -> anyhow::Result<Vec<UnseenRun>> {
        let rest = rows.iter().zip(&groups).filter(|(_, group)| **group % folds != fold).map(|(row, _)| *row);
        let fitted = spaces(windows, &inputs, &rest.collect::<Vec<_>>())?;
        let out = rows.iter().zip(&groups).filter(|(_, group)| **group % folds == fold);
        let mut runs: BTreeMap<(usize, usize), UnseenRun> = BTreeMap::new();
        for (&row, &group) in out {
            let run = runs.entry((group, windows.recordings[row]));
            let run = run.or_insert_with(|| UnseenRun { group, windows: Vec::new() });
            run.windows.push(unseen(&fitted, windows, row));
        }
        Ok(runs.into_values().collect())
    };
    let ((whole, spectra), held) = rayon::join(
        || (spaces(windows, &inputs, rows), FittedSpectra::fit(windows, rows, &groups, folds, hop_s)),
        || (0..folds).into_par_iter().map(unseen_of).collect::<anyhow::Result<Vec<Vec<UnseenRun>>>>(),
    );
    let (mut spaces, held) = (whole?, held?);
    let found = thresholds(&held.concat(), hop_s);
    for space in &mut spaces {
        if let Some(scale) = &found.scales[space.input as usize] {
            space.set_scale(scale);
        }
    }
    let seconds = rows.len() as f64 * hop_s;
    let groups: BTreeSet<usize> = rows.iter().map(|row| windows.groups[*row]).collect();
    let sample_size =
        SampleSize { windows: rows.len(), groups: groups.len(), seconds, grouped, promise: found.promise };
    Ok(Fitted { spaces, spectra, warning: found.warning, sample_size })
}

/// The inputs of the detectors.
fn inputs(windows: &Windows<'_>, rows: &[usize]) -> Vec<Input> {
    let used = |input: &Input| match input {
        // Beside the tap the log-mel statistics detect less than the tap alone.
        Input::Statistics => windows.input(Input::Tap).is_none(),
        Input::Rumble => windows.rumble.is_some_and(|rumble| has_rumble(rumble, rows)),
        Input::Embedding | Input::Tap => windows.input(*input).is_some(),
    };
    Input::ALL.into_iter().filter(used).collect()
}

/// Whether any band of normal sound lies above the floor. Where none does, the microphone or a filter passes nothing there,
/// and a detector would take its first hum for a fault.
fn has_rumble(rumble: ArrayView2<'_, f32>, rows: &[usize]) -> bool {
    let floor = FLOOR.ln() + 1.0;
    let mean = rumble.select(Axis(0), rows).mean_axis(Axis(0));
    mean.is_some_and(|mean| mean.iter().any(|band| *band > floor))
}

fn spaces(windows: &Windows<'_>, inputs: &[Input], rows: &[usize]) -> anyhow::Result<Vec<FittedDetector>> {
    inputs
        .iter()
        .filter_map(|input| Some((*input, windows.input(*input)?)))
        .map(|(input, x)| FittedDetector::fit(input, x, windows.classes, rows))
        .collect()
}

/// What each detector finds in a row that was not in its fit.
fn unseen(spaces: &[FittedDetector], windows: &Windows<'_>, row: usize) -> UnseenWindow {
    let mut found = [None; Input::ALL.len()];
    for space in spaces {
        found[space.input as usize] = windows.input(space.input).map(|x| space.unseen(x.row(row)));
    }
    found
}

/// The group of each of `rows`, numbered from 0, that it is left out with: its own group, else its recording, else a
/// quarter of the only one; and whether it is its own.
fn left_out_groups(windows: &Windows<'_>, rows: &[usize]) -> (Vec<usize>, bool) {
    let numbered = |keys: &[usize]| {
        let names: BTreeSet<usize> = rows.iter().map(|row| keys[*row]).collect();
        let names: Vec<usize> = names.into_iter().collect();
        let of = rows.iter().map(|row| names.partition_point(|name| *name < keys[*row])).collect::<Vec<_>>();
        (names.len() > 1).then_some(of)
    };
    let quarters = || (0..rows.len()).map(|place| place * PARTS / rows.len().max(1)).collect();
    match numbered(windows.groups) {
        Some(groups) => (groups, true),
        None => (numbered(windows.recordings).unwrap_or_else(quarters), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use rand::{Rng, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    /// 4 groups of 60 normal windows each and 40 distant windows, in 256 values of noise.
    fn data() -> (Array2<f32>, Vec<usize>) {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(5);
        let x = Array2::from_shape_fn((280, 256), |(row, column)| {
            let noise = (0..4).map(|_| random.gen_range(-0.5..0.5_f32)).sum::<f32>();
            noise + if row >= 240 && column % 16 == 0 { 2.5 } else { 0.0 }
        });
        let groups = (0..280).map(|row| row / 60).collect();
        (x, groups)
    }

    /// Windows of one recording per group, without a network.
    fn windows<'a>(x: &'a Array2<f32>, classes: &'a [usize], groups: &'a [usize]) -> Windows<'a> {
        Windows {
            network: None,
            statistics: x.view(),
            rumble: None,
            spectra: None,
            classes,
            groups,
            recordings: groups,
        }
    }

    #[test]
    fn normal_windows_stay_below_the_threshold_and_others_are_above() {
        let (x, groups) = data();
        let windows = windows(&x, &[0; 280], &groups);
        let rows: Vec<usize> = (0..240).collect();
        let fitted = fit(&windows, &rows, 0.48).unwrap();
        let of =
            |row| fitted.rules().levels.score(&[fitted.z_scores(&windows, row), [None; Input::ALL.len()]]).unwrap();
        assert!((240..280).all(|row| of(row) > 1.0));
        assert!((0..240).filter(|row| of(*row) > fitted.warning).count() < 24);
        assert_eq!((fitted.sample_size.windows, fitted.sample_size.groups, fitted.sample_size.grouped), (240, 4, true));
        let bytes = fitted.tables().unwrap();
        assert!(bytes.len() < 50_000, "{}", bytes.len());
    }

    #[test]
    fn tables_of_both_detectors_and_four_classes_fit_256_kb() {
        let (x, groups) = data();
        let embedding =
            Array2::from_shape_fn((280, 1024), |(row, value)| x[[row, value % 256]] * (1 + value / 256) as f32);
        let classes: Vec<usize> = (0..280).map(|row| row % 4).collect();
        let network = Some((Input::Embedding, embedding.view()));
        let windows = Windows { network, ..windows(&x, &classes, &groups) };
        let bytes = fit(&windows, &(0..280).collect::<Vec<_>>(), 0.48).unwrap().tables().unwrap();
        assert!((200_000..256_000).contains(&bytes.len()), "{}", bytes.len());
    }

    #[test]
    fn one_file_is_cut_into_parts_and_marked_so() {
        let (x, _) = data();
        let same = vec![0; 280];
        let windows = windows(&x, &same, &same);
        let fitted = fit(&windows, &(0..240).collect::<Vec<_>>(), 0.48).unwrap();
        assert!(!fitted.sample_size.grouped && fitted.sample_size.promise.groups == 4);
    }

    #[test]
    fn too_few_windows_are_refused() {
        let (x, groups) = data();
        let windows = windows(&x, &[0; 280], &groups);
        assert!(fit(&windows, &[0, 1, 2], 0.48).is_err());
    }
}
