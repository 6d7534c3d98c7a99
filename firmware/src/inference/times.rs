//! How long inference takes: the times of the last windows.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// Windows whose times are kept.
const COUNT: usize = 512;

/// The times of the last windows; one thread records, any thread reads, without a lock.
#[derive(Debug)]
pub struct RecentTimes {
    times_us: [AtomicU32; COUNT],
    recorded: AtomicUsize,
}

impl Default for RecentTimes {
    fn default() -> Self {
        Self { times_us: [const { AtomicU32::new(0) }; COUNT], recorded: AtomicUsize::default() }
    }
}

impl RecentTimes {
    /// Records the time of a window.
    pub(crate) fn record(&self, inference_us: u32) {
        // Wraps where a machine word is short, after years.
        let recorded = self.recorded.fetch_add(1, Relaxed);
        self.times_us[recorded % COUNT].store(inference_us, Relaxed);
    }

    /// The percentiles of the last 512 windows.
    pub(crate) fn percentiles(&self) -> Times {
        let mut times = [0; COUNT];
        let count = self.recorded.load(Relaxed).min(COUNT);
        for (copy, time) in times.iter_mut().zip(&self.times_us) {
            *copy = time.load(Relaxed);
        }
        Times::of(&mut times[..count])
    }
}

/// Inference times in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// The median.
    pub p50: u32,
    /// The 99th percentile.
    pub p99: u32,
    /// The longest.
    pub max: u32,
}

impl Times {
    /// Of any number of times, which this sorts; all 0 without any.
    pub fn of(times: &mut [u32]) -> Self {
        times.sort_unstable();
        // The least value that is not below the given share of all.
        let at =
            |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0);
        Self { p50: at(50), p99: at(99), max: at(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_times_wraps() {
        let times = RecentTimes::default();
        times.recorded.store(usize::MAX, Relaxed);
        times.record(7);
        times.record(9);
        assert_eq!(times.percentiles().max, 9);
    }

    #[test]
    fn the_percentiles_are_those_of_the_last_windows() {
        let times = RecentTimes::default();
        assert_eq!(times.percentiles(), Times::default());
        times.record(7);
        assert_eq!(times.percentiles(), Times { p50: 7, p99: 7, max: 7 });
        for time in 1..=612 {
            times.record(time);
        }
        // The kept ones: 101 to 612.
        assert_eq!(times.percentiles(), Times { p50: 356, p99: 607, max: 612 });
    }
}
