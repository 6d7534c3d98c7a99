//! The scale on which the detectors are compared, and the threshold. Both are computed only from normal windows that were not
//! in the fit.
//!
//! Each detector's ln d is measured in deviations of such windows, times a weight. The weight has two factors:
//!
//! - **Sensitivity**, 1 / deviation: the less ln d varies over unseen normal sound, the more significant is a given change.
//! - **Stability**: if unseen *groups* differ far more than the windows within one group, the detector follows the recording
//!   conditions (a speed, a microphone position) and would report the next condition as an anomaly. The factor is the share
//!   of the variance within groups: one minus the intraclass correlation of a one-way analysis of variance.
//!
//! The weight is their product divided by the largest product of all detectors. Without it, a detector that follows the
//! recording conditions would dominate one that follows the machine, since the larger value counts.

use std::collections::BTreeMap;

use monitor_core::anomaly::Persistence;

/// Distance of the threshold above the highest value of normal sound, in deviations.
pub const MARGIN: f32 = 0.5;

/// Least share within groups, so that no weight becomes 0.
const LEAST: f64 = 0.01;

/// Returns location and deviation of each detector, with the weight folded into the deviation. `detectors` holds ln d of all
/// unseen windows for each detector; `groups` holds the windows' groups.
pub fn scales(detectors: &[Vec<f64>], groups: &[usize]) -> Vec<(f64, f64)> {
    let moments: Vec<(f64, f64)> = detectors.iter().map(|values| moments(values)).collect();
    let weights: Vec<f64> =
        detectors.iter().zip(&moments).map(|(values, (_, deviation))| stability(values, groups) / deviation).collect();
    let largest = weights.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    moments.iter().zip(weights).map(|((mean, deviation), weight)| (*mean, deviation * largest / weight)).collect()
}

/// Mean and population standard deviation, the latter at least 0.001.
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt().max(1e-3))
}

/// Share of the variance within groups, [`LEAST`] to 1; 1 if there is only one group, or if each group has one window.
fn stability(values: &[f64], groups: &[usize]) -> f64 {
    let mut of_group: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    values.iter().zip(groups).for_each(|(value, group)| of_group.entry(*group).or_default().push(*value));
    let (windows, count) = (values.len() as f64, of_group.len() as f64);
    if of_group.len() < 2 || of_group.len() >= values.len() {
        return 1.0;
    }
    let total = values.iter().sum::<f64>() / windows;
    let (mut within, mut between, mut squares) = (0.0, 0.0, 0.0);
    for own in of_group.values() {
        let size = own.len() as f64;
        let mean = own.iter().sum::<f64>() / size;
        within += own.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        between += size * (mean - total).powi(2);
        squares += size * size;
    }
    let (within, between) = (within / (windows - count), between / (count - 1.0));
    // Size of a group, for groups of different sizes.
    let size = (windows - squares / windows) / (count - 1.0);
    let between = ((between - within) / size).max(0.0);
    (within / (within + between).max(f64::MIN_POSITIVE)).clamp(LEAST, 1.0)
}

/// The highest threshold at which these scores would raise the alarm. With fewer windows than the alarm needs, the highest
/// score that all of them reach.
pub fn highest_lasting(scores: &[f32], persistence: Persistence, hop_s: f64) -> f32 {
    let (k, n) = persistence.windows(hop_s as f32);
    let n = (n as usize).min(scores.len()).max(1);
    let k = (k as usize).min(n);
    let kth = |window: &[f32]| {
        let mut sorted = window.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        sorted.get(k - 1).copied().unwrap_or(f32::NEG_INFINITY)
    };
    scores.windows(n).map(kth).fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 4 groups of 50 windows: a step of `step` from one to the next and a ripple of deviation 1 within.
    fn values(step: f64) -> (Vec<f64>, Vec<usize>) {
        let groups: Vec<usize> = (0..200).map(|row| row / 50).collect();
        let ripple = |row: usize| if row.is_multiple_of(2) { 1.0 } else { -1.0 };
        (groups.iter().enumerate().map(|(row, group)| step * *group as f64 + ripple(row)).collect(), groups)
    }

    #[test]
    fn stability_is_the_share_of_variance_within_groups() {
        let of = |step| {
            let (values, groups) = values(step);
            stability(&values, &groups)
        };
        assert_eq!(of(0.0), 1.0);
        // Groups at 0, 3, 6, 9 have a variance of 15.
        assert!((of(3.0) - 1.0 / 16.0).abs() < 0.01, "{}", of(3.0));
        assert_eq!(of(1000.0), LEAST);
        assert_eq!(stability(&[1.0, 2.0, 3.0], &[0, 0, 0]), 1.0);
        assert_eq!(stability(&[1.0, 2.0, 3.0], &[0, 1, 2]), 1.0);
    }

    #[test]
    fn a_detector_that_follows_the_group_weighs_less_than_one_that_does_not() {
        let ((stable, groups), (unstable, _)) = (values(0.0), values(3.0));
        let found = scales(&[stable.clone(), unstable], &groups);
        assert_eq!(found[0], (0.0, 1.0));
        assert!(found[1].1 > 100.0, "{found:?}");
        // Equal evidence, equal weight, whatever the unit.
        let [a, b] = scales(&[stable.clone(), stable.clone()], &groups)[..] else { panic!() };
        assert_eq!(a, b);
    }
}
