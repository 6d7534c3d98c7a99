//! The slope of a few weeks of daily values and its interval. A third of odd days does not change it much.
//!
//! - Slope: the median of the slopes of all pairs of days. P. K. Sen, Estimates of the regression coefficient based on
//!   Kendall's tau, J. Am. Stat. Assoc. 63 (1968) 1379-1389.
//! - Interval: of N slopes of n days those at the ranks (N - C) / 2 and (N + C) / 2 + 1, with
//!   C = z sqrt(n (n - 1) (2 n + 5) / 18). R. O. Gilbert, Statistical Methods for Environmental Pollution Monitoring (1987),
//!   section 16.5.
//! - Days that resemble the day before carry less information: the variance is multiplied by (1 + r) / (1 - r), the factor of
//!   a first-order autoregression. S. Yue, C. Wang, Water Resour. Manag. 18 (2004) 201-218. r is the correlation of successive
//!   residuals, corrected for its bias by (n r + 1) / (n - 4). F. H. C. Marriott, J. A. Pope, Biometrika 41 (1954) 390-402.

/// Most days of a slope: four weeks, so that working days and weekends have equal weight.
pub const MAX_DAYS: usize = 28;

/// Fewest days of a slope.
pub const MIN_DAYS: usize = 10;

/// Pairs of [`MAX_DAYS`].
const PAIRS: usize = MAX_DAYS * (MAX_DAYS - 1) / 2;

/// Normal quantile of a two-sided interval of 99 %.
const Z: f32 = 2.576;

/// Largest correlation of successive days that is corrected for; beyond it there is no interval.
const LARGEST_CORRELATION: f32 = 0.9;

/// The value of one day.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Day {
    /// Days since any moment.
    pub at: f32,
    /// Its median.
    pub value: f32,
}

/// Change a day, and its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// Lower end of the interval.
    pub low: f32,
    /// Median of the slopes of all pairs.
    pub median: f32,
    /// Upper end of the interval.
    pub high: f32,
}

impl Slope {
    /// The slope of 10 to 28 days in the order of time; of more the last 28 count. `None` if there are fewer, if their times
    /// do not increase, or if no interval follows because the days resemble one another too much. 2 kB of stack.
    pub fn of(days: &[Day]) -> Option<Self> {
        let days = newest(days);
        if days.len() < MIN_DAYS || !days.is_sorted_by(|before, after| before.at < after.at) {
            return None;
        }
        let mut room = [0.0; PAIRS];
        let pairs =
            days.iter().enumerate().flat_map(|(index, later)| days[..index].iter().map(move |day| (day, later)));
        let mut count = 0;
        for (slope, (earlier, later)) in room.iter_mut().zip(pairs) {
            *slope = (later.value - earlier.value) / (later.at - earlier.at);
            count += 1;
        }
        let slopes = &mut room[..count];
        let median = middle(slopes);
        let n = days.len() as f32;
        let r = correlation(days, median);
        if r > LARGEST_CORRELATION {
            return None;
        }
        let c = Z * libm::sqrtf(n * (n - 1.0) * (2.0 * n + 5.0) / 18.0 * (1.0 + r) / (1.0 - r));
        // Ranks from 1, rounded outwards; `as` saturates.
        let rank = libm::floorf((count as f32 - c) / 2.0) as usize;
        Some(Self { low: *slopes.get(rank.checked_sub(1)?)?, median, high: *slopes.get(count - rank)? })
    }

    /// In how many days after the last one a rising value reaches `limit`: the earliest and the latest, by the lines of both
    /// ends of the interval that have half of the days above them. 0 where the limit is reached. `None` unless the whole
    /// interval is above 0.
    pub fn days_to(&self, limit: f32, days: &[Day]) -> Option<(f32, f32)> {
        let days = newest(days);
        let reach = |slope: f32| libm::fmaxf((limit - last_value(days, slope)) / slope, 0.0);
        (self.low > 0.0 && !days.is_empty()).then(|| (reach(self.high), reach(self.low)))
    }
}

fn newest(days: &[Day]) -> &[Day] {
    &days[days.len().saturating_sub(MAX_DAYS)..]
}

