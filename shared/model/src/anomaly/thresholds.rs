//! Scale and levels of the detectors, from normal windows that were not in the fit.
//!
//! What a plant asks for is that a *new* operating condition (a load, a speed, a day) raises no false alarm. A group of
//! recordings stands for such a condition. Of each of the G groups that were left out of the fit, the highest mean z-score over each
//! span counts; the mean of these over the groups is the span's typical value. By how much the group exceeds it, in the span where
//! that is most, is M. A level lies above each typical value by the higher of two:
//!
//! ```text
//! mean(M) + t(1 - p, G - 1) max(sd(M), 0.15) sqrt(1 + 1 / G)      highest M + margin
//! ```
//!
//! One M for all spans keeps the promise one for each detector. The first is the prediction interval of one more value from a
//! normal distribution of which G values are known (Hahn and Meeker, "Statistical Intervals", 1991, section 4.7): the next
//! group's highest value exceeds it with probability p. It matters where groups are few. The second matters where they are many:
//! values that are drawn alike are the highest of G + 1 with probability 1 / (G + 1) each, whatever their distribution.

use std::collections::BTreeMap;

use monitor_core::anomaly::{Input, Interval, Means, SPANS, ZScores, counted, score};
use serde::Serialize;

use super::highest::{highest, raise};
use super::student;

/// A level: what each detector may exceed, and how rarely.
#[derive(Debug, Clone, Copy)]
struct Rule {
    /// Probability p that the next group exceeds it.
    p: f64,
    /// Least distance above the highest of the groups.
    margin: f64,
}

const ALARM: Rule = Rule { p: 0.1, margin: 0.5 };
const WARNING: Rule = Rule { p: 0.2, margin: 0.25 };

/// Least deviation of ln d.
const LEAST_DEVIATION: f64 = 0.1;
/// Least deviation of the groups' M.
const LEAST_SPREAD: f64 = 0.15;
/// Successive windows of normal sound that were not in the fit.
#[derive(Debug, Clone)]
pub struct UnseenRun {
    /// The group.
    pub group: usize,
    /// ln d of each window by each detector.
    pub windows: Vec<ZScores>,
}

/// Scale and levels of one detector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Mean of ln d.
    pub location: f32,
    /// Standard deviation of ln d.
    pub deviation: f32,
    /// Levels of the mean z-score over each span.
    pub intervals: [Interval; SPANS],
}

/// Scale and levels of all detectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Thresholds {
    /// In the order of [`Input::ALL`]; `None` without a detector.
    pub scales: [Option<Scale>; Input::ALL.len()],
    /// The warning level as a score.
    pub warning: f32,
    /// How rarely a new group of normal sound reaches the levels.
    pub promise: Promise,
}

/// Most probability that a group of normal sound that was never recorded reaches a level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Promise {
    /// Groups that were left out in turn.
    pub groups: usize,
    /// Probability of a warning, 0 to 1.
    pub warning: f64,
    /// Probability of an alarm, 0 to 1.
    pub alarm: f64,
}

impl Promise {
    /// The promise of levels by `groups` groups for `detectors` detectors, any of which may exceed its own.
    pub fn new(groups: usize, detectors: usize) -> Self {
        let at_most = |rule: Rule| (detectors as f64 * rule.p.min(1.0 / (groups as f64 + 1.0))).min(1.0);
        Self { groups, warning: at_most(WARNING), alarm: at_most(ALARM) }
    }
}

