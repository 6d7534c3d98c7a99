//! The clips that were written, on their way to the event log.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use monitor_wire::Explanation;

/// Clips that may wait; without an event log the oldest are dropped.
const MOST: usize = 16;

/// A clip that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    /// Name of its file.
    pub file: String,
    /// The cause of its alarm.
    pub cause: &'static str,
    /// What moved in the sound; empty unless the anomaly score raised it.
    pub explanation: Explanation,
}

/// A bounded queue from the clips sink to the event log.
#[derive(Debug, Clone, Default)]
pub struct ClipQueue {
    clips: Arc<Mutex<VecDeque<Clip>>>,
    more: Arc<AtomicBool>,
}

impl ClipQueue {
    /// Adds a clip, without waiting.
    pub fn push(&self, clip: Clip) {
        let mut clips = self.clips.lock().unwrap_or_else(PoisonError::into_inner);
        if clips.len() == MOST {
            clips.pop_front();
        }
        clips.push_back(clip);
    }

    /// Takes the oldest clip.
    pub fn pop(&self) -> Option<Clip> {
        self.clips.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Sets whether more clips may follow: whether a clips sink runs.
    pub fn expect_more(&self, more: bool) {
        self.more.store(more, Relaxed);
    }

    /// Whether more clips may follow.
    pub fn may_have_more(&self) -> bool {
        self.more.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clips_that_are_not_taken_are_bounded_and_the_oldest_are_dropped() {
        let queue = ClipQueue::default();
        (0..20).for_each(|number| {
            queue.push(Clip { file: number.to_string(), cause: "state", explanation: Explanation::default() })
        });
        let files: Vec<String> = std::iter::from_fn(|| queue.pop()).map(|clip| clip.file).collect();
        assert_eq!((files.len(), files[0].as_str(), files[15].as_str()), (16, "4", "19"));
    }
}
