//! Drift: the model no longer fits, because all states have shifted at once. A microphone that is replaced, moved or covered, and
//! a room that is changed, affect every state; a fault of the machine rarely does.
//!
//! The daily medians of level and position of every state are compared with their own past ([`super::cusum`]).
//!
//! - All states, the same quantity and direction, at the same time: [`Drift::All`].
//! - Some states and not others: [`Drift::Part`], the machine or its work.
//! - The only state there is: [`Drift::Single`]. The cause cannot be told apart.
//!
//! Limits: a fault that affects every state is taken for drift unless one of the states is the machine at rest; a shift below two
//! deviations of the usual days is not found. 2 kB, no clock.

use super::cusum::{LEARNED, Quantity, Sum};

/// States that are followed: the first of the model.
pub const STATES: usize = 16;

/// Days between the last usual day of one state and the first unusual one of another that still count as one time: an unusual day
/// shortly before the shift moves the onset of a state.
const SLACK: u16 = 7;

/// Days after which a state that does not occur any more is no longer waited for.
const RECENT: u16 = 14;

/// Smallest deviations of a position and of a level in dB: days closer together count as equal.
const LEAST: [f32; 2] = [0.15, 1.0];

/// What has shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// The level has risen.
    Louder,
    /// The level has fallen.
    Quieter,
    /// The anomaly score has risen, the level has not.
    Unlike,
}

impl Shift {
    /// All of them, in the order in which they are judged: a change of level also changes the score.
    pub const ALL: [Self; 3] = [Self::Louder, Self::Quieter, Self::Unlike];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Louder => "louder",
            Self::Quieter => "quieter",
            Self::Unlike => "unlike",
        }
    }
}

/// Whether the model still fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// The reference is not complete.
    Learning,
    /// Nothing has shifted.
    None,
    /// Some states have shifted, others have not.
    Part(Shift),
    /// The only state has shifted.
    Single(Shift),
    /// All states have shifted at once.
    All(Shift),
}

/// One state.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Followed {
    position: Quantity,
    level: Quantity,
    /// Days with this state, and the newest of them.
    days: u16,
    last: u16,
}

impl Followed {
    fn add(&mut self, at: u16, position: f32, level: f32) {
        let (known, before) = (self.days >= LEARNED, self.last);
        self.position.add(position, LEAST[0], known, before, at);
        self.level.add(level, LEAST[1], known, before, at);
        (self.days, self.last) = (self.days.saturating_add(1), at);
    }

    fn is_known(&self, now: u16) -> bool {
        self.days > LEARNED && now.saturating_sub(self.last) <= RECENT
    }

    fn sum(&self, shift: Shift) -> &Sum {
        match shift {
            Shift::Louder => &self.level.up,
            Shift::Quieter => &self.level.down,
            Shift::Unlike => &self.position.up,
        }
    }
}

/// Follows all states.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DriftFollower {
    states: [Followed; STATES],
}

impl DriftFollower {
    /// Adds the medians of one day of a state: position of the score and level in dB of full scale. `at` numbers the days in the
    /// order of time. States from [`STATES`] on and values that are not finite are ignored.
    pub fn add(&mut self, state: usize, at: u16, position: f32, level: f32) {
        if let Some(state) = self.states.get_mut(state).filter(|_| position.is_finite() && level.is_finite()) {
            state.add(at, position, level);
        }
    }

    /// The result at the end of day `now`.
    pub fn drift(&self, now: u16) -> Drift {
        let known = || self.states.iter().filter(move |state| state.is_known(now));
        let count = known().count();
        if count == 0 {
            return Drift::Learning;
        }
        let mut part = None;
        for shift in Shift::ALL {
            let signalled = || known().map(move |state| state.sum(shift)).filter(|sum| sum.signals());
            let Some(first) = signalled().map(|sum| sum.onset).min() else { continue };
            let at_once = signalled().all(|sum| sum.before <= first.saturating_add(SLACK));
            match signalled().count() {
                1 if count == 1 => return Drift::Single(shift),
                all if all == count && at_once => return Drift::All(shift),
                _ => part = part.or(Some(shift)),
            }
        }
        part.map_or(Drift::None, Drift::Part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A follower after 30 days, then the days on which these states have these shifts of position and level.
    fn after(states: usize, days: u16, shift: impl Fn(usize, u16) -> (f32, f32)) -> Drift {
        let mut follower = DriftFollower::default();
        for at in 0..30 + days {
            for state in 0..states {
                let odd = f32::from((at * 7 + state as u16 * 3) % 5) / 2.0 - 1.0;
                let (position, level) = if at < 30 { (0.0, 0.0) } else { shift(state, at - 30) };
                follower.add(state, at, -0.5 + 0.1 * odd + position, -30.0 - 5.0 * state as f32 + odd + level);
            }
        }
        follower.drift(29 + days)
    }

    #[test]
    fn a_gain_that_falls_by_6_db_is_reported_within_three_days_and_is_over_within_a_week_of_its_return() {
        assert_eq!(after(3, 3, |_, _| (0.0, -6.0)), Drift::All(Shift::Quieter));
        assert_eq!(after(3, 13, |_, day| (0.0, if day < 5 { -6.0 } else { 0.0 })), Drift::None);
    }

    #[test]
    fn scores_that_rise_in_all_states_at_an_equal_level_are_drift() {
        assert_eq!(after(2, 3, |_, _| (0.8, 0.0)), Drift::All(Shift::Unlike));
    }

    #[test]
    fn states_that_shift_alone_or_weeks_apart_are_the_machine() {
        assert_eq!(after(3, 5, |state, _| if state < 2 { (2.0, 6.0) } else { (0.0, 0.0) }), Drift::Part(Shift::Louder));
        let apart = |state: usize, day: u16| (if day >= 10 * state as u16 { 1.0 } else { 0.0 }, 0.0);
        assert_eq!(after(2, 20, apart), Drift::Part(Shift::Unlike));
    }

    #[test]
    fn with_one_state_the_cause_cannot_be_told_apart() {
        assert_eq!(after(1, 3, |_, _| (0.0, 6.0)), Drift::Single(Shift::Louder));
    }

    #[test]
    fn usual_days_are_no_drift_and_few_days_are_not_judged() {
        assert_eq!(after(3, 300, |_, _| (0.0, 0.0)), Drift::None);
        let mut follower = DriftFollower::default();
        (0..LEARNED).for_each(|at| follower.add(0, at, 0.0, -30.0));
        assert_eq!(follower.drift(LEARNED - 1), Drift::Learning);
    }

    #[test]
    fn a_state_that_has_not_occurred_since_is_waited_for_and_not_longer_than_two_weeks() {
        let mut follower = DriftFollower::default();
        for at in 0..50 {
            let level = if at < 30 { -30.0 } else { -36.0 };
            follower.add(0, at, 0.0, level);
            follower.add(1, at, 0.0, level);
            if at < 30 {
                follower.add(2, at, 0.0, -30.0);
            }
            match at {
                35 => assert_eq!(follower.drift(at), Drift::Part(Shift::Quieter)),
                49 => assert_eq!(follower.drift(at), Drift::All(Shift::Quieter)),
                _ => {}
            }
        }
    }
}
