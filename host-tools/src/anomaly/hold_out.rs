//! Normal groups held out of the fit in turn: what the score does on conditions that it was not fitted to.
//!
//! Each group stands for an operating condition (a load, a speed, a day). Its recordings pass the alarm one after the other, as
//! on a device.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use monitor_core::anomaly::{Alarm, Change, Explanation};
use monitor_model::anomaly::thresholds::Promise;
use rayon::prelude::*;

use super::explained::Explainer;
use super::fit::{Fitted, Windows, fit};
use crate::evaluate::promise::{Needed, Share};

/// Maximum number of folds: of more groups several are held out together.
pub(crate) const FOLDS: usize = 24;

/// A window scored by a fit without its group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scored {
    /// The fold.
    pub fold: usize,
    /// Its row.
    pub row: usize,
    /// The place of each detector between typical and alarming sound, smoothed, and last the highest of them.
    pub positions: Vec<f32>,
    /// The score: 1 is the alarm level; `None` until the mean is settled.
    pub score: Option<f32>,
    /// Whether its positions count: those of a settled mean, and of a recording too short for one the last.
    pub counts: bool,
    /// Whether this window raised a warning.
    pub warned: bool,
    /// Whether this window raised an alarm.
    pub alarmed: bool,
    /// What moved in the sound, where this window raised one of them.
    pub explanation: Option<Explanation>,
}

/// A held-out group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeldGroup {
    /// The group, or, where all normal sound is of one, the recording.
    pub key: usize,
    /// Its fold.
    pub fold: usize,
    /// Whether a recording of it is long enough to raise the alarm.
    pub long_enough: bool,
    /// Whether it raised a warning.
    pub warned: bool,
    /// Whether it raised an alarm.
    pub alarmed: bool,
}

/// The result.
#[derive(Debug)]
pub(crate) struct HeldOut {
    /// Number of folds.
    pub folds: usize,
    /// Whether whole groups were held out; otherwise recordings of one group were, which is optimistic.
    pub grouped: bool,
    /// Every group, ascending by key.
    pub groups: Vec<HeldGroup>,
    /// The shortest recording that can raise the alarm.
    pub needed: Needed,
    /// Mean over the fits of the promised probability of a warning and of an alarm.
    pub promised: [f64; 2],
    /// Every scored window: normal ones once, others in each fold.
    pub scored: Vec<Scored>,
}

impl HeldOut {
    /// How many of the groups that are long enough raised a warning.
    pub(crate) fn warned(&self) -> Share {
        self.share(|group| group.warned, self.promised[0])
    }

    /// How many of the groups that are long enough raised an alarm.
    pub(crate) fn alarmed(&self) -> Share {
        self.share(|group| group.alarmed, self.promised[1])
    }

    /// Number of groups that are too short to raise the alarm.
    pub(crate) fn too_short(&self) -> usize {
        self.groups.iter().filter(|group| !group.long_enough).count()
    }

    fn share(&self, raised: fn(&HeldGroup) -> bool, promised: f64) -> Share {
        let long: Vec<&HeldGroup> = self.groups.iter().filter(|group| group.long_enough).collect();
        Share::new(long.iter().filter(|group| raised(group)).count(), long.len(), promised)
    }
}

/// Fits the rows `normal` without each group in turn, and scores that group and the rows `other`; `done` is called after each
/// fold.
///
/// # Errors
/// When normal sound is of one recording, or the rest is too little to fit.
pub(crate) fn hold_out(
    windows: &Windows<'_>,
    normal: &[usize],
    other: &[usize],
    hop_s: f64,
    done: impl Fn() + Sync,
) -> anyhow::Result<HeldOut> {
    let distinct = |keys: &[usize]| normal.iter().map(|row| keys[*row]).collect::<BTreeSet<_>>();
    let grouped = distinct(windows.groups).len() > 1;
    let keys = if grouped { windows.groups } else { windows.recordings };
    let held: Vec<usize> = distinct(keys).into_iter().collect();
    ensure!(
        held.len() > 1,
        "normal sound is of one recording only, so nothing can be held out; record more, at other loads, speeds or days"
    );
    let folds = held.len().min(FOLDS);
    let fold_of = |key: usize| held.partition_point(|before| *before < key) % folds;
    let parts: Vec<(Fitted, Vec<Scored>)> = (0..folds)
        .into_par_iter()
        .map(|fold| {
            let (out, rest): (Vec<usize>, Vec<usize>) = normal.iter().partition(|row| fold_of(keys[**row]) == fold);
            let fitted = fit(windows, &rest, hop_s)?;
            let scored = scored(&fitted, windows, fold, out.iter().chain(other).copied(), hop_s);
            done();
            Ok((fitted, scored))
        })
        .collect::<anyhow::Result<_>>()?;
    // Every fit has the same persistence.
    let needed = Needed::new(&parts[0].0.rules(), hop_s);
    let mean = |of: fn(Promise) -> f64| {
        parts.iter().map(|(fitted, _)| of(fitted.sample_size.promise)).sum::<f64>() / folds as f64
    };
    let promised = [mean(|promise| promise.warning), mean(|promise| promise.alarm)];
    let scored: Vec<Scored> = parts.into_iter().flat_map(|(_, scored)| scored).collect();
    let long = long_enough(normal, keys, windows.recordings, needed.windows);
    let is_normal: BTreeSet<usize> = normal.iter().copied().collect();
    let raised = |is: fn(&Scored) -> bool| -> BTreeSet<usize> {
        let raised = scored.iter().filter(|window| is(window) && is_normal.contains(&window.row));
        raised.map(|window| keys[window.row]).collect()
    };
    let (warned, alarmed) = (raised(|window| window.warned), raised(|window| window.alarmed));
    let group = |key: usize| HeldGroup {
        key,
        fold: fold_of(key),
        long_enough: long.contains(&key),
        warned: warned.contains(&key),
        alarmed: alarmed.contains(&key),
    };
    let groups = held.iter().map(|key| group(*key)).collect();
    Ok(HeldOut { folds, grouped, groups, needed, promised, scored })
}

