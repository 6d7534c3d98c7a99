//! What inference counts for the daily medians: a histogram of score and level for each state. Only its thread writes, the main
//! thread takes; no lock, no allocation. 17 kB.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use monitor_core::trend::{BINS, LEVEL, POSITION, STATES, position};

/// The counts of one quantity of one state.
type Counts = [AtomicU32; BINS];

/// Histograms of all states.
#[derive(Debug)]
pub struct WindowCounts {
    position: [Counts; STATES],
    level: [Counts; STATES],
    /// Windows of a state that is followed.
    windows: [AtomicU32; STATES],
}

impl Default for WindowCounts {
    fn default() -> Self {
        let counts = || std::array::from_fn(|_| AtomicU32::new(0));
        let states = || std::array::from_fn(|_| counts());
        Self { position: states(), level: states(), windows: std::array::from_fn(|_| AtomicU32::new(0)) }
    }
}

/// The counts of one state, taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) position: [u32; BINS],
    pub(super) level: [u32; BINS],
    pub(super) windows: u32,
}

impl WindowCounts {
    /// Counts a window of a class: its anomaly score, if the model has one, and its level in dB of full scale. Classes from
    /// [`STATES`] on are not followed.
    pub fn count(&self, class: usize, score: Option<f32>, level_dbfs: f32) {
        let Some(windows) = self.windows.get(class) else { return };
        windows.fetch_add(1, Relaxed);
        self.level[class][LEVEL.bin(level_dbfs)].fetch_add(1, Relaxed);
        if let Some(score) = score {
            self.position[class][POSITION.bin(position(score))].fetch_add(1, Relaxed);
        }
    }

    /// Takes what was counted of a class since the last call; `None` if nothing was.
    pub(super) fn take(&self, class: usize) -> Option<Taken> {
        let windows = self.windows[class].swap(0, Relaxed);
        let take = |counts: &Counts| std::array::from_fn(|bin| counts[bin].swap(0, Relaxed));
        (windows > 0).then(|| Taken { position: take(&self.position[class]), level: take(&self.level[class]), windows })
    }
}
