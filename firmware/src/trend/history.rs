//! The days of one model on one machine.

use std::collections::VecDeque;

use monitor_core::trend::{Drift, DriftFollower};

use super::counts::WindowCounts;
use super::day::{ClosedDay, OpenDay};

/// Days that are kept: a year and a month.
pub(super) const MOST: usize = 400;

/// Sound of a day without a date, in seconds.
const DAY_S: f64 = 86_400.0;

/// Days since 1970 in UTC; `None` while the clock is not synchronised.
pub(super) type Date = Option<u32>;

/// The days that are over, oldest first, and the present one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    pub(super) days: VecDeque<ClosedDay>,
    pub(super) open: OpenDay,
}

impl History {
    /// A history that goes on from these days. A present day that was closed before the program ended is dropped.
    pub(super) fn continued(days: VecDeque<ClosedDay>, open: Option<OpenDay>) -> Self {
        let next = days.back().map_or(1, |last| last.number.saturating_add(1));
        let open = open.filter(|open| open.number >= next && open.is_sound()).unwrap_or_else(|| OpenDay::new(next));
        Self { days, open }
    }

    /// Adds what was counted since the last call; returns whether a day has ended. With a synchronised clock that is at
    /// midnight in UTC, otherwise after 24 hours of sound.
    pub fn add(&mut self, counts: &WindowCounts, hop_s: f64, today: Date) -> bool {
        let ended = match (self.open.date, today) {
            (Some(date), Some(today)) => date != today,
            _ => self.open.seconds >= DAY_S,
        };
        if ended {
            self.close();
        }
        if today.is_some() {
            self.open.date = today;
        }
        self.open.add(counts, hop_s);
        ended
    }

    /// Hours of sound before the present day.
    pub(super) fn sound_h(&self) -> f64 {
        self.days.back().map_or(0.0, |day| day.sound_h)
    }

    fn close(&mut self) {
        let day = self.open.closed(self.sound_h());
        self.open = OpenDay::new(day.number.saturating_add(1));
        if day.states.is_empty() {
            // Too little sound for a median: the next day takes its number.
            self.open.number = day.number;
            return;
        }
        if self.days.len() == MOST {
            self.days.pop_front();
        }
        self.days.push_back(day);
    }

    /// Whether the model still fits, by all days that are over.
    pub(super) fn drift(&self) -> Drift {
        let mut follower = DriftFollower::default();
        for (at, day) in (0..).zip(&self.days) {
            // Without a score only the level is followed.
            day.states.iter().for_each(|state| {
                follower.add(state.state.into(), at, state.position.unwrap_or(0.0), state.level);
            });
        }
        follower.drift(self.days.len().saturating_sub(1) as u16)
    }
}
