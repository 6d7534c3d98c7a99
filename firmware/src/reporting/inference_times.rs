//! How long inference has taken since the start, as a histogram for metrics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Upper bounds of the buckets in microseconds: from a fast workstation to a hop of 1 s, which inference must stay below.
pub const BOUNDS_US: [u32; 11] =
    [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000];

/// Counts of windows by their inference time; one thread records, any thread reads, without a lock.
#[derive(Debug, Default)]
pub struct InferenceTimes {
    /// Windows per bucket; the last one is beyond every bound.
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

impl InferenceTimes {
    /// Records the time of a window in microseconds.
    pub(crate) fn record(&self, inference_us: u32) {
        let bucket = BOUNDS_US.iter().position(|bound| inference_us <= *bound).unwrap_or(BOUNDS_US.len());
        self.buckets[bucket].fetch_add(1, Relaxed);
        self.sum_us.fetch_add(inference_us.into(), Relaxed);
    }

    /// Windows up to each bound, then all windows; and the sum of their times in microseconds.
    pub(crate) fn cumulative(&self) -> ([u64; BOUNDS_US.len() + 1], u64) {
        let mut count = 0;
        let counts = self.buckets.each_ref().map(|bucket| {
            count += bucket.load(Relaxed);
            count
        });
        (counts, self.sum_us.load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_counts_in_its_bucket_and_all_above_it() {
        let times = InferenceTimes::default();
        [400, 500, 501, 2_000_000].into_iter().for_each(|time| times.record(time));
        let (counts, sum) = times.cumulative();
        assert_eq!((counts[0], counts[1], counts[10], counts[11], sum), (2, 3, 3, 4, 2_001_401));
    }
}
