//! From scores to an alarm: scores that stay above the threshold raise it, scores that stay well below end it.
//!
//! A machine that changes its state makes, for a moment, sound that belongs to no state: windows span two of them, a rotor
//! runs up. Training uses recordings of states, not of changes, so such windows score high without a fault. The decision
//! marks them as not steady, and the alarm suppresses windows above the threshold from the first sign of a change until one
//! whole window after it. A fault may keep the state from ever being steady, so suppression has a budget, a token bucket:
//! each suppressed window costs one token, each counted window below the threshold returns one, and an empty bucket
//! suppresses nothing. A lasting anomaly is therefore reported within [`Alarm::delay_windows`] in any state.

use super::Error;
use crate::window::SECONDS_F32 as WINDOW_S;

/// Share of the threshold below which a window counts towards the end of the alarm.
const RELEASE: f32 = 0.8;

/// Longest look-back, in windows.
const MOST: f32 = 128.0;

/// Persistence of the alarm in seconds, so that it holds at any hop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Persistence {
    /// The alarm is raised when this much of the last `within_s` is at the threshold or above. Above 0.
    pub raise_s: f32,
    /// Look-back of `raise_s`, at least as long; the alarm ends after the same time without a break well below. At most 600.
    pub within_s: f32,
    /// Suppression budget: the most sound above the threshold that is suppressed while the state changes. 0 to 600.
    pub change_s: f32,
}

impl Default for Persistence {
    /// Longer than a knock or a passing noise. On synthetic machines longer times gain little and shorter ones cost false
    /// alarms, in an hour of normal work as with faults.
    fn default() -> Self {
        Self { raise_s: 4.0, within_s: 5.0, change_s: 5.0 }
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

/// The effect of one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The alarm is raised.
    Raised,
    /// The alarm has ended.
    Ended,
}

/// Watches the scores of successive windows. Uses no clock and 48 bytes of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    k: u32,
    n: u32,
    /// Suppression budget in windows: when full, and now.
    capacity: u32,
    budget: u32,
    /// Windows after an unsteady one that may contain sound from before it.
    settle: u32,
    /// Windows since the last unsteady one.
    steady: u32,
    /// The last windows, newest lowest: set where the score was at the threshold or above.
    above: u128,
    /// Windows in a row below the release.
    quiet: u32,
    active: bool,
}

impl Alarm {
    /// An alarm that is not raised, for windows that are `hop_s` seconds apart.
    pub fn new(persistence: Persistence, hop_s: f32) -> Self {
        let (k, n) = persistence.windows(hop_s);
        // 600 s at a hop of 1 ms would be fewer.
        let capacity = (windows(persistence.change_s, hop_s) as u32).min(1_000_000);
        let settle = libm::ceilf(WINDOW_S / hop_s - 1.0) as u32;
        Self { k, n, capacity, budget: capacity, settle, steady: u32::MAX, above: 0, quiet: 0, active: false }
    }

    /// Replaces the settings; a raised alarm stays until scores end it.
    pub fn set(&mut self, persistence: Persistence, hop_s: f32) {
        let new = Self::new(persistence, hop_s);
        *self = Self { budget: self.budget.min(new.capacity), quiet: self.quiet, active: self.active, ..new };
    }

    /// Whether there is an alarm.
    pub fn active(&self) -> bool {
        self.active
    }

    /// Most windows in a row above the threshold until a lasting anomaly is reported: in a `steady` state, or in any.
    pub fn delay_windows(&self, steady: bool) -> u32 {
        self.k + if steady { self.settle.min(self.capacity) } else { self.capacity }
    }

