//! What inference has done so far, readable by anyone at any time; the counters without a lock.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use super::not_used::NotUsed;
use crate::alarms::Alarms;

/// Inference times that are remembered.
const TIMES: usize = 512;

/// Counters of the inference thread; only it writes, but for the alarms and `stop`.
#[derive(Debug)]
pub struct Progress {
    /// Windows computed.
    pub windows: AtomicU64,
    /// Windows passed over because inference was behind.
    pub dropped_windows: AtomicU32,
    /// Gaps in the sound.
    pub gaps: AtomicU32,
    /// Frames lost in them.
    pub lost_frames: AtomicU64,
    /// Number of the window that is next.
    pub next_index: AtomicU64,
    /// Pieces of sound taken: grows as long as inference lives and sound arrives.
    pub pieces: AtomicU64,
    /// The alarms: inference's and the main thread's.
    pub alarms: Arc<Alarms>,
    /// What was offered and is not used.
    pub not_used: NotUsed,
    /// Faults of the microphone, as bits of [`monitor_core::microphone`].
    pub microphone: AtomicU8,
    /// Inference waits for an output that is not read: no sound is missing, it is not asked for.
    pub held: AtomicBool,
    /// Setups taken over.
    pub setups: AtomicU64,
    /// Set by whoever wants inference to end.
    pub stop: AtomicBool,
    /// Why the sound ended when it should not have.
    failure: OnceLock<String>,
    times_us: [AtomicU32; TIMES],
    timed: AtomicUsize,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            windows: AtomicU64::default(),
            dropped_windows: AtomicU32::default(),
            gaps: AtomicU32::default(),
            lost_frames: AtomicU64::default(),
            next_index: AtomicU64::default(),
            pieces: AtomicU64::default(),
            alarms: Arc::default(),
            not_used: NotUsed::default(),
            microphone: AtomicU8::default(),
            held: AtomicBool::default(),
            setups: AtomicU64::default(),
            stop: AtomicBool::default(),
            failure: OnceLock::default(),
            times_us: [const { AtomicU32::new(0) }; TIMES],
            timed: AtomicUsize::default(),
        }
    }
}

/// Inference times in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// The median.
    pub p50: u32,
    /// 99 of 100 are not above.
    pub p99: u32,
    /// The longest.
    pub max: u32,
}

impl Times {
    /// Of any number of times, which are sorted by this. All 0 when there is none.
    pub fn of(times: &mut [u32]) -> Self {
        times.sort_unstable();
        // The least value that is not below the given share of all.
        let at =
            |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0);
        Self { p50: at(50), p99: at(99), max: at(100) }
    }
}

impl Progress {
    /// Keeps why the sound ended when it should not have, unless it was told to stop; the first reason stands.
    pub fn fail(&self, why: String) {
        if !self.stop.load(Relaxed) {
            let _ = self.failure.set(why);
        }
    }

    /// Why the sound ended when it should not have.
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// Counts a window that took so long.
    pub fn window(&self, inference_us: u32) {
        // Wraps where a machine word is short, after years.
        let timed = self.timed.fetch_add(1, Relaxed);
        self.times_us[timed % TIMES].store(inference_us, Relaxed);
        self.windows.fetch_add(1, Relaxed);
    }

    /// The inference times of the last 512 windows.
    pub fn times(&self) -> Times {
        let mut times = [0; TIMES];
        let count = self.timed.load(Relaxed).min(TIMES);
        for (copy, time) in times.iter_mut().zip(&self.times_us) {
            *copy = time.load(Relaxed);
        }
        Times::of(&mut times[..count])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_times_wraps() {
        let progress = Progress::default();
        progress.timed.store(usize::MAX, Relaxed);
        progress.window(7);
        progress.window(9);
        assert_eq!(progress.times().max, 9);
    }

    #[test]
    fn the_percentiles_are_those_of_the_last_windows() {
        let progress = Progress::default();
        assert_eq!(progress.times(), Times::default());
        progress.window(7);
        assert_eq!(progress.times(), Times { p50: 7, p99: 7, max: 7 });
        for time in 1..=612 {
            progress.window(time);
        }
        // What is left: 101 to 612.
        assert_eq!(progress.times(), Times { p50: 356, p99: 607, max: 612 });
    }
}
