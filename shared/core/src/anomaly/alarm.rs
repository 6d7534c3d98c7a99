//! From z-scores to warnings and alarms: a score that stays above a level raises it, one that stays well below ends it. The
//! warning level is lower, so the score must stay there longer; an alarm is a warning too.
//!
//! A machine that changes its state makes, for a moment, sound that belongs to no state: windows span two of them, a rotor
//! runs up. Training uses recordings of states, not of changes, so such windows score high without a fault. The decision
//! marks them as not steady. From the first sign of a change until one whole window after it windows are not counted, the
//! mean starts anew, and the score keeps its last value until the new mean is settled. A fault may keep the state from ever
//! being steady, so this has a budget, a token bucket: each window that is left out costs one token, each window with a mean
//! below the warning level in a steady state returns one (by itself until the mean is settled, or changes in quick succession
//! would use the budget up), and with an empty bucket every window counts. A lasting anomaly is therefore reported within
//! [`Alarm::delay_windows`] in any state.

use super::{Error, Input, Levels, SPANS, Smoother, ZScores, Zone, score};
use crate::window::SECONDS_F32 as WINDOW_S;

/// Share of a level below which a window counts towards the end of its warning or alarm.
const RELEASE: f32 = 0.8;

/// Longest look-back, in windows.
const MOST: f32 = 128.0;

/// Persistence of warning and alarm in seconds, so that it holds at any hop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Persistence {
    /// The alarm is raised when the smoothed score is at its level or above for this much of the last `within_s`, a warning when it
    /// is at its own for all of them. Above 0.
    pub raise_s: f32,
    /// Look-back of `raise_s`, at least as long; ended after the same time without a break well below. At most 600.
    pub within_s: f32,
    /// The most sound that is not counted while the state changes. 0 to 600.
    pub change_s: f32,
}

impl Default for Persistence {
    /// The score is that of a mean over 5 s or more, which differs little from one window to the next: a background that
    /// brings it to its level does so for a second or two. A change takes 3 to 4 s until it is decided and its last window is over;
    /// the budget covers two in quick succession.
    fn default() -> Self {
        Self { raise_s: 3.0, within_s: 5.0, change_s: 7.5 }
    }
}

