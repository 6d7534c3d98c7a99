//! What inference counts; only its thread writes, any thread reads, without a lock.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64};

/// The counters of the inference thread.
#[derive(Debug, Default)]
pub struct Counters {
    /// Windows computed.
    pub windows: AtomicU64,
    /// Windows skipped because inference was behind.
    pub dropped_windows: AtomicU32,
    /// Gaps in the sound.
    pub gaps: AtomicU32,
    /// Frames lost in them.
    pub lost_frames: AtomicU64,
    /// Number of the next window.
    pub next_index: AtomicU64,
    /// Blocks of sound processed: grows as long as inference runs and sound arrives.
    pub blocks: AtomicU64,
    /// Faults of the microphone, as bits of [`monitor_core::microphone`].
    pub microphone: AtomicU8,
    /// Whether the warning is raised.
    pub warning: AtomicBool,
    /// Setups applied after the first.
    pub setups: AtomicU64,
}
