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
//! z-scores are by the location and the deviation of ln d. Where a detector has states, each has its own, because a state of which
//! normal sound varies more, or stands farther out, would set the levels of all. Few groups show them only roughly, so they are
//! drawn towards those of all windows (L, S): with l and s of the windows of a state, which G groups have,
//!
//! ```text
//! location = L + G / (G + 4) (l - L)       deviation = S^0.85 s^0.15
//! ```
//!
//! One M for all spans keeps the promise one for each detector. The first is the prediction interval of one more value from a
//! normal distribution of which G values are known (Hahn and Meeker, "Statistical Intervals", 1991, section 4.7): the next
//! group's highest value exceeds it with probability p. It matters where groups are few. The second matters where they are many:
//! values that are drawn alike are the highest of G + 1 with probability 1 / (G + 1) each, whatever their distribution.

use std::collections::{BTreeMap, BTreeSet};

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
/// Groups of a state with which its own location and that of all windows count alike.
const STATE_GROUPS: f64 = 4.0;
/// Share of a state's own deviation, in its logarithm.
const STATE_DEVIATION: f64 = 0.15;
/// Fewest windows of a state that has a location and a deviation of its own.
const STATE_WINDOWS: usize = 8;

/// What a detector finds in a window of normal sound that was not in the fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unseen {
    /// ln d.
    pub ln: f32,
    /// The nearest state; the same for all windows without states.
    pub state: usize,
}

/// The same of each detector, in the order of [`Input::ALL`]; `None` without a detector.
pub type UnseenWindow = [Option<Unseen>; Input::ALL.len()];

/// Successive windows of normal sound that were not in the fit.
#[derive(Debug, Clone)]
pub struct UnseenRun {
    /// The group.
    pub group: usize,
    /// The windows.
    pub windows: Vec<UnseenWindow>,
}

/// Scale and levels of one detector.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// Mean of ln d.
    pub location: f32,
    /// Standard deviation of ln d.
    pub deviation: f32,
    /// Location and deviation of each state that has its own.
    states: BTreeMap<usize, (f32, f32)>,
    /// Levels of the mean z-score over each span.
    pub intervals: [Interval; SPANS],
}

impl Scale {
    /// Location and deviation of ln d in `state`.
    pub fn of_state(&self, state: usize) -> (f32, f32) {
        self.states.get(&state).copied().unwrap_or((self.location, self.deviation))
    }

    /// Writes location and deviation of each of `states` into their `bytes`
    /// ([`SubspaceDetector::states`](monitor_core::anomaly::SubspaceDetector::states)).
    pub fn put(&self, bytes: &mut [u8], states: impl ExactSizeIterator<Item = usize>) {
        let len = bytes.len() / states.len().max(1);
        for (bytes, state) in bytes.chunks_exact_mut(len.max(1)).zip(states) {
            let (location, deviation) = self.of_state(state);
            let numbers = location.to_le_bytes().into_iter().chain(deviation.to_le_bytes());
            bytes.iter_mut().zip(numbers).for_each(|(byte, new)| *byte = new);
        }
    }
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
    let moments = Input::ALL.map(|input| has(input).then(|| Moments::new(unseen, input)));
    let highest = of_groups(unseen, &moments, hop_s);
    let mut warning = f32::NEG_INFINITY;
    let scales = Input::ALL.map(|input| {
        let Moments { all: (location, deviation), states } = moments[input as usize].as_ref()?;
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
        let states = states.iter().map(|(state, (l, s))| (*state, (*l as f32, *s as f32))).collect();
        Some(Scale { location: *location as f32, deviation: *deviation as f32, states, intervals })
    });
    Thresholds {
        scales,
        warning: warning.clamp(f32::MIN_POSITIVE, 1.0),
        promise: Promise::new(highest.len(), detectors),
    }
}

/// Location and deviation of ln d by one detector.
#[derive(Debug)]
struct Moments {
    /// Of all windows.
    all: (f64, f64),
    /// Of each state that has its own.
    states: BTreeMap<usize, (f64, f64)>,
}

impl Moments {
    /// Those of all windows of `unseen` by the detector over `input`.
    fn new(unseen: &[UnseenRun], input: Input) -> Self {
        let mut values = Vec::new();
        let mut states: BTreeMap<usize, (Vec<f64>, BTreeSet<usize>)> = BTreeMap::new();
        for run in unseen {
            for Unseen { ln, state } in run.windows.iter().filter_map(|window| window[input as usize]) {
                values.push(f64::from(ln));
                let (of_state, groups) = states.entry(state).or_default();
                of_state.push(f64::from(ln));
                groups.insert(run.group);
            }
        }
        let all = moments(&values);
        if states.len() == 1 {
            states.clear();
        }
        states.retain(|_, (values, _)| values.len() >= STATE_WINDOWS);
        let own = |(state, (values, groups)): (usize, (Vec<f64>, BTreeSet<usize>))| {
            let (location, deviation) = moments(&values);
            let groups = groups.len() as f64;
            let location = all.0 + groups / (groups + STATE_GROUPS) * (location - all.0);
            // By the crate, not by `f64`'s own, as in `student`.
            let ratio = libm::pow(deviation / all.1, STATE_DEVIATION);
            (state, (location, all.1 * ratio))
        };
        Self { all, states: states.into_iter().map(own).collect() }
    }

    /// The z-score of a window.
    fn z(&self, window: Unseen) -> f32 {
        let (location, deviation) = self.states.get(&window.state).unwrap_or(&self.all);
        ((f64::from(window.ln) - location) / deviation) as f32
    }
}

