//! On which scale the detectors are compared, and where the threshold lies: from normal windows that the fit never saw, and
//! from nothing else.
//!
//! Each detector's ln d is counted in deviations of such windows, times a weight. Two things speak for a detector:
//!
//! - **It is sharp.** Where ln d of unseen normal sound spreads less, the same move of ln d says more: 1 / deviation.
//! - **It is stable.** Where unseen *groups* differ far more than the windows within one, the detector follows the conditions
//!   of recording (a speed, a microphone's place), and will call the next condition an anomaly. What share of the variance
//!   lies within groups (one less the intraclass correlation of a one-way analysis of variance) is what remains of it.
//!
//! The weight is the product of both, over the largest one of all detectors. So a detector that knows only where it was
//! recorded cannot drown one that knows the machine, as it would if the larger of two equal scales counted.

use std::collections::BTreeMap;

use monitor_core::anomaly::Persistence;

/// What the threshold lies above the highest that normal sound reached, in deviations.
pub const MARGIN: f32 = 0.25;

/// Least share within groups: a weight never becomes nothing.
const LEAST: f64 = 0.01;

/// Location and deviation of each detector, the weight folded into the deviation: `detectors` holds for each of them ln d of
/// all unseen windows, whose groups are `groups`.
pub fn scales(detectors: &[Vec<f64>], groups: &[usize]) -> Vec<(f64, f64)> {
    let moments: Vec<(f64, f64)> = detectors.iter().map(|values| moments(values)).collect();
    let weights: Vec<f64> =
        detectors.iter().zip(&moments).map(|(values, (_, deviation))| stability(values, groups) / deviation).collect();
    let largest = weights.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    moments.iter().zip(weights).map(|((mean, deviation), weight)| (*mean, deviation * largest / weight)).collect()
}

/// Mean and population standard deviation, which is at least a thousandth.
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt().max(1e-3))
}

/// Share of the variance that lies within groups, [`LEAST`] to 1; 1 where there are no two groups, or nothing but single
/// windows.
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

/// The highest level at which the alarm would just be raised; of fewer windows than that takes, the highest that all of
/// them reach.
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
