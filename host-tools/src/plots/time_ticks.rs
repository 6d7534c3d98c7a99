//! Round moments along an axis of dates, in UTC.

use jiff::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Distances of ticks, in seconds, ascending.
const STEPS: [i64; 20] = [
    1,
    5,
    15,
    30,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    8 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    28 * DAY,
    91 * DAY,
    364 * DAY,
];

/// Moments within `low..=high`, seconds since 1970, with their labels: at most `most` of them. The first label, and that of each
/// midnight, is a date; the others are times of day.
///
/// An empty or infinite range has no ticks.
pub(super) fn time_ticks(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    let span = high - low;
    if !(span.is_finite() && span > 0.0) {
        return Vec::new();
    }
    let wanted = span / most.max(1) as f64;
    let longest = STEPS[STEPS.len() - 1];
    let beyond = || (wanted / longest as f64).ceil() as i64 * longest;
    let step = STEPS.into_iter().find(|step| *step as f64 >= wanted).unwrap_or_else(beyond);
    let (first, last) = ((low / step as f64).ceil() as i64, (high / step as f64).floor() as i64);
    (first..=last)
        .map(|tick| {
            let second = tick * step;
            let format = if second % DAY == 0 {
                "%Y-%m-%d"
            } else if tick == first {
                "%m-%d %H:%M"
            } else if step < MINUTE {
                "%H:%M:%S"
            } else {
                "%H:%M"
            };
            let moment = Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
            (second as f64, moment.strftime(format).to_string())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, most: usize) -> Vec<String> {
        time_ticks(low, high, most).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_and_the_first_and_each_midnight_have_a_date() {
        let midnight = 1_764_115_200.0;
        let evening = midnight - 8.0 * 3600.0;
        assert_eq!(labels(evening, evening + 12.0 * 3600.0, 4), ["11-25 16:00", "20:00", "2025-11-26", "04:00"]);
        assert_eq!(labels(0.0, 3.0 * 86_400.0, 4), ["1970-01-01", "1970-01-02", "1970-01-03", "1970-01-04"]);
        assert_eq!(labels(1.0, 31.0, 3), ["01-01 00:00", "00:00:30"]);
    }

    #[test]
    fn any_span_has_few_ticks() {
        for seconds in [0.5, 10.0, 7e3, 1e5, 3e7, 1e10] {
            assert!(labels(1e9, 1e9 + seconds, 8).len() <= 9, "{seconds}");
        }
        assert!(labels(5.0, 5.0, 8).is_empty() && labels(0.0, f64::INFINITY, 8).is_empty());
    }
}
