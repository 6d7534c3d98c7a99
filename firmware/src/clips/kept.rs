//! The clips that were kept, on their way to the event log.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// Clips that may wait: without an event log nobody takes them, and the oldest go.
const MOST: usize = 16;

/// A clip that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    /// Name of its file.
    pub file: String,
    /// The cause of its alarm.
    pub cause: &'static str,
}

/// What whoever keeps clips tells the event log.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    clips: Arc<Mutex<VecDeque<Clip>>>,
    more: Arc<AtomicBool>,
}

impl Kept {
    /// Tells of a clip, and waits for nobody.
    pub fn push(&self, clip: Clip) {
        let mut clips = self.clips.lock().unwrap_or_else(PoisonError::into_inner);
        if clips.len() == MOST {
            clips.pop_front();
        }
        clips.push_back(clip);
    }

    /// The oldest that nobody has taken.
    pub fn pop(&self) -> Option<Clip> {
        self.clips.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Says whether there may be more: somebody keeps clips, or has just ended to.
    pub fn expect_more(&self, more: bool) {
        self.more.store(more, Relaxed);
    }

    /// Whether there may be more.
    pub fn may_have_more(&self) -> bool {
        self.more.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clips_that_nobody_takes_are_bounded_and_the_oldest_go() {
        let kept = Kept::default();
        (0..20).for_each(|number| kept.push(Clip { file: number.to_string(), cause: "state" }));
        let files: Vec<String> = std::iter::from_fn(|| kept.pop()).map(|clip| clip.file).collect();
        assert_eq!((files.len(), files[0].as_str(), files[15].as_str()), (16, "4", "19"));
    }
}