impl Persistence {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::Damaged`] when a value is out of its range or not finite.
    pub fn check(self) -> Result<Self, Error> {
        let fits = self.raise_s > 0.0 && self.raise_s <= self.within_s && self.within_s <= 600.0;
        if fits && (0.0..=600.0).contains(&self.change_s) { Ok(self) } else { Err(Error::Damaged) }
    }

    /// `(k, n)`: how many of how many windows raise the alarm at a hop of `hop_s` seconds; 1 <= k <= n <= 128.
    pub fn windows(&self, hop_s: f32) -> (u32, u32) {
        let n = libm::fminf(windows(self.within_s, hop_s), MOST);
        let k = libm::roundf(n * self.raise_s / self.within_s);
        // `as` saturates and turns NaN into 0.
        let n = (n as u32).max(1);
        ((k as u32).clamp(1, n), n)
    }
}

/// Whole windows in `seconds`.
fn windows(seconds: f32, hop_s: f32) -> f32 {
    libm::roundf(seconds / hop_s)
}

/// What the alarm needs to know of the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlarmRules {
    /// Levels of the score.
    pub levels: Levels,
    /// Score that counts towards the alarm, above 0: 1 is the level found in training, a higher one raises fewer alarms.
    pub alarm: f32,
    /// How long the score must stay above them.
    pub persistence: Persistence,
}

/// A warning or alarm was raised or has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is raised.
    Raised,
    /// It has ended.
    Ended,
}

/// The effect of one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// The smoothed score, above 0, 1 at the alarm level; `None` if no detector had its input, and after a start or a gap until
    /// the mean is settled: the mean of a few windows exceeds a level by chance.
    pub score: Option<f32>,
    /// The place of each detector on its [`Interval`](super::Interval), by the means where the window counts.
    pub positions: ZScores,
    /// Whether the warning changed.
    pub warning: Option<Change>,
    /// Whether the alarm changed.
    pub alarm: Option<Change>,
    /// The zone from this window on.
    pub zone: Zone,
}

/// One level: raised by `k` of the last `n` windows at or above it, ended by `n` in a row well below.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Latch {
    /// The last windows, newest lowest: set where the score was at the level or above.
    above: u128,
    /// Windows in a row below the release.
    quiet: u32,
    active: bool,
}

impl Latch {
    /// `held` keeps it raised, or raises it.
    fn update(&mut self, score: f32, level: f32, (k, n): (u32, u32), held: bool) -> Option<Change> {
        self.above = ((self.above << 1) | u128::from(score >= level)) & (u128::MAX >> (128 - n));
        self.quiet = if score < RELEASE * level { self.quiet.saturating_add(1) } else { 0 };
        let was = self.active;
        self.active = held || if was { self.quiet < n } else { self.above.count_ones() >= k };
        match (was, self.active) {
            (false, true) => Some(Change::Raised),
            (true, false) => Some(Change::Ended),
            _ => None,
        }
    }
}

/// Follows the z-scores of successive windows. Uses no clock; 4 kB of state.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    levels: Levels,
    /// Score that counts towards the alarm.
    level: f32,
    smoother: Smoother,
    k: u32,
    n: u32,
    /// Budget of windows that are not counted: when full, and now.
    capacity: u32,
    budget: u32,
    /// Windows after an unsteady one that may contain sound from before it.
    settle: u32,
    /// Windows since the last unsteady one.
    steady: u32,
    /// Windows of the mean that are at the warning level by themselves, less those that are not.
    high: u32,
    /// Number of the window that must come next.
    next: Option<u64>,
    /// The last score of a settled mean.
    score: Option<f32>,
    warning: Latch,
    alarm: Latch,
}

impl Alarm {
    /// An alarm that is not raised, for windows that are `hop_s` seconds apart.
    pub fn new(rules: &AlarmRules, hop_s: f32) -> Self {
        let (k, n) = rules.persistence.windows(hop_s);
        // 600 s at a hop of 1 ms would be fewer.
        let capacity = (windows(rules.persistence.change_s, hop_s) as u32).min(1_000_000);
        Self {
            levels: rules.levels,
            level: rules.alarm,
            smoother: Smoother::new(hop_s),
            k,
            n,
            capacity,
            budget: capacity,
            settle: libm::ceilf(WINDOW_S / hop_s - 1.0) as u32,
            steady: u32::MAX,
            high: 0,
            next: None,
            score: None,
            warning: Latch::default(),
            alarm: Latch::default(),
        }
    }

    /// Replaces the rules; what is raised stays until scores end it. The mean starts anew: another model's z-scores are
    /// not comparable.
    pub fn set(&mut self, rules: &AlarmRules, hop_s: f32) {
        let new = Self::new(rules, hop_s);
        let keep = |latch: Latch| Latch { above: 0, ..latch };
        let (warning, alarm) = (keep(self.warning), keep(self.alarm));
        *self = Self { budget: self.budget.min(new.capacity), warning, alarm, ..new };
    }

    /// Replaces the scores from which there is a warning and an alarm, both above 0, and the persistence, and nothing else: the
    /// mean goes on.
    pub fn adjust(&mut self, warning: f32, level: f32, persistence: Persistence, hop_s: f32) {
        (self.levels.warning, self.level) = (warning, level);
        (self.k, self.n) = persistence.windows(hop_s);
    }

    /// Whether there is an alarm.
    pub fn active(&self) -> bool {
        self.alarm.active
    }

    /// Whether there is a warning.
    pub fn warned(&self) -> bool {
        self.warning.active
    }

    /// Most windows in a row whose z-scores are at the alarm level or above until the alarm is raised: in a `steady` state,
    /// or in any.
    pub fn delay_windows(&self, steady: bool) -> u32 {
        let changing = if steady { self.settle.min(self.capacity) } else { self.capacity };
        self.smoother.windows() as u32 + self.k + changing
    }

    /// Fewest windows of steady sound that raise the alarm, however high their z-scores.
    pub fn least_windows(&self) -> u32 {
        self.smoother.windows().div_ceil(2) as u32 + self.k - 1
    }

    /// The sound of this window is not the machine's: the mean starts anew.
    pub fn interrupt(&mut self) {
        (self.next, self.score) = (None, None);
        self.restart();
    }

    fn restart(&mut self) {
        self.high = 0;
        self.smoother.reset();
    }

    /// Updates the alarm with the z-scores of window `index` and whether the state is steady
    /// ([`Decided::steady`](crate::decision::Decided::steady)). After a jump of `index` the mean starts anew.
    pub fn update(&mut self, index: u64, z: &ZScores, steady: bool) -> Outcome {
        if self.next.is_some_and(|next| next != index) {
            self.interrupt();
        }
        self.next = Some(index.wrapping_add(1));
        self.steady = if steady { self.steady.saturating_add(1) } else { 0 };
        let changing = self.steady <= self.settle && !self.alarm.active;
        // By itself a window is compared with the levels of the shortest mean.
        let mut alone = [[None; Input::ALL.len()]; SPANS];
        alone[0] = *z;
        let (positions, own) = self.levels.positions(&alone);
        let own = own.map(score);
        // Windows above the level before the decision noticed the change belong to the change too.
        let cost = self.high + 1;
        if changing && cost <= self.budget {
            self.budget -= cost;
            self.restart();
            (self.warning.above, self.alarm.above) = (0, 0);
            let score = self.score;
            return Outcome { score, positions, warning: None, alarm: None, zone: self.zone(score) };
        }
        self.high =
            if own >= Some(self.levels.warning) { self.high.saturating_add(1) } else { self.high.saturating_sub(1) };
        let mut means = self.smoother.push(z);
        for span in (1..SPANS).filter(|span| !self.smoother.settled(*span)) {
            means[span] = [None; Input::ALL.len()];
        }
        let (positions, highest) = self.levels.positions(&means);
        let settled = self.smoother.settled(0);
        if settled || highest.is_none() {
            self.score = highest.map(score);
        }
        let score = self.score;
        let usual = if settled { score } else { own } < Some(self.levels.warning);
        if !changing && usual {
            self.budget = (self.budget + 1).min(self.capacity);
        }
        let Some(value) = score.filter(|_| settled) else {
            return Outcome { score, positions, warning: None, alarm: None, zone: self.zone(score) };
        };
        let alarm = self.alarm.update(value, self.level, (self.k, self.n), false);
        let warning = self.warning.update(value, self.levels.warning, (self.n, self.n), self.alarm.active);
        Outcome { score, positions, warning, alarm, zone: self.zone(score) }
    }

    fn zone(&self, score: Option<f32>) -> Zone {
        match score {
            _ if self.alarm.active => Zone::Alarm,
            _ if self.warning.active => Zone::Warning,
            Some(score) if score >= RELEASE * self.levels.warning => Zone::Watch,
            _ => Zone::Normal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Interval;
    use super::*;
    use proptest::prelude::*;

    /// Position 1 is a z-score of 1; the warning level is at 0.5.
    fn rules(raise_s: f32, within_s: f32, change_s: f32) -> AlarmRules {
        let mut intervals = [None; Input::ALL.len()];
        intervals[2] = Some([Interval { typical: 0.0, alarm: 1.0 }; SPANS]);
        let persistence = Persistence { raise_s, within_s, change_s }.check().unwrap();
        AlarmRules { levels: Levels { intervals, warning: score(0.5) }, alarm: 1.0, persistence }
    }

    fn z(value: f32) -> ZScores {
        let mut z = [None; Input::ALL.len()];
        z[2] = Some(value);
        z
    }

    /// The windows that changed the alarm, and those that changed the warning.
    fn changes(alarm: &mut Alarm, windows: &[(f32, bool)]) -> [Vec<(usize, Change)>; 2] {
        let outcomes: Vec<_> =
            (0..).zip(windows).map(|(at, (value, steady))| alarm.update(at, &z(*value), *steady)).collect();
        let of = |change: fn(&Outcome) -> Option<Change>| {
            outcomes.iter().enumerate().filter_map(|(at, outcome)| Some((at, change(outcome)?))).collect()
        };
        [of(|outcome| outcome.alarm), of(|outcome| outcome.warning)]
    }

    use std::vec::Vec;

    #[test]
    fn a_lasting_sound_raises_warning_then_alarm_and_quiet_ends_alarm_then_warning() {
        let mut alarm = Alarm::new(&rules(1.0, 5.0, 5.0), 1.0);
        let windows: Vec<_> =
            (0..40).map(|at| if (10..20).contains(&at) { (1.1, true) } else { (-1.0, true) }).collect();
        let [alarms, warnings] = changes(&mut alarm, &windows);
        // The mean of five windows is above 1 with all of them.
        assert_eq!((alarms[0], warnings[0]), ((14, Change::Raised), (14, Change::Raised)));
        assert_eq!((alarms[1].1, warnings[1].1, alarms.len(), warnings.len()), (Change::Ended, Change::Ended, 2, 2));
        assert!(alarms[1].0 <= warnings[1].0);
    }

    #[test]
    fn between_the_levels_there_is_a_warning_and_no_alarm() {
        let mut alarm = Alarm::new(&rules(1.0, 5.0, 5.0), 1.0);
        let windows: Vec<_> = (0..40).map(|at| (if (10..30).contains(&at) { 0.7 } else { -1.0 }, true)).collect();
        let [alarms, warnings] = changes(&mut alarm, &windows);
        // The mean is above 0.5 from the fifth window on, and must stay there for five.
        assert_eq!((alarms.len(), warnings[0], warnings.len()), (0, (18, Change::Raised), 2));
    }

    #[test]
    fn a_knock_raises_nothing() {
        let mut alarm = Alarm::new(&rules(1.0, 5.0, 5.0), 0.48);
        let windows: Vec<_> = (0..60).map(|at| (if at % 20 == 19 { 4.0 } else { 0.0 }, true)).collect();
        assert_eq!(changes(&mut alarm, &windows), [[], []]);
    }

    #[test]
    fn seconds_become_windows_at_any_hop() {
        let at_hop = |hop_s| Persistence { raise_s: 4.0, within_s: 5.0, change_s: 5.0 }.windows(hop_s);
        assert_eq!([1.0, 0.48, 0.1, 0.01, 10.0].map(at_hop), [(4, 5), (8, 10), (40, 50), (102, 128), (1, 1)]);
    }

    #[test]
    fn a_change_of_state_raises_nothing_and_keeps_the_score() {
        let mut alarm = Alarm::new(&rules(1.0, 5.0, 5.0), 0.48);
        (0..20).for_each(|at| {
            alarm.update(at, &z(0.0), true);
        });
        let change = [false, false, false, true, true].map(|steady| (9.0, steady));
        for (at, (value, steady)) in (20..).zip(change) {
            let outcome = alarm.update(at, &z(value), steady);
            assert_eq!((outcome.score, outcome.alarm), (Some(score(0.0)), None));
        }
        // The mean is settled with five windows, of which the first are still left out.
        let scores: Vec<_> = (25..30).map(|at| alarm.update(at, &z(0.2), true).score).collect();
        assert_eq!(scores[0], Some(score(0.0)));
        assert!((scores[4].unwrap() - score(0.2)).abs() < 1e-6);
        (30..60).for_each(|at| assert_eq!(alarm.update(at, &z(0.0), true).warning, None));
    }

    #[test]
    fn normal_sound_refills_the_budget_that_changes_used() {
        let mut alarm = Alarm::new(&rules(1.0, 5.0, 4.0), 1.0);
        let day = [[(9.0, false); 4], [(0.0, true); 4], [(0.0, true); 4]].concat().repeat(20);
        assert_eq!(changes(&mut alarm, &day), [[], []]);
    }

    #[test]
    fn changes_in_quick_succession_do_not_use_the_budget_up() {
        let mut alarm = Alarm::new(&rules(1.0, 5.0, 4.0), 1.0);
        // Of the four steady windows two come before the mean is settled.
        let work = [[(9.0, false); 3].to_vec(), [(0.0, true); 4].to_vec()].concat().repeat(20);
        assert_eq!(changes(&mut alarm, &work), [[], []]);
    }

    #[test]
    fn there_is_no_score_until_the_mean_is_settled_after_a_start_a_jump_or_an_interruption() {
        let mut alarm = Alarm::new(&rules(1.0, 5.0, 5.0), 1.0);
        assert_eq!(alarm.update(0, &z(9.0), true).score, None);
        (1..10).for_each(|at| {
            alarm.update(at, &z(0.0), true);
        });
        // Of the five windows of the mean three must be there.
        let scores: Vec<_> = (11..14).map(|at| alarm.update(at, &z(1.0), true).score).collect();
        assert_eq!(scores, [None, None, Some(score(1.0))]);
        alarm.interrupt();
        let scores: Vec<_> = (14..17).map(|at| alarm.update(at, &z(2.0), true).score).collect();
        assert_eq!(scores, [None, None, Some(score(2.0))]);
    }

    #[test]
    fn zones_follow_the_score_and_what_is_raised() {
        let mut alarm = Alarm::new(&rules(2.0, 5.0, 5.0), 1.0);
        let zones: Vec<_> = (0..4).map(|at| alarm.update(at, &z(-1.0), true).zone).collect();
        assert_eq!(zones, [Zone::Normal; 4]);
        let zones: Vec<_> = (4..12).map(|at| alarm.update(at, &z(1.0), true).zone).collect();
        assert_eq!(zones.last(), Some(&Zone::Alarm));
        assert!(zones.is_sorted() && zones.contains(&Zone::Watch), "{zones:?}");
    }

    proptest! {
        #[test]
        fn a_lasting_anomaly_is_reported_within_the_stated_delay_and_lasting_quiet_ends_it(
            n in 1_u8..=128, k in 1_u8..=128, change in 0_u8..30,
            noise in prop::collection::vec((-2.0_f32..2.0, prop::bool::ANY), 50),
            steady in prop::collection::vec(prop::bool::ANY, 400),
        ) {
            let [k, n, change] = [k.min(n), n, change].map(f32::from);
            let mut alarm = Alarm::new(&rules(k, n, change), 1.0);
            let mut index = 0;
            let mut push = |alarm: &mut Alarm, value: f32, steady: bool| {
                index += 1;
                alarm.update(index, &z(value), steady);
            };
            noise.iter().for_each(|(value, steady)| push(&mut alarm, *value, *steady));
            let delay = alarm.delay_windows(false);
            (0..delay).zip(&steady).for_each(|(_, steady)| push(&mut alarm, 1.01, *steady));
            prop_assert!(alarm.active() && alarm.warned());
            let quiet = 10 + n as u32 + change as u32 + 1;
            (0..quiet).for_each(|_| push(&mut alarm, -1.0, true));
            prop_assert!(!alarm.active() && !alarm.warned());
            let delay = alarm.delay_windows(true);
            (0..delay).for_each(|_| push(&mut alarm, 1.01, true));
            prop_assert!(alarm.active());
        }

        #[test]
        fn with_any_floats_an_alarm_implies_a_warning_and_a_score_at_the_level(
            values in prop::array::uniform4(prop::num::f32::ANY),
            scores in prop::collection::vec((prop_oneof![prop::num::f32::ANY, -2.0_f32..2.0], prop::bool::ANY), 200),
        ) {
            let [raise_s, within_s, change_s, hop_s] = values;
            let persistence = Persistence { raise_s, within_s, change_s };
            let (k, n) = persistence.windows(hop_s);
            prop_assert!(1 <= k && k <= n && n <= 128, "{k} of {n}");
            let mut alarm = Alarm::new(&AlarmRules { persistence, ..rules(1.0, 1.0, 0.0) }, hop_s);
            for (at, (value, steady)) in (0..).zip(scores) {
                let outcome = alarm.update(at, &z(value), steady);
                if outcome.alarm == Some(Change::Raised) {
                    prop_assert!(outcome.score >= Some(1.0) && alarm.active() && alarm.warned());
                }
            }
        }
    }
}
