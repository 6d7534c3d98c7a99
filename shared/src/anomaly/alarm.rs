//! From scores to an alarm: `k` of the last `n` windows raise it, and it ends when `n` windows in a row are well below.

/// Share of the threshold below which a window speaks for the end of the alarm.
const RELEASE: f32 = 0.8;

/// What one window did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The alarm is raised.
    Raised,
    /// The alarm has ended.
    Ended,
}

/// Watches the scores of one window after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    k: u32,
    n: u32,
    /// The last windows, newest lowest: set where the score was at the threshold or above.
    above: u32,
    /// Windows in a row below the release.
    quiet: u32,
    active: bool,
}

impl Alarm {
    /// An alarm that `k` of `n` windows raise: `n` is taken as 1 to 32, `k` as 1 to `n`.
    pub fn new(k: u8, n: u8) -> Self {
        let n = u32::from(n).clamp(1, 32);
        Self { k: u32::from(k).clamp(1, n), n, above: 0, quiet: 0, active: false }
    }

    /// Whether there is an alarm.
    pub fn active(&self) -> bool {
        self.active
    }

    /// Takes the score of the next window; one that is no number speaks for neither side.
    pub fn step(&mut self, score: f32) -> Option<Change> {
        let window = u32::MAX >> (32 - self.n);
        self.above = ((self.above << 1) | u32::from(score >= 1.0)) & window;
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

    #[test]
    fn three_of_five_raise_it_and_five_quiet_ones_end_it() {
        let mut alarm = Alarm::new(3, 5);
        let told: Vec<_> =
            [2.0, 0.1, 2.0, 0.1, 1.0, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1].map(|score| alarm.step(score)).into();
        assert_eq!(told[4], Some(Change::Raised));
        assert_eq!(told[10], Some(Change::Ended));
        assert_eq!(told.iter().flatten().count(), 2);
    }

    proptest! {
        #[test]
        fn fewer_than_k_windows_above_never_raise_it(n in 1_u8..=32, k in 1_u8..=32, scores in prop::collection::vec(0.0_f32..1.5, 100)) {
            let (k, mut alarm) = (k.min(n), Alarm::new(k.min(n), n));
            for (at, score) in scores.iter().enumerate() {
                let from = (at + 1).saturating_sub(usize::from(n));
                let above = scores[from..=at].iter().filter(|score| **score >= 1.0).count();
                let change = alarm.step(*score);
                prop_assert_eq!(change == Some(Change::Raised), change.is_some() && above >= usize::from(k));
            }
        }

        #[test]
        fn a_lasting_anomaly_is_reported_within_k_windows_and_lasting_quiet_within_n(n in 1_u8..=32, k in 1_u8..=32, noise in prop::collection::vec(0.0_f32..2.0, 50)) {
            let k = k.min(n);
            let mut alarm = Alarm::new(k, n);
            noise.iter().for_each(|score| {
                alarm.step(*score);
            });
            (0..k).for_each(|_| {
                alarm.step(1.0);
            });
            prop_assert!(alarm.active());
            (0..n).for_each(|_| {
                alarm.step(0.5);
            });
            prop_assert!(!alarm.active());
        }
    }
}
