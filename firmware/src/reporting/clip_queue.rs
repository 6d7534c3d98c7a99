//! The clips that were written, on their way to the event log, and what has become of each alarm's, for notifications.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use monitor_wire::Explanation;

/// Clips that may wait; without an event log the oldest are dropped.
const MOST: usize = 16;

/// Alarms whose clips are settled that may wait; without notifications the oldest are dropped.
const MOST_SETTLED: usize = 64;

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

/// An alarm, by the time of its event in microseconds, and the name of its clip; `None` where there is none.
pub(crate) type SettledAlarm = (u64, Option<String>);

type Shared<T> = Arc<Mutex<VecDeque<T>>>;

/// Bounded queues from the clips sink to the event log and to the notifications.
#[derive(Debug, Clone, Default)]
pub struct ClipQueue {
    clips: Shared<Clip>,
    settled: Shared<SettledAlarm>,
    more: Arc<AtomicBool>,
}

impl ClipQueue {
    /// Adds a clip, without waiting.
    pub fn push(&self, clip: Clip) {
        push(&self.clips, MOST, clip);
    }

    /// Takes the oldest clip.
    pub fn pop(&self) -> Option<Clip> {
        pop(&self.clips)
    }

    /// Reports what has become of the clip of an alarm, without waiting.
    pub(crate) fn settle(&self, alarm_us: u64, file: Option<String>) {
        push(&self.settled, MOST_SETTLED, (alarm_us, file));
    }

    /// Takes the oldest report.
    #[cfg(any(feature = "notify", test))]
    pub(crate) fn pop_settled(&self) -> Option<SettledAlarm> {
        pop(&self.settled)
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

fn push<T>(queue: &Shared<T>, most: usize, item: T) {
    let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(item);
}

fn pop<T>(queue: &Shared<T>) -> Option<T> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
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
