//! A progress bar in seconds of sound, moved by many threads in fractions of a second.

use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::ProgressBar;

use crate::console::Ui;

/// See the module.
pub(super) struct SoundProgress {
    bar: ProgressBar,
    milliseconds: AtomicU64,
}

impl SoundProgress {
    /// A bar of `seconds` of sound.
    pub(super) fn new(ui: &Ui, label: &'static str, seconds: f64) -> Self {
        Self { bar: ui.progress(label, seconds.ceil() as u64), milliseconds: AtomicU64::new(0) }
    }

    /// Moves the bar by `seconds` of sound.
    pub(super) fn add(&self, seconds: f64) {
        let added = (seconds * 1000.0) as u64;
        let before = self.milliseconds.fetch_add(added, Ordering::Relaxed);
        self.bar.set_position((before + added) / 1000);
    }

    /// Removes the bar.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