/// Computes scale and levels for windows that are `hop_s` seconds apart. Detectors are those of the first window.
pub fn thresholds(unseen: &[UnseenRun], hop_s: f64) -> Thresholds {
    let first = unseen.iter().flat_map(|run| &run.windows).next();
    let has = |input: Input| first.is_some_and(|window| window[input as usize].is_some());
    let detectors = Input::ALL.into_iter().filter(|input| has(*input)).count();
    let moments = Input::ALL.map(|input| has(input).then(|| moments(unseen, input)));
    let highest = of_groups(unseen, &moments, hop_s);
    let mut warning = f32::NEG_INFINITY;
    let scales = Input::ALL.map(|input| {
        let (location, deviation) = moments[input as usize]?;
        let values =
            |span: usize| highest.iter().map(move |means| f64::from(means[span][input as usize].unwrap_or(0.0)));
        let typical: [f64; SPANS] = std::array::from_fn(|span| mean(&values(span).collect::<Vec<_>>()));
        let mut excesses = vec![f64::NEG_INFINITY; highest.len()];
        for (span, typical) in typical.iter().enumerate() {
            excesses.iter_mut().zip(values(span)).for_each(|(most, value)| *most = most.max(value - typical));
        }
        let alarm = limit(&excesses, ALARM);
        // The most cautious of the detectors' warning levels.
        let position = (limit(&excesses, WARNING) / alarm) as f32;
        warning = warning.max(score(counted(input, position)));
        let intervals = typical.map(|typical| Interval { typical: typical as f32, alarm: (typical + alarm) as f32 });
        Some(Scale { location: location as f32, deviation: deviation as f32, intervals })
    });
    Thresholds {
        scales,
        warning: warning.clamp(f32::MIN_POSITIVE, 1.0),
        promise: Promise::new(highest.len(), detectors),
    }
}

/// Mean and population standard deviation of ln d by one detector.
fn moments(unseen: &[UnseenRun], input: Input) -> (f64, f64) {
    let values: Vec<f64> =
        unseen.iter().flat_map(|run| &run.windows).filter_map(|window| window[input as usize]).map(f64::from).collect();
    let mean = mean(&values);
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len().max(1) as f64;
    (mean, variance.sqrt().max(LEAST_DEVIATION))
}

/// The highest mean z-scores of each group.
fn of_groups(unseen: &[UnseenRun], moments: &[Option<(f64, f64)>; Input::ALL.len()], hop_s: f64) -> Vec<Means> {
    let mut groups: BTreeMap<usize, Means> = BTreeMap::new();
    for run in unseen {
        let z = |window: &ZScores| {
            std::array::from_fn(|input| {
                let (location, deviation) = moments[input]?;
                Some(((f64::from(window[input]?) - location) / deviation) as f32)
            })
        };
        let found = highest(run.windows.iter().map(z), hop_s as f32);
        let group = groups.entry(run.group).or_insert([[None; Input::ALL.len()]; SPANS]);
        group.iter_mut().zip(&found).for_each(|(group, found)| raise(group, found));
    }
    groups.into_values().collect()
}

