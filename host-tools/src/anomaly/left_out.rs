//! The anomaly score on normal sound that it was not fitted to: whole groups are left out in turn.
//!
//! Each group stands for an operating condition (a load, a speed, a day) that the fit has not seen. Its recordings are played
//! to the alarm one after the other, as a device would process them.

use std::collections::BTreeSet;

use monitor_core::anomaly::{Alarm, Persistence};
use rayon::prelude::*;
use serde::Serialize;

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
    let scored: Vec<Vec<(usize, Vec<f32>)>> = (0..folds)
        .into_par_iter()
        .map(|fold| {
            let out: Vec<usize> = groups.iter().copied().skip(fold).step_by(folds).collect();
            let rest: Vec<usize> = rows.iter().copied().filter(|row| !out.contains(&index.groups[*row])).collect();
            let fitted = fit(&windows, &rest, set.hop_s()).ok()?;
            let score = |row: &usize| monitor_core::anomaly::score(fitted.z_scores(&windows, *row).1, fitted.threshold);
            let of = |group: usize| rows.iter().filter(|row| index.groups[**row] == group).map(score).collect();
            Some(out.into_iter().map(|group| (group, of(group))).collect())
        })
        .collect::<Option<_>>()?;
    let mut scored: Vec<(usize, Vec<f32>)> = scored.into_iter().flatten().collect();
    scored.sort_by_key(|(group, _)| *group);
    let (needed, _) = Persistence::default().windows(set.hop_s() as f32);
    let too_short = scored.iter().filter(|(_, scores)| scores.len() < needed as usize).count();
    let alarmed = scored.iter().filter(|(_, scores)| raises_alarm(scores, set.hop_s()));
    let alarmed = alarmed.map(|(group, _)| set.dataset.groups[*group].clone()).collect();
    let scores: Vec<f64> = scored.iter().flat_map(|(_, scores)| scores).map(|score| f64::from(*score)).collect();
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

/// Whether the scores of successive windows raise the device's alarm; the state is steady.
fn raises_alarm(scores: &[f32], hop_s: f64) -> bool {
    let mut alarm = Alarm::new(Persistence::default(), hop_s as f32);
    scores.iter().any(|score| {
        alarm.update(*score, true);
        alarm.active()
    })
}
