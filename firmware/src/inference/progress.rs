//! What inference shares with the other threads.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::control::Control;
use super::counters::Counters;
use super::rejected_updates::RejectedUpdates;
use super::times::RecentTimes;
use crate::alarms::Alarms;
use crate::reporting::InferenceTimes;
use crate::trend::WindowCounts;

/// The shared parts, each of which has its own file.
#[derive(Debug, Default)]
pub struct Progress {
    /// What was counted.
    pub counters: Counters,
    /// How long the last windows took.
    pub times: RecentTimes,
    /// How long all windows took.
    pub inference_times: Arc<InferenceTimes>,
    /// Stop and failure.
    pub control: Control,
    /// The alarms of inference and of the main thread.
    pub alarms: Arc<Alarms>,
    /// Windows for the daily medians.
    pub trend: WindowCounts,
    /// Updates that were rejected.
    pub rejected_updates: RejectedUpdates,
}

impl Progress {
    /// Counts a window that took so long.
    pub(crate) fn window(&self, inference_us: u32) {
        self.times.record(inference_us);
        self.inference_times.record(inference_us);
        self.counters.windows.fetch_add(1, Relaxed);
    }
}