    /// Updates the alarm with the score of the next window and whether the state is steady
    /// ([`Decided::steady`](crate::decision::Decided::steady)); a score that is not finite counts for neither side.
    pub fn update(&mut self, score: f32, steady: bool) -> Option<Change> {
        let above = score >= 1.0;
        self.steady = if steady { self.steady.saturating_add(1) } else { 0 };
        let changing = self.steady <= self.settle && !self.active;
        // Windows above the threshold before the decision noticed the change belong to the change too.
        let cost = self.above.count_ones() + u32::from(above);
        if changing && cost <= self.budget {
            self.above = 0;
            self.budget -= cost;
        } else {
            self.above = ((self.above << 1) | u128::from(above)) & (u128::MAX >> (128 - self.n));
            self.budget = (self.budget + u32::from(!above)).min(self.capacity);
        }
        self.quiet = if score < RELEASE { self.quiet.saturating_add(1) } else { 0 };
        let was = self.active;
        self.active = if was { self.quiet < self.n } else { self.above.count_ones() >= self.k };
        match (was, self.active) {
            (false, true) => Some(Change::Raised),
            (true, false) => Some(Change::Ended),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// At a hop of a second: `k` of `n` windows, with a budget of `change` windows.
    fn alarm(k: u8, n: u8, change: u8) -> Alarm {
        let [raise_s, within_s, change_s] = [k, n, change].map(f32::from);
        Alarm::new(Persistence { raise_s, within_s, change_s }.check().unwrap(), 1.0)
    }

    #[test]
    fn three_of_five_raise_it_and_five_quiet_ones_end_it() {
        let mut alarm = alarm(3, 5, 4);
        let changes: Vec<_> =
            [2.0, 0.1, 2.0, 0.1, 1.0, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1].map(|score| alarm.update(score, true)).into();
        assert_eq!(changes[4], Some(Change::Raised));
        assert_eq!(changes[10], Some(Change::Ended));
        assert_eq!(changes.iter().flatten().count(), 2);
    }

    #[test]
    fn seconds_become_windows_at_any_hop() {
        let at_hop = |hop_s| Persistence::default().windows(hop_s);
        assert_eq!([1.0, 0.48, 0.1, 0.01, 10.0].map(at_hop), [(4, 5), (8, 10), (40, 50), (102, 128), (1, 1)]);
    }

    #[test]
    fn a_change_of_state_is_suppressed_from_its_first_window_to_the_last_that_spans_it() {
        let mut alarm = Alarm::new(Persistence { raise_s: 1.44, within_s: 2.4, change_s: 4.8 }, 0.48);
        let change = [(9.0, true), (9.0, true), (9.0, false), (9.0, false), (9.0, true), (9.0, true), (0.3, true)];
        assert!(change.iter().all(|(score, steady)| alarm.update(*score, *steady).is_none()));
    }

    #[test]
    fn a_fault_that_keeps_the_state_unsteady_is_reported() {
        let mut alarm = alarm(3, 5, 4);
        let at = (1..).find(|_| alarm.update(2.0, false).is_some());
        assert_eq!(at, Some(alarm.delay_windows(false)));
        assert_eq!(at, Some(7));
    }

    #[test]
    fn normal_sound_refills_the_budget_that_changes_used() {
        let mut alarm = alarm(3, 5, 4);
        for _ in 0..20 {
            assert!((0..4).all(|_| alarm.update(9.0, false).is_none()));
            assert!((0..5).all(|_| alarm.update(0.2, true).is_none()));
        }
    }

    proptest! {
        #[test]
        fn fewer_than_k_windows_above_never_raise_it(n in 1_u8..=32, k in 1_u8..=32, change in 0_u8..9, scores in prop::collection::vec((0.0_f32..1.5, prop::bool::ANY), 100)) {
            let (k, mut alarm) = (k.min(n), alarm(k.min(n), n, change));
            for (at, (score, steady)) in scores.iter().enumerate() {
                let from = (at + 1).saturating_sub(usize::from(n));
                let above = scores[from..=at].iter().filter(|(score, _)| *score >= 1.0).count();
                let change = alarm.update(*score, *steady);
                prop_assert!(change != Some(Change::Raised) || above >= usize::from(k));
            }
        }

        #[test]
        fn a_lasting_anomaly_is_reported_within_the_stated_delay_and_lasting_quiet_within_n(
            n in 1_u8..=128, k in 1_u8..=128, change in 0_u8..30,
            noise in prop::collection::vec((0.0_f32..2.0, prop::bool::ANY), 50),
            steady in prop::collection::vec(prop::bool::ANY, 200),
        ) {
            let mut alarm = alarm(k.min(n), n, change);
            noise.iter().for_each(|(score, steady)| {
                alarm.update(*score, *steady);
            });
            let delay = alarm.delay_windows(false);
            (0..delay).zip(&steady).for_each(|(_, steady)| {
                alarm.update(1.0, *steady);
            });
            prop_assert!(alarm.active());
            (0..n).for_each(|_| {
                alarm.update(0.5, true);
            });
            prop_assert!(!alarm.active());
            let delay = alarm.delay_windows(true);
            (0..delay).for_each(|_| {
                alarm.update(1.0, true);
            });
            prop_assert!(alarm.active());
        }

        #[test]
        fn with_any_floats_only_a_score_above_raises_it_and_only_one_below_the_release_ends_it(
            values in prop::array::uniform4(prop::num::f32::ANY),
            scores in prop::collection::vec((prop_oneof![prop::num::f32::ANY, 0.0_f32..2.0], prop::bool::ANY), 400),
        ) {
            let [raise_s, within_s, change_s, hop_s] = values;
            let persistence = Persistence { raise_s, within_s, change_s };
            let (k, n) = persistence.windows(hop_s);
            prop_assert!(1 <= k && k <= n && n <= 128, "{k} of {n}");
            let mut alarm = Alarm::new(persistence, hop_s);
            for (score, steady) in scores {
                match alarm.update(score, steady) {
                    Some(Change::Raised) => prop_assert!(score >= 1.0 && alarm.active(), "raised by {score}"),
                    Some(Change::Ended) => prop_assert!(score < RELEASE && !alarm.active(), "ended by {score}"),
                    None => (),
                }
            }
            (0..n).for_each(|_| {
                alarm.update(0.0, true);
            });
            prop_assert!(!alarm.active());
        }
    }
}
