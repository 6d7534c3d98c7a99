//! From scores to an alarm: sound that stays above the threshold raises it, and it ends when the sound stays well below.
//!
//! A machine that changes its state makes, for a moment, sound that belongs to no state: windows straddle two of them, a
//! rotor runs up. Training hears recordings of states, not of changes, so such windows score high and mean nothing. They
//! are told by the decision, for which the state is then not steady: windows above the threshold are forgiven from the
//! first sign of a change until one whole window after it. But a fault may also keep the state from ever being steady.
//! So forgiveness is a purse: each forgiven window costs one, each window that counts and is below puts one back, and what
//! the purse cannot pay is not forgiven. Hence, whatever the decision says, a lasting anomaly is reported in time:
//! [`Alarm::delay_windows`].

use super::Error;

/// Share of the threshold below which a window speaks for the end of the alarm.
const RELEASE: f32 = 0.8;

/// Sound of a window, in seconds.
const WINDOW_S: f32 = 0.975;

/// Most windows that are looked back on.
const MOST: f32 = 128.0;

/// How long sound must be unlike normal sound, in seconds, so that it holds at any hop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Persistence {
    /// The alarm is raised when this much of the last `within_s` is at the threshold or above. Above 0.
    pub raise_s: f32,
    /// See `raise_s`, and at least as much; the alarm ends after as long without a break well below. At most 600.
    pub within_s: f32,
    /// How much sound above the threshold is forgiven at most while the state changes. 0 to 600.
    pub change_s: f32,
}

impl Default for Persistence {
    /// Longer than a knock or a passing noise, and no longer than people need to come. On synthetic machines, normal work
    /// of an hour and faults alike, longer gains little and shorter costs false alarms (README).
    fn default() -> Self {
        Self { raise_s: 4.0, within_s: 5.0, change_s: 5.0 }
    }
}

