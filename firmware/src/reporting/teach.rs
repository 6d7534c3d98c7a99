//! What the queue of sound for teaching shares: its ring of sound, its lock and its counters.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::AudioTee;

/// Counters and gauges of the queue; all stay 0 without one.
#[derive(Debug, Default)]
pub struct TeachCounters {
    /// Clips that wait for a label now.
    pub waiting: AtomicU64,
    /// Clips that have one now.
    pub labelled: AtomicU64,
    /// Clips that were queued.
    pub queued: AtomicU64,
    /// Sounds that resemble a clip of the queue.
    pub similar: AtomicU64,
    /// Sounds for which there was no place or no room.
    pub refused: AtomicU64,
    /// Changes of the queue, by the device or by people.
    pub changes: AtomicU64,
}

impl TeachCounters {
    /// Each with its name and a line for people.
    pub fn list(&self) -> [(&'static str, &'static str, &AtomicU64); 6] {
        [
            ("waiting", "Clips that wait for a label.", &self.waiting),
            ("labelled", "Clips with a label.", &self.labelled),
            ("queued", "Clips that were queued.", &self.queued),
            ("similar", "Sounds that resemble a clip of the queue.", &self.similar),
            ("refused", "Sounds for which there was no place or no room.", &self.refused),
            ("changes", "Changes of the queue.", &self.changes),
        ]
    }

    /// Sets what is in the queue now, and counts the change.
    pub(crate) fn set(&self, waiting: usize, labelled: usize) {
        self.waiting.store(waiting as u64, Relaxed);
        self.labelled.store(labelled as u64, Relaxed);
        self.changes.fetch_add(1, Relaxed);
    }
}

/// The shared part of the queue. Its clones share everything.
#[derive(Debug, Clone, Default)]
pub struct TeachShare {
    /// The decoded sound that inference passes on.
    pub sound: AudioTee,
    /// The counters.
    pub counters: Arc<TeachCounters>,
    folder: Arc<Mutex<()>>,
}

impl TeachShare {
    /// The right to change the folder: the sink and the page take turns.
    pub(crate) fn lock(&self) -> MutexGuard<'_, ()> {
        self.folder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
