//! When a rising score reaches a limit, where its days allow an answer.

use super::slope::{Day, MAX_DAYS, MIN_DAYS, Slope};

/// Days over which a slope is computed: two weeks follow a fault that grows fast, four weeks one that grows slowly.
const SPANS: [usize; 2] = [14, MAX_DAYS];

/// Latest start of a forecast, in days: what begins later is not reported.
const FARTHEST: f32 = 90.0;

/// Latest end of a forecast, in days.
const LATEST: f32 = 365.0;

/// What the last weeks show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Course {
    /// Fewer than 10 days.
    Short,
    /// No slope whose interval excludes 0, or one that is too small to matter.
    Steady,
    /// The score rises.
    Rising,
}

/// Days until a limit is reached: the earliest and the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaysTo {
    /// Rounded down.
    pub earliest: u16,
    /// Rounded up, at most 365.
    pub latest: u16,
}

/// The course of the days and, where the score rises, when it reaches the limit. Positions of the score are expected, in which
/// a fault that doubles the score in equal times is a straight line.
pub fn forecast(days: &[Day], limit: f32) -> (Course, Option<DaysTo>) {
    if days.len() < MIN_DAYS {
        return (Course::Short, None);
    }
    let spans = SPANS.into_iter().filter_map(|span| {
        let days = &days[days.len().saturating_sub(span)..];
        Slope::of(days)?.days_to(limit, days)
    });
    // Both may be right: the report covers them.
    let both = spans.reduce(|a, b| (libm::fminf(a.0, b.0), libm::fmaxf(a.1, b.1)));
    match both {
        Some((earliest, latest)) if earliest <= FARTHEST => {
            let days = DaysTo { earliest: libm::floorf(earliest) as u16, latest: libm::ceilf(latest) as u16 };
            (Course::Rising, (latest <= LATEST).then_some(days))
        }
        _ => (Course::Steady, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn days(count: u16, value: impl Fn(f32) -> f32) -> Vec<Day> {
        let noise = |at: u16| 0.05 * (f32::from(at * 7 % 11) / 5.0 - 1.0);
        (0..count).map(|at| Day { at: f32::from(at), value: value(f32::from(at)) + noise(at) }).collect()
    }

    #[test]
    fn a_bend_of_two_weeks_ago_is_followed_and_the_true_day_is_within_the_forecast() {
        // 20 quiet days, then 0.05 a day for 14 days: 0.2 on the last day, and 0.75 in 11 days.
        let bent = days(35, |at| -0.5 + 0.05 * (at - 20.0).max(0.0));
        let (course, to) = forecast(&bent, 0.75);
        let to = to.unwrap();
        assert_eq!(course, Course::Rising);
        assert!(to.earliest <= 11 && 11 <= to.latest && to.latest < 40, "{to:?}");
    }

    #[test]
    fn days_without_a_trend_and_a_rise_that_takes_a_year_have_no_forecast() {
        for slope in [0.0, 0.001, -0.05] {
            assert_eq!(forecast(&days(40, |at| -0.5 + slope * at), 0.75), (Course::Steady, None), "{slope}");
        }
        assert_eq!(forecast(&days(9, |at| 0.1 * at), 0.75), (Course::Short, None));
    }
}