/// Mean and population standard deviation, the latter at least [`LEAST_DEVIATION`].
fn moments(values: &[f64]) -> (f64, f64) {
    let mean = mean(values);
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len().max(1) as f64;
    (mean, variance.sqrt().max(LEAST_DEVIATION))
}

/// The highest mean z-scores of each group.
fn of_groups(unseen: &[UnseenRun], moments: &[Option<Moments>; Input::ALL.len()], hop_s: f64) -> Vec<Means> {
    let mut groups: BTreeMap<usize, Means> = BTreeMap::new();
    for run in unseen {
        let z = |window: &UnseenWindow| -> ZScores {
            std::array::from_fn(|input| Some(moments[input].as_ref()?.z(window[input]?)))
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

    fn window(ln: f32) -> UnseenWindow {
        let mut window = [None; Input::ALL.len()];
        window[Input::Tap as usize] = Some(Unseen { ln, state: 0 });
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
        let scale = found.scales[Input::Tap as usize].clone().unwrap();
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
        let Scale { location, deviation, intervals, .. } = found.scales[Input::Tap as usize].clone().unwrap();
        assert!(intervals.iter().all(|interval| interval.alarm > (3.0 - location) / deviation + 0.49), "{found:?}");
    }

    #[test]
    fn equal_groups_and_a_single_window_have_levels() {
        for unseen in [runs(&[1.0; 8]), runs(&[1.0]), vec![UnseenRun { group: 3, windows: vec![window(1.0)] }]] {
            let found = thresholds(&unseen, 0.48);
            let Scale { deviation, intervals, .. } = found.scales[Input::Tap as usize].clone().unwrap();
            assert!(deviation >= 0.1);
            assert!(intervals.iter().all(|interval| interval.alarm > interval.typical && interval.alarm.is_finite()));
            assert!(found.warning > 0.0 && found.warning <= 1.0);
        }
    }

    #[test]
    fn a_state_is_drawn_towards_all_windows_by_the_number_of_its_groups() {
        // Four groups about 1 in the state 3, two about 2 in the state 5.
        let mut runs = runs(&[1.0, 1.4, 0.6, 1.0, 2.0, 2.0]);
        let states = |group: usize| if group < 4 { 3 } else { 5 };
        runs.iter_mut()
            .for_each(|run| run.windows.iter_mut().flatten().flatten().for_each(|w| w.state = states(run.group)));
        let scale = |runs: &[UnseenRun]| thresholds(runs, 0.48).scales[Input::Tap as usize].clone().unwrap();
        let found = scale(&runs);
        let near = |a: f32, b: f64| assert!((f64::from(a) - b).abs() < 1e-5, "{a} {b}");
        let (all, deviation) = (8.0 / 6.0, f64::from(found.deviation));
        near(found.location, all);
        for (state, groups, own, spread) in [(3, 4.0, 1.0, f64::sqrt(0.04 + 0.08)), (5, 2.0, 2.0, 0.2)] {
            let (location, scale) = found.of_state(state);
            near(location, all + groups / (groups + 4.0) * (own - all));
            near(scale, deviation * (spread / deviation).powf(STATE_DEVIATION));
        }
        assert_eq!(found.of_state(4), (found.location, found.deviation), "a state without windows");
        // A single state is all sound, whatever its number.
        runs.iter_mut().for_each(|run| run.windows.iter_mut().flatten().flatten().for_each(|w| w.state = 7));
        let found = scale(&runs);
        assert_eq!(found.of_state(7), (found.location, found.deviation));
    }

    #[test]
    fn the_levels_of_states_that_differ_only_by_their_place_are_lower_than_those_of_one_state() {
        let mut runs = runs(&[1.0, 1.2, 0.8, 1.0, 1.1, 0.9, 1.0, 1.1, 2.0, 2.2, 1.8, 2.0, 2.1, 1.9, 2.0, 2.1]);
        let above = |runs: &[UnseenRun]| {
            let scale = thresholds(runs, 0.48).scales[Input::Tap as usize].clone().unwrap();
            let (location, deviation) = scale.of_state(0);
            location + deviation * scale.intervals[0].alarm
        };
        let one = above(&runs);
        let upper = |run: &UnseenRun| usize::from(run.group >= 8);
        runs.iter_mut().for_each(|run| {
            let state = upper(run);
            run.windows.iter_mut().flatten().flatten().for_each(|window| window.state = state);
        });
        assert!(above(&runs) < one - 0.2, "{} {one}", above(&runs));
    }

    #[test]
    fn states_are_written_with_their_scales_and_keep_their_means() {
        let mut runs = runs(&[1.0, 1.4, 2.0, 2.4]);
        runs.iter_mut().skip(2).for_each(|run| run.windows.iter_mut().flatten().flatten().for_each(|w| w.state = 1));
        let scale = thresholds(&runs, 0.48).scales[Input::Tap as usize].clone().unwrap();
        let mut bytes: Vec<u8> =
            [0.0, 1.0, 5.0, 0.0, 1.0, 6.0].iter().flat_map(|number: &f32| number.to_le_bytes()).collect();
        scale.put(&mut bytes, 0..2);
        let numbers: Vec<f32> = monitor_tflite::Scalars::<f32>::new(&bytes).iter().collect();
        let of = |state| scale.of_state(state);
        assert_eq!(numbers, [of(0).0, of(0).1, 5.0, of(1).0, of(1).1, 6.0]);
        scale.put(&mut [], 0..0);
    }
}
