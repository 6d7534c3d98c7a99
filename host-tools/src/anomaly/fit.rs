//! Fits both detectors, their scale and the alarm threshold from normal windows alone.
//!
//! Distances of the fitted windows are too small to set a threshold by. So groups are left out in turn, and the windows of the
//! group left out give the distances of unseen normal sound, and with them scale and threshold.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use monitor_core::anomaly::{self, AnomalyModel, Input, Persistence};
use monitor_model::anomaly::scale::{MARGIN, highest_lasting, scales};
use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;
use serde::Serialize;

use super::detector::FittedDetector;

/// Maximum number of folds in which groups are left out.
const FOLDS: usize = 8;

/// Windows to fit or to score; every slice has one entry per window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows<'a> {
    /// The features that the network computes [windows x values], and which they are; `None` without a network.
    pub network: Option<(Input, ArrayView2<'a, f32>)>,
    /// [`monitor_core::anomaly::statistics`] [windows x 256].
    pub statistics: ArrayView2<'a, f32>,
    /// Class of each window.
    pub classes: &'a [usize],
    /// Group of each window; groups are never split.
    pub groups: &'a [usize],
    /// File of each window; its windows are in chronological order.
    pub files: &'a [usize],
}

impl<'a> Windows<'a> {
    fn input(&self, input: Input) -> Option<ArrayView2<'a, f32>> {
        match input {
            Input::Embedding | Input::Tap => self.network.filter(|(own, _)| *own == input).map(|(_, x)| x),
            Input::Statistics => Some(self.statistics),
        }
    }
}

/// The fitted detectors and their sample size.
#[derive(Debug, Clone)]
pub(crate) struct Fitted {
    /// One or two detectors.
    pub spaces: Vec<FittedDetector>,
    /// Deviation at which the score is 1.
    pub threshold: f32,
    /// Amount of normal sound behind the threshold.
    pub sample_size: SampleSize,
}

/// Amount of normal sound behind the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct SampleSize {
    /// Number of windows of normal sound.
    pub windows: usize,
    /// Number of their groups.
    pub groups: usize,
    /// Length of normal sound in seconds: windows times hop.
    pub seconds: f64,
    /// Upper bound of false alarms per day with 95 % confidence, as none occurred in that time (rule of three: 3 / time).
    pub most_per_day: f64,
    /// Whether whole groups were left out; otherwise parts of one group were, which is optimistic.
    pub grouped: bool,
}

impl Fitted {
    /// Deviation of the window in row `row`: the embedding's, the log-mel's, and the larger one.
    pub(crate) fn z_scores(&self, windows: &Windows<'_>, row: usize) -> (Vec<f32>, f32) {
        let each: Vec<f32> =
            self.spaces.iter().filter_map(|space| Some(space.z_score(windows.input(space.input)?.row(row)))).collect();
        let highest = each.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        (each, highest)
    }

    /// The anomaly tables for the model file.
    ///
    /// # Errors
    /// When they cannot be read back, which a test excludes.
    pub(crate) fn tables(&self) -> anyhow::Result<Vec<u8>> {
        let spaces: Vec<_> = self.spaces.iter().map(|space| (space.input, space.tables())).collect();
        let mut bytes = Vec::new();
        anomaly::write(self.threshold, Persistence::default(), &spaces, |part| bytes.extend_from_slice(part));
        AnomalyModel::from_bytes(&bytes).context("the anomaly tables cannot be read back; please report this")?;
        Ok(bytes)
    }
}

/// Fits the windows in `rows`, `hop_s` seconds apart.
///
/// # Errors
/// When there are too few windows.
pub(crate) fn fit(windows: &Windows<'_>, rows: &[usize], hop_s: f64) -> anyhow::Result<Fitted> {
    let mut spaces = spaces(windows, rows)?;
    let (parts, grouped) = parts(windows, rows);
    let held: Vec<(Vec<usize>, Vec<Vec<f32>>)> = parts
        .par_iter()
        .map(|out| {
            let rest: Vec<usize> = rows.iter().copied().filter(|row| out.binary_search(row).is_err()).collect();
            let fitted = self::spaces(windows, &rest)?;
            let each = fitted.iter().map(|space| ln_distances(space, windows, out)).collect();
            Ok((out.clone(), each))
        })
        .collect::<anyhow::Result<_>>()?;
    let unseen =
        |place: usize| held.iter().flat_map(move |(_, each)| &each[place]).map(|value| f64::from(*value)).collect();
    let unseen: Vec<Vec<f64>> = (0..spaces.len()).map(unseen).collect();
    let of: Vec<usize> = held.iter().flat_map(|(out, _)| out.iter().map(|row| windows.groups[*row])).collect();
    for (space, (location, deviation)) in spaces.iter_mut().zip(scales(&unseen, &of)) {
        (space.location, space.scale) = (location as f32, deviation as f32);
    }
    // Scales ln d of the left-out windows, per file in chronological order.
    let mut files: BTreeMap<usize, Vec<(usize, f32)>> = BTreeMap::new();
    for (out, each) in &held {
        for (at, row) in out.iter().enumerate() {
            let scaled = spaces.iter().zip(each).map(|(space, own)| (own[at] - space.location) / space.scale);
            files.entry(windows.files[*row]).or_default().push((*row, scaled.fold(f32::NEG_INFINITY, f32::max)));
        }
    }
    let mut threshold = f32::NEG_INFINITY;
    for windows in files.values_mut() {
        windows.sort_by_key(|(row, _)| *row);
        let scores: Vec<f32> = windows.iter().map(|(_, score)| *score).collect();
        threshold = threshold.max(highest_lasting(&scores, Persistence::default(), hop_s));
    }
    let seconds = rows.len() as f64 * hop_s;
    let groups: BTreeSet<usize> = rows.iter().map(|row| windows.groups[*row]).collect();
    let sample_size = SampleSize {
        windows: rows.len(),
        groups: groups.len(),
        seconds,
        most_per_day: 3.0 * 86_400.0 / seconds,
        grouped,
    };
    Ok(Fitted { spaces, threshold: threshold + MARGIN, sample_size })
}

