//! How the inference thread is stopped, and how it ends.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Shared between the inference thread, the player and the main thread.
#[derive(Debug, Default)]
pub struct Control {
    /// Inference is to end.
    pub stop: AtomicBool,
    /// Inference waits for a sink that is not read: no sound is missing, it is not requested.
    pub held: AtomicBool,
    failure: OnceLock<String>,
}

impl Control {
    /// Whether inference is to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// Records why the sound ended too early, unless a stop was requested; the first reason is kept.
    pub(crate) fn fail(&self, why: String) {
        if !self.is_stopped() {
            let _ = self.failure.set(why);
        }
    }

    /// Why the sound ended too early.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }
}