/// The `keys` of `rows` with a recording of at least `needed` windows.
fn long_enough(rows: &[usize], keys: &[usize], recordings: &[usize], needed: usize) -> BTreeSet<usize> {
    let mut lengths: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    rows.iter().for_each(|row| *lengths.entry((keys[*row], recordings[*row])).or_default() += 1);
    lengths.into_iter().filter(|(_, length)| *length >= needed).map(|((key, _), _)| key).collect()
}

/// Runs the device's alarm over every recording of `rows`; each is of one state, so the state is steady.
fn scored(
    fitted: &Fitted,
    windows: &Windows<'_>,
    fold: usize,
    rows: impl Iterator<Item = usize>,
    hop_s: f64,
) -> Vec<Scored> {
    let mut recordings: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    rows.for_each(|row| recordings.entry(windows.recordings[row]).or_default().push(row));
    let rules = fitted.rules();
    let mut all = Vec::new();
    for rows in recordings.into_values() {
        let mut alarm = Alarm::new(&rules, hop_s as f32);
        let mut explainer = Explainer::new(fitted, windows, hop_s);
        let begin = all.len();
        for (index, row) in (0..).zip(rows) {
            let outcome = alarm.update(index, &fitted.z_scores(windows, row), true);
            let mut positions: Vec<f32> = outcome.positions.into_iter().flatten().collect();
            positions.push(positions.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            all.push(Scored {
                fold,
                row,
                positions,
                score: outcome.score,
                counts: outcome.score.is_some(),
                warned: outcome.warning == Some(Change::Raised),
                alarmed: outcome.alarm == Some(Change::Raised),
                explanation: explainer.update(index, row, &outcome),
            });
        }
        if all[begin..].iter().all(|window| !window.counts)
            && let Some(last) = all.last_mut()
        {
            last.counts = true;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn a_group_is_long_enough_by_its_longest_recording_not_by_their_sum() {
        let (keys, recordings) = ([4, 4, 4, 4, 7, 7, 7, 9], [0, 0, 1, 1, 2, 2, 2, 3]);
        let found = |rows: &[usize]| long_enough(rows, &keys, &recordings, 3).into_iter().collect::<Vec<_>>();
        assert_eq!(found(&[0, 1, 2, 3, 4, 5, 6, 7]), [7]);
        assert!(found(&[0, 1, 4, 5]).is_empty());
    }

    #[test]
    fn every_group_is_held_out_once_and_a_recording_too_short_for_a_score_counts_by_its_last_window() {
        // Three groups of one recording of 20 windows, and one of recordings of two windows.
        let noise = |row: usize, value: usize| ((row * 7919 + value * 104_729 + row * value) % 1009) as f32 / 1009.0;
        let x = Array2::from_shape_fn((68, 256), |(row, value)| noise(row, value));
        let groups: Vec<usize> = (0..68).map(|row| (row / 20).min(3)).collect();
        let recordings: Vec<usize> = (0..68).map(|row| if row < 60 { row / 20 } else { row / 2 }).collect();
        let windows = Windows {
            network: None,
            statistics: x.view(),
            rumble: None,
            spectra: None,
            classes: &[0; 68],
            groups: &groups,
            recordings: &recordings,
        };
        let found = hold_out(&windows, &(0..68).collect::<Vec<_>>(), &[], 0.48, || {}).unwrap();
        assert_eq!((found.folds, found.grouped, found.groups.len(), found.too_short()), (4, true, 4, 1));
        assert_eq!((found.alarmed().groups, found.warned().groups), (3, 3));
        let mut rows: Vec<usize> = found.scored.iter().map(|window| window.row).collect();
        rows.sort_unstable();
        assert_eq!(rows, (0..68).collect::<Vec<_>>());
        let counted = |rows: std::ops::Range<usize>| {
            found.scored.iter().filter(|window| rows.contains(&window.row) && window.counts).count()
        };
        // 16 settled means of 20 windows; of each short recording the last.
        assert_eq!((counted(0..20), counted(60..68)), (16, 4));
    }
}
