//! Whether a device is unlike the others that run the same model.
//!
//! For each quantity (anomaly score, level) a robust z-score compares a device's median `x` with those of its sisters, itself left
//! out:
//!
//! ```text
//! z = (x - median of the sisters) / max(1.4826 * median absolute deviation of the sisters, least)
//! ```
//!
//! 1.4826 makes the deviation that of a normal distribution; `least` is 0.1 of the score and 2 dB, so that sisters that agree
//! closely do not make a small difference large. A device is unlike its sisters if `|z|` is above 3.5 (Iglewicz and Hoaglin, "How to
//! detect and handle outliers", 1993) for the last day and for the last ten minutes: the first alone would outlast a repair, the
//! second alone would show that a machine is in another state at the moment. Fewer than three sisters are no comparison.

use serde::Serialize;

use super::statistics::{Quantity, Statistics, median};

/// Sisters that a device must have.
const LEAST_SISTERS: usize = 3;

/// The limit of `|z|`.
const LIMIT: f64 = 3.5;

/// Least deviation, in the order of [`Quantity::ALL`].
const LEAST_DEVIATION: [f64; 2] = [0.1, 2.0];

/// A comparison of one quantity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Comparison {
    /// The device's median of the last day.
    pub own: f64,
    /// The median of its sisters'.
    pub sisters: f64,
    /// `z` of the last day.
    pub z_day: f64,
    /// `z` of the last ten minutes.
    pub z_recent: f64,
    /// Whether both are beyond the limit on the same side.
    pub unlike: bool,
}

/// A device's comparisons with its sisters; `None` where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub(crate) struct Sisters {
    /// Of the anomaly score.
    pub score: Option<Comparison>,
    /// Of the level.
    pub level: Option<Comparison>,
}

impl Sisters {
    /// Compares the device at `place` of `group`, which run one model.
    pub(super) fn of(group: &[&Statistics], place: usize) -> Self {
        let [score, level] = Quantity::ALL.map(|quantity| compare(group, place, quantity));
        Self { score, level }
    }

    /// Whether the device is unlike its sisters.
    pub(crate) fn unlike(&self) -> bool {
        [self.score, self.level].into_iter().flatten().any(|comparison| comparison.unlike)
    }
}

fn compare(group: &[&Statistics], place: usize, quantity: Quantity) -> Option<Comparison> {
    let own = group.get(place)?;
    let z = |of: &dyn Fn(&Statistics) -> Option<f64>| {
        let value = of(own)?;
        let others = group.iter().enumerate().filter(|(other, _)| *other != place);
        let mut others: Vec<f64> = others.filter_map(|(_, other)| of(other)).collect();
        if others.len() < LEAST_SISTERS {
            return None;
        }
        let centre = median(&mut others)?;
        let mut away: Vec<f64> = others.iter().map(|other| (other - centre).abs()).collect();
        let deviation = (1.4826 * median(&mut away)?).max(LEAST_DEVIATION[quantity as usize]);
        Some((value, centre, (value - centre) / deviation))
    };
    let (own, sisters, z_day) = z(&|of: &Statistics| of.day(quantity))?;
    let (_, _, z_recent) = z(&|of: &Statistics| of.recent(quantity))?;
    let unlike = z_day.abs() > LIMIT && z_recent.abs() > LIMIT && z_day.signum() == z_recent.signum();
    Some(Comparison { own, sisters, z_day, z_recent, unlike })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// A device with these medians of ten minutes each.
    fn device(scores: &[f64], level: f64) -> Statistics {
        let start = Instant::now();
        let mut statistics = Statistics::new(start);
        for (bin, score) in (0_u32..).zip(scores) {
            statistics.add(start + Duration::from_secs(600) * bin, [Some(*score), Some(level)]);
        }
        statistics.add(start + Duration::from_secs(600) * scores.len() as u32, [None, None]);
        statistics
    }

    fn of(group: &[Statistics], place: usize) -> Sisters {
        Sisters::of(&group.iter().collect::<Vec<_>>(), place)
    }

    #[test]
    fn the_one_that_differs_is_named_and_its_sisters_are_not() {
        let group = [[0.30; 6], [0.35; 6], [0.40; 6], [1.2; 6]].map(|scores| device(&scores, -30.0));
        let unlike: Vec<bool> = (0..4).map(|place| of(&group, place).unlike()).collect();
        assert_eq!(unlike, [false, false, false, true]);
        let score = of(&group, 3).score.unwrap();
        // The sisters' deviation is 1.4826 * 0.05, below the least.
        assert!((score.sisters - 0.35).abs() < 1e-9 && (score.z_day - 8.5).abs() < 1e-6, "{score:?}");
    }

    #[test]
    fn a_level_that_differs_by_more_than_the_sisters_do_counts() {
        let levels = |last: f64| [-30.0, -31.0, -29.0, -30.5, last].map(|level| device(&[0.3; 3], level));
        assert!(of(&levels(-45.0), 4).level.unwrap().unlike && !of(&levels(-35.0), 4).unlike());
    }

    #[test]
    fn another_state_at_the_moment_or_a_repair_is_not_unlike() {
        let sisters = [[0.30; 6], [0.35; 6], [0.40; 6]].map(|scores| device(&scores, -30.0)).to_vec();
        let with = |scores: &[f64]| [sisters.clone(), vec![device(scores, -30.0)]].concat();
        assert!(!of(&with(&[0.3, 0.3, 0.3, 0.3, 0.3, 1.5]), 3).unlike());
        assert!(!of(&with(&[1.5, 1.5, 1.5, 1.5, 1.5, 0.3]), 3).unlike());
    }

    #[test]
    fn fewer_than_four_devices_are_not_compared() {
        let group = [[0.3; 6], [0.35; 6], [5.0; 6]].map(|scores| device(&scores, -30.0));
        assert_eq!(of(&group, 2), Sisters::default());
        let without_score = [0, 1, 2, 3].map(|_| device(&[], -30.0));
        assert_eq!(of(&without_score, 0), Sisters::default());
    }
}