impl Persistence {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::Damaged`] when a value is out of its range or no number.
    pub fn check(self) -> Result<Self, Error> {
        let fits = self.raise_s > 0.0 && self.raise_s <= self.within_s && self.within_s <= 600.0;
        if fits && (0.0..=600.0).contains(&self.change_s) { Ok(self) } else { Err(Error::Damaged) }
    }

    /// `(k, n)`: how many of how many windows raise the alarm at a hop of `hop_s` seconds; 1 <= k <= n <= 128.
    pub fn windows(&self, hop_s: f32) -> (u32, u32) {
        let n = libm::fminf(windows(self.within_s, hop_s), MOST);
        let k = libm::roundf(n * self.raise_s / self.within_s);
        // `as` saturates, and a value that is no number is 0.
        let n = (n as u32).max(1);
        ((k as u32).clamp(1, n), n)
    }
}

/// Whole windows in `seconds`.
fn windows(seconds: f32, hop_s: f32) -> f32 {
    libm::roundf(seconds / hop_s)
}

/// What one window did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The alarm is raised.
    Raised,
    /// The alarm has ended.
    Ended,
}

/// Watches the scores of one window after the other. No clock, and no memory but its own 48 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    k: u32,
    n: u32,
    /// Windows that the purse holds when it is full, and holds now.
    forgiven: u32,
    purse: u32,
    /// Windows after an unsteady one that may hold sound from before it.
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
        let forgiven = (windows(persistence.change_s, hop_s) as u32).min(1_000_000);
        let settle = libm::ceilf(WINDOW_S / hop_s - 1.0) as u32;
        Self { k, n, forgiven, purse: forgiven, settle, steady: u32::MAX, above: 0, quiet: 0, active: false }
    }

    /// Goes on with other settings; an alarm that is raised stays so until sound ends it.
    pub fn set(&mut self, persistence: Persistence, hop_s: f32) {
        let new = Self::new(persistence, hop_s);
        *self = Self { purse: self.purse.min(new.forgiven), quiet: self.quiet, active: self.active, ..new };
    }

    /// Whether there is an alarm.
    pub fn active(&self) -> bool {
        self.active
    }

    /// An anomaly that lasts is reported after at most this many windows in a row above the threshold: of a `steady` state,
    /// or whatever the state.
    pub fn delay_windows(&self, steady: bool) -> u32 {
        self.k + if steady { self.settle.min(self.forgiven) } else { self.forgiven }
    }

    /// Takes the score of the next window and whether the state is steady
    /// ([`Decided::steady`](crate::decision::Decided::steady)); a score that is no number speaks for neither side.
    pub fn step(&mut self, score: f32, steady: bool) -> Option<Change> {
        let above = score >= 1.0;
        self.steady = if steady { self.steady.saturating_add(1) } else { 0 };
        let changing = self.steady <= self.settle && !self.active;
        // What was above before the decision noticed the change is of the change too.
        let cost = self.above.count_ones() + u32::from(above);
        if changing && cost <= self.purse {
            self.above = 0;
            self.purse -= cost;
        } else {
            self.above = ((self.above << 1) | u128::from(above)) & (u128::MAX >> (128 - self.n));
            self.purse = (self.purse + u32::from(!above)).min(self.forgiven);
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

    /// At a hop of a second: `k` of `n` windows, and `change` windows forgiven.
    fn alarm(k: u8, n: u8, change: u8) -> Alarm {
        let [raise_s, within_s, change_s] = [k, n, change].map(f32::from);
        Alarm::new(Persistence { raise_s, within_s, change_s }.check().unwrap(), 1.0)
    }

    #[test]
    fn three_of_five_raise_it_and_five_quiet_ones_end_it() {
        let mut alarm = alarm(3, 5, 4);
        let told: Vec<_> =
            [2.0, 0.1, 2.0, 0.1, 1.0, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1].map(|score| alarm.step(score, true)).into();
        assert_eq!(told[4], Some(Change::Raised));
        assert_eq!(told[10], Some(Change::Ended));
        assert_eq!(told.iter().flatten().count(), 2);
    }

    #[test]
    fn seconds_become_windows_at_any_hop() {
        let of = |hop_s| Persistence::default().windows(hop_s);
        assert_eq!([of(1.0), of(0.48), of(0.1), of(0.01), of(10.0)], [(4, 5), (8, 10), (40, 50), (102, 128), (1, 1)]);
    }

    #[test]
    fn a_change_of_state_is_forgiven_with_the_windows_before_it_was_noticed_and_the_last_that_straddles_it() {
        let mut alarm = Alarm::new(Persistence { raise_s: 1.44, within_s: 2.4, change_s: 4.8 }, 0.48);
        let change = [(9.0, true), (9.0, true), (9.0, false), (9.0, false), (9.0, true), (9.0, true), (0.3, true)];
        assert!(change.iter().all(|(score, steady)| alarm.step(*score, *steady).is_none()));
    }

    #[test]
    fn a_fault_that_keeps_the_state_from_being_steady_is_reported_all_the_same() {
        let mut alarm = alarm(3, 5, 4);
        let at = (1..).find(|_| alarm.step(2.0, false).is_some());
        assert_eq!(at, Some(alarm.delay_windows(false)));
        assert_eq!(at, Some(7));
    }

    #[test]
    fn a_purse_that_changes_have_emptied_is_filled_again_by_normal_sound() {
        let mut alarm = alarm(3, 5, 4);
        for _ in 0..20 {
            assert!((0..4).all(|_| alarm.step(9.0, false).is_none()));
            assert!((0..5).all(|_| alarm.step(0.2, true).is_none()));
        }
    }

    proptest! {
        #[test]
        fn fewer_than_k_windows_above_never_raise_it(n in 1_u8..=32, k in 1_u8..=32, change in 0_u8..9, scores in prop::collection::vec((0.0_f32..1.5, prop::bool::ANY), 100)) {
            let (k, mut alarm) = (k.min(n), alarm(k.min(n), n, change));
            for (at, (score, steady)) in scores.iter().enumerate() {
                let from = (at + 1).saturating_sub(usize::from(n));
                let above = scores[from..=at].iter().filter(|(score, _)| *score >= 1.0).count();
                let change = alarm.step(*score, *steady);
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
                alarm.step(*score, *steady);
            });
            let delay = alarm.delay_windows(false);
            (0..delay).zip(&steady).for_each(|(_, steady)| {
                alarm.step(1.0, *steady);
            });
            prop_assert!(alarm.active());
            (0..n).for_each(|_| {
                alarm.step(0.5, true);
            });
            prop_assert!(!alarm.active());
            let delay = alarm.delay_windows(true);
            (0..delay).for_each(|_| {
                alarm.step(1.0, true);
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
                match alarm.step(score, steady) {
                    Some(Change::Raised) => prop_assert!(score >= 1.0 && alarm.active(), "raised by {score}"),
                    Some(Change::Ended) => prop_assert!(score < RELEASE && !alarm.active(), "ended by {score}"),
                    None => (),
                }
            }
            (0..n).for_each(|_| {
                alarm.step(0.0, true);
            });
            prop_assert!(!alarm.active());
        }
    }
}
