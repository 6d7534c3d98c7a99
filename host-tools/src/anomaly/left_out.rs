//! The anomaly score on normal sound that it was not fitted to, for a model of one class.

use serde::Serialize;

use super::hold_out::hold_out;
use super::normal::WindowIndex;
use crate::data::feature_set::FeatureSet;
use crate::evaluate::metrics::binomial;

/// Normal sound scored by fits without its group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct LeftOut {
    /// Number of groups that were left out and are long enough to raise the alarm.
    pub groups: usize,
    /// Number of other groups.
    pub too_short: usize,
    /// Length of the shortest recording that can raise the alarm, in seconds.
    pub needed_s: f64,
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
    /// The score of every window that has one.
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
    let first = index.groups[*rows.first()?];
    if rows.iter().all(|row| index.groups[*row] == first) {
        return None;
    }
    let held = hold_out(&index.windows(set), rows, &[], set.hop_s(), || {}).ok()?;
    let alarmed = held.groups.iter().filter(|group| group.alarmed && group.long_enough);
    let scores: Vec<f64> = held.scored.iter().filter_map(|window| window.score).map(f64::from).collect();
    Some(LeftOut {
        groups: held.groups.len() - held.too_short(),
        too_short: held.too_short(),
        needed_s: held.needed.seconds,
        alarmed: alarmed.map(|group| set.dataset.groups[group.key].clone()).collect(),
        windows: held.scored.len(),
        above: scores.iter().filter(|score| **score >= 1.0).count(),
        seconds: held.scored.len() as f64 * set.hop_s(),
        within_recording: set.dataset.within_recording,
        scores,
    })
}
