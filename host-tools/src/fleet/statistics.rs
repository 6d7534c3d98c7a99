//! Medians of a device's anomaly score and level: of ten minutes, and of the last day.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Length of a bin.
const BIN: Duration = Duration::from_secs(600);

/// Bins of a day.
const DAY: usize = 144;

/// Values of a bin at most: more reports than this in ten minutes are left out.
const MOST: usize = 2000;

/// What is compared between devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// The anomaly score, 1 at the alarm level.
    Score,
    /// The level in dB of full scale.
    Level,
}

impl Quantity {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Score, Self::Level];
}

/// Medians of the quantities, in the order of [`Quantity::ALL`]; `None` without a value.
type Medians = [Option<f64>; 2];

/// The medians of one device.
#[derive(Debug, Clone)]
pub(crate) struct Statistics {
    /// When the present bin began.
    begun: Instant,
    values: [Vec<f64>; 2],
    /// Complete bins, newest last.
    bins: VecDeque<Medians>,
}

impl Statistics {
    /// None yet; the first bin begins at `now`.
    pub(super) fn new(now: Instant) -> Self {
        Self { begun: now, values: [Vec::new(), Vec::new()], bins: VecDeque::new() }
    }

    /// Takes a report's values, at `now`.
    pub(super) fn add(&mut self, now: Instant, values: Medians) {
        if now.saturating_duration_since(self.begun) >= BIN {
            let medians = [0, 1].map(|place| median(&mut self.values[place]));
            if medians.iter().any(Option::is_some) {
                self.bins.push_back(medians);
            }
            while self.bins.len() > DAY {
                self.bins.pop_front();
            }
            self.values.iter_mut().for_each(Vec::clear);
            self.begun = now;
        }
        for (of, value) in self.values.iter_mut().zip(values) {
            of.extend(value.filter(|value| value.is_finite() && of.len() < MOST));
        }
    }

    /// The median of the last ten minutes that are complete.
    pub(super) fn recent(&self, quantity: Quantity) -> Option<f64> {
        self.bins.back()?[quantity as usize]
    }

    /// The median over the bins of the last day, or since the start.
    pub(super) fn day(&self, quantity: Quantity) -> Option<f64> {
        median(&mut self.bins.iter().filter_map(|bin| bin[quantity as usize]).collect::<Vec<_>>())
    }
}

/// The median; of an even number the mean of the two in the middle. `None` without a value.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => Some((values.get(middle.checked_sub(1)?)? + values.get(middle)?) / 2.0),
        _ => values.get(middle).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_minutes_and_the_day_have_their_medians() {
        let start = Instant::now();
        let mut statistics = Statistics::new(start);
        // Ten minutes at 0.2, ten at 0.4 with an outlier, ten at 0.3; then the next begins.
        for second in (0..1810).step_by(10) {
            let score = match second / 600 {
                0 => 0.2,
                1 if second == 700 => 99.0,
                1 => 0.4,
                _ => 0.3,
            };
            statistics.add(start + Duration::from_secs(second), [Some(score), None]);
        }
        assert_eq!(statistics.recent(Quantity::Score), Some(0.3));
        assert_eq!(statistics.day(Quantity::Score), Some(0.3));
        assert_eq!((statistics.recent(Quantity::Level), statistics.day(Quantity::Level)), (None, None));
    }

    #[test]
    fn before_the_first_ten_minutes_there_is_nothing_and_a_day_is_the_most() {
        let start = Instant::now();
        let mut statistics = Statistics::new(start);
        statistics.add(start, [Some(1.0), Some(-30.0)]);
        assert_eq!(statistics.recent(Quantity::Score), None);
        for bin in 1..=300 {
            statistics.add(start + BIN * bin, [Some(f64::from(bin)), Some(f64::NAN)]);
        }
        assert_eq!((statistics.bins.len(), statistics.recent(Quantity::Score)), (DAY, Some(299.0)));
        assert_eq!(statistics.day(Quantity::Score), Some((227.0 + 228.0) / 2.0));
        assert_eq!(statistics.recent(Quantity::Level), None);
    }

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&mut []), None);
    }
}
