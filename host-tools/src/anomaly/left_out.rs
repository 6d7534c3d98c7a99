//! The anomaly score on normal sound that it was not fitted to: whole groups are left out in turn.
//!
//! Each group stands for an operating condition (a load, a speed, a day) that the fit has not seen. Its recordings are played
//! to the alarm one after the other, as a device would process them.

use std::collections::{BTreeMap, BTreeSet};

use monitor_core::anomaly::Alarm;
use rayon::prelude::*;
use serde::Serialize;

use super::cross_validation::{Scored, scored};
use super::fit::fit;
use super::normal::WindowIndex;
use crate::data::feature_set::FeatureSet;
use crate::evaluate::metrics::binomial;

/// Maximum number of fits; with more groups several are left out together.
const FOLDS: usize = 10;

/// Normal sound scored by fits without its group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct LeftOut {
    /// Number of groups that were left out and are long enough to raise the alarm.
    pub groups: usize,
    /// Number of other groups.
    pub too_short: usize,
    /// Names of those that raised the alarm.
    pub alarmed: Vec<String>,
    /// Number of windows.
    pub windows: usize,
    /// Number of windows with a score of 1 or more.
    pub above: usize,
    /// Length of the sound in seconds: windows times hop.
    pub seconds: f64,
    /// Whether groups are parts of one recording, which is optimistic.
    pub within_recording: bool,
    /// The score of every window.
    #[serde(skip)]
    pub scores: Vec<f64>,
}

impl LeftOut {
    /// Upper limit, with 95 % confidence, of the share of new groups that raise the alarm, 0 to 1.
    pub(crate) fn most_alarming(&self) -> f64 {
        binomial::upper_limit(self.alarmed.len(), self.groups)
    }

    /// Probability that at least as many groups raise the alarm if a new group does so with probability `share`, 0 to 1.
    pub(crate) fn at_least_as_many(&self, share: f64) -> f64 {
        binomial::at_least(self.alarmed.len(), self.groups, share)
    }
}

/// Leaves the groups of `rows` of `set`, normal sound, out in turn; `None` if they are of one group, or the rest is too little
/// to fit.
pub(crate) fn left_out(set: &FeatureSet, rows: &[usize]) -> Option<LeftOut> {
    let index = WindowIndex::from_set(set);
    let windows = index.windows(set);
    let groups: Vec<usize> = rows.iter().map(|row| index.groups[*row]).collect::<BTreeSet<_>>().into_iter().collect();
    let folds = groups.len().min(FOLDS);
    if folds < 2 {
        return None;
    }
    let parts: Vec<(usize, Vec<Scored>)> = (0..folds)
        .into_par_iter()
        .map(|fold| {
            let is_out = |row: &&usize| groups.binary_search(&index.groups[**row]).is_ok_and(|at| at % folds == fold);
            let (out, rest): (Vec<usize>, Vec<usize>) = rows.iter().partition(is_out);
            let fitted = fit(&windows, &rest, set.hop_s()).ok()?;
            let needed = Alarm::new(&fitted.rules(), set.hop_s() as f32).least_windows();
            Some((needed as usize, scored(&fitted, &windows, fold, out.into_iter(), set.hop_s())))
        })
        .collect::<Option<_>>()?;
    let needed = parts.iter().map(|(needed, _)| *needed).max().unwrap_or(0);
    let mut by_group: BTreeMap<usize, Vec<Scored>> = BTreeMap::new();
    for scored in parts.into_iter().flat_map(|(_, scored)| scored) {
        by_group.entry(index.groups[scored.row]).or_default().push(scored);
    }
    let too_short = by_group.values().filter(|scored| scored.len() < needed).count();
    let alarmed = by_group.iter().filter(|(_, scored)| scored.iter().any(|window| window.alarmed));
    let alarmed = alarmed.map(|(group, _)| set.dataset.groups[*group].clone()).collect();
    let scores: Vec<f64> = by_group.values().flatten().map(|scored| f64::from(scored.score)).collect();
    Some(LeftOut {
        groups: groups.len() - too_short,
        too_short,
        alarmed,
        windows: scores.len(),
        above: scores.iter().filter(|score| **score >= 1.0).count(),
        seconds: scores.len() as f64 * set.hop_s(),
        within_recording: set.dataset.within_recording,
        scores,
    })
}