/// The value at the last day of the line of this slope that has half of the days above it.
fn last_value(days: &[Day], slope: f32) -> f32 {
    let mut room = [0.0; MAX_DAYS];
    let last = days.last().map_or(0.0, |day| day.at);
    room.iter_mut().zip(days).for_each(|(value, day)| *value = day.value + slope * (last - day.at));
    middle(&mut room[..days.len()])
}

/// Correlation of successive residuals, 0 to 1, corrected for its bias.
fn correlation(days: &[Day], slope: f32) -> f32 {
    let line = last_value(days, slope);
    let last = days.last().map_or(0.0, |day| day.at);
    let residual = |day: &Day| day.value + slope * (last - day.at) - line;
    let all: f32 = days.iter().map(|day| residual(day) * residual(day)).sum();
    if all <= 0.0 {
        return 0.0;
    }
    let pairs: f32 = days.windows(2).map(|pair| residual(&pair[0]) * residual(&pair[1])).sum();
    let n = days.len() as f32;
    libm::fminf(libm::fmaxf((n * pairs / all + 1.0) / (n - 4.0), 0.0), 1.0)
}

/// Sorts, and returns the middle; of an even number the mean of both in the middle. 0 of none.
fn middle(values: &mut [f32]) -> f32 {
    values.sort_unstable_by(f32::total_cmp);
    let at = values.len() / 2;
    match values {
        [] => 0.0,
        _ if values.len() % 2 == 1 => values[at],
        _ => (values[at - 1] + values[at]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// A line with every third day far off, and an alternating error.
    fn days(count: usize, slope: f32, odd: f32) -> Vec<Day> {
        let value = |at: usize| {
            slope * at as f32 + if at % 3 == 2 { odd } else { 0.0 } + if at.is_multiple_of(2) { 0.01 } else { -0.01 }
        };
        (0..count).map(|at| Day { at: at as f32, value: value(at) }).collect()
    }

    #[test]
    fn a_third_of_odd_days_does_not_change_the_slope_and_the_interval_holds_it() {
        let slope = Slope::of(&days(28, 0.1, 3.0)).unwrap();
        assert!((slope.median - 0.1).abs() < 0.02, "{slope:?}");
        assert!(slope.low < 0.1 && 0.1 < slope.high, "{slope:?}");
    }

    #[test]
    fn a_limit_is_reached_between_the_days_of_both_ends_of_the_interval() {
        let days = days(20, 0.1, 0.0);
        let slope = Slope::of(&days).unwrap();
        // 1.9 on the last day.
        let (earliest, latest) = slope.days_to(3.0, &days).unwrap();
        assert!(earliest <= 11.0 && 11.0 <= latest && latest - earliest < 3.0, "{earliest} {latest}");
        assert_eq!(slope.days_to(1.0, &days), Some((0.0, 0.0)));
    }

    #[test]
    fn days_without_a_trend_reach_no_limit() {
        for slope in [0.0, -0.1] {
            let days = days(28, slope, 0.0);
            assert_eq!(Slope::of(&days).unwrap().days_to(3.0, &days), None);
        }
    }

    #[test]
    fn successive_days_that_resemble_one_another_widen_the_interval() {
        let with = |period: usize| -> Slope {
            let value = |at: usize| if (at / period).is_multiple_of(2) { 0.5 } else { -0.5 };
            let days: Vec<Day> = (0..28).map(|at| Day { at: at as f32, value: value(at) + 0.03 * at as f32 }).collect();
            Slope::of(&days).unwrap()
        };
        assert!(with(2).high - with(2).low > 1.5 * (with(1).high - with(1).low));
    }

    #[test]
    fn too_few_days_and_times_that_do_not_increase_have_no_slope() {
        assert_eq!(Slope::of(&days(MIN_DAYS - 1, 0.1, 0.0)), None);
        let mut twice = days(12, 0.1, 0.0);
        twice[5].at = 4.0;
        assert_eq!(Slope::of(&twice), None);
        assert!(Slope::of(&days(100, 0.1, 0.0)).is_some());
    }
}