fn spaces(windows: &Windows<'_>, rows: &[usize]) -> anyhow::Result<Vec<FittedDetector>> {
    let classes: Vec<usize> = rows.iter().map(|row| windows.classes[*row]).collect();
    let fit = |input| Some((input, windows.input(input)?));
    Input::ALL
        .into_iter()
        // Beside the tap the log-mel statistics detect less than the tap alone.
        .filter(|input| *input != Input::Statistics || windows.input(Input::Tap).is_none())
        .filter_map(fit)
        .map(|(input, x)| FittedDetector::fit(input, x.select(Axis(0), rows).view(), &classes))
        .collect()
}

/// ln of the distance of each row.
fn ln_distances(space: &FittedDetector, windows: &Windows<'_>, rows: &[usize]) -> Vec<f32> {
    let x = windows.input(space.input);
    rows.iter().map(|row| x.map_or(0.0, |x| space.ln_distance(x.row(*row)))).collect()
}

/// The parts left out in turn, each in ascending order: whole groups, else files, else parts of the only file.
fn parts(windows: &Windows<'_>, rows: &[usize]) -> (Vec<Vec<usize>>, bool) {
    let by = |keys: &[usize]| {
        let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        rows.iter().for_each(|row| parts.entry(keys[*row]).or_default().push(*row));
        parts.into_values().collect::<Vec<_>>()
    };
    let (mut whole, mut grouped) = (by(windows.groups), true);
    if whole.len() < 2 {
        (whole, grouped) = (by(windows.files), false);
    }
    if whole.len() < 2 {
        whole = rows.chunks(rows.len().div_ceil(4).max(1)).map(<[usize]>::to_vec).collect();
    }
    let mut parts = vec![Vec::new(); whole.len().min(FOLDS)];
    let count = parts.len().max(1);
    for (place, part) in whole.into_iter().enumerate() {
        parts[place % count].extend(part);
    }
    parts.iter_mut().for_each(|part| part.sort_unstable());
    (parts, grouped)
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

    #[test]
    fn normal_windows_stay_below_the_threshold_and_others_are_above() {
        let (x, groups) = data();
        let windows =
            Windows { network: None, statistics: x.view(), classes: &[0; 280], groups: &groups, files: &groups };
        let rows: Vec<usize> = (0..240).collect();
        let fitted = fit(&windows, &rows, 0.48).unwrap();
        let of = |row| fitted.z_scores(&windows, row).1;
        assert!((240..280).all(|row| of(row) > fitted.threshold));
        let normal: Vec<f32> = (0..240).map(of).collect();
        assert!(highest_lasting(&normal, Persistence::default(), 0.48) < fitted.threshold);
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
        let windows = Windows {
            network: Some((Input::Embedding, embedding.view())),
            statistics: x.view(),
            classes: &classes,
            groups: &groups,
            files: &groups,
        };
        let bytes = fit(&windows, &(0..280).collect::<Vec<_>>(), 0.48).unwrap().tables().unwrap();
        assert!((200_000..256_000).contains(&bytes.len()), "{}", bytes.len());
    }

    #[test]
    fn one_file_is_cut_into_parts_and_marked_so() {
        let (x, _) = data();
        let same = vec![0; 280];
        let windows = Windows { network: None, statistics: x.view(), classes: &same, groups: &same, files: &same };
        let fitted = fit(&windows, &(0..240).collect::<Vec<_>>(), 0.48).unwrap();
        assert!(!fitted.sample_size.grouped && fitted.threshold.is_finite());
    }

    #[test]
    fn too_few_windows_are_refused() {
        let (x, groups) = data();
        let windows =
            Windows { network: None, statistics: x.view(), classes: &[0; 280], groups: &groups, files: &groups };
        assert!(fit(&windows, &[0, 1, 2], 0.48).is_err());
    }
}