/// The level by `rule` for groups whose highest values are `values`.
fn limit(values: &[f64], rule: Rule) -> f64 {
    let (count, mean) = (values.len().max(1) as f64, mean(values));
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let spread = (squares / (count - 1.0).max(1.0)).sqrt().max(LEAST_SPREAD);
    let t = student::exceeded(rule.p, values.len().saturating_sub(1));
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (mean + t * spread * (1.0 + 1.0 / count).sqrt()).max(highest + rule.margin)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(ln: f32) -> ZScores {
        let mut window = [None; Input::ALL.len()];
        window[Input::Tap as usize] = Some(ln);
        window
    }

    /// Groups of one run of 40 windows; ln d alternates about the group's value.
    fn runs(groups: &[f32]) -> Vec<UnseenRun> {
        let run = |(group, centre): (usize, &f32)| UnseenRun {
            group,
            windows: (0..40).map(|at| window(centre + if at % 2 == 0 { 0.2 } else { -0.2 })).collect(),
        };
        groups.iter().enumerate().map(run).collect()
    }

    #[test]
    fn the_alarm_levels_lie_above_the_groups_highest_values_by_their_prediction_interval() {
        let found = thresholds(&runs(&[1.0, 1.4, 0.6, 1.0]), 0.48);
        let scale = found.scales[Input::Tap as usize].unwrap();
        // Deviation: alternation of 0.2 and groups at 0, 0.4, -0.4, 0.
        let deviation = f64::sqrt(0.04 + 0.08);
        assert!((scale.location - 1.0).abs() < 1e-6 && (f64::from(scale.deviation) - deviation).abs() < 1e-6);
        // Of the first 5 and 11 windows with an odd number, 3 and 6 are high: 0.2 / 5 and 0.2 / 11 above the group's value.
        let typical = [0.2 / 5.0, 0.2 / 11.0].map(|above| above / deviation);
        let spread = f64::sqrt(2.0 * 0.16 / 3.0) / deviation;
        let alarm = 1.6377 * spread * f64::sqrt(1.25);
        for (interval, typical) in scale.intervals.iter().zip(typical) {
            assert!((f64::from(interval.typical) - typical).abs() < 1e-3, "{scale:?}");
            assert!((f64::from(interval.alarm) - typical - alarm).abs() < 1e-3, "{scale:?} {alarm}");
        }
        // The highest group is 0.4 above the mean, plus a quarter.
        let warning = 0.4 / deviation + 0.25;
        assert!((f64::from(found.warning) - f64::exp(warning / alarm - 1.0)).abs() < 1e-3, "{found:?}");
        assert_eq!(found.promise.groups, 4);
        assert_eq!((found.promise.alarm, found.promise.warning), (0.1, 0.2));
    }

    #[test]
    fn rumble_has_the_same_levels_and_its_warning_the_position_that_counts() {
        let runs = runs(&[1.0, 1.4, 0.6, 1.0]);
        let tap = thresholds(&runs, 0.48);
        let to_rumble = |mut run: UnseenRun| {
            run.windows.iter_mut().for_each(|window| window.swap(Input::Tap as usize, Input::Rumble as usize));
            run
        };
        let rumble = thresholds(&runs.into_iter().map(to_rumble).collect::<Vec<_>>(), 0.48);
        assert_eq!(rumble.scales[Input::Rumble as usize], tap.scales[Input::Tap as usize]);
        let [tap, rumble] = [tap, rumble].map(|found| 1.0 + found.warning.ln());
        assert!((rumble - counted(Input::Rumble, tap)).abs() < 1e-5, "{tap} {rumble}");
    }

    #[test]
    fn many_groups_promise_more_and_detectors_share_a_promise() {
        assert_eq!(Promise::new(3, 1), Promise { groups: 3, warning: 0.2, alarm: 0.1 });
        assert_eq!(Promise::new(3, 2), Promise { groups: 3, warning: 0.4, alarm: 0.2 });
        assert_eq!(Promise::new(99, 2), Promise { groups: 99, warning: 0.02, alarm: 0.02 });
        assert_eq!(Promise::new(1, 9), Promise { groups: 1, warning: 1.0, alarm: 0.9 });
    }

    #[test]
    fn the_level_lies_above_every_one_of_many_groups() {
        let mut groups = vec![1.0; 60];
        groups[7] = 3.0;
        let found = thresholds(&runs(&groups), 0.48);
        let Scale { location, deviation, intervals } = found.scales[Input::Tap as usize].unwrap();
        assert!(intervals.iter().all(|interval| interval.alarm > (3.0 - location) / deviation + 0.49), "{found:?}");
    }

    #[test]
    fn equal_groups_and_a_single_window_have_levels() {
        for unseen in [runs(&[1.0; 8]), runs(&[1.0]), vec![UnseenRun { group: 3, windows: vec![window(1.0)] }]] {
            let found = thresholds(&unseen, 0.48);
            let Scale { deviation, intervals, .. } = found.scales[Input::Tap as usize].unwrap();
            assert!(deviation >= 0.1);
            assert!(intervals.iter().all(|interval| interval.alarm > interval.typical && interval.alarm.is_finite()));
            assert!(found.warning > 0.0 && found.warning <= 1.0);
        }
    }
}
