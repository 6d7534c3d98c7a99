//! What a front end passes to a back end.

use super::level::Level;
use crate::log_mel::BANDS;
use crate::rumble::{self, Rumble};
use crate::window::{COLUMNS, Patch, WindowRing};

/// A complete window, borrowed from the front end.
#[derive(Debug)]
pub struct ReadyWindow<'a> {
    pub(super) ring: &'a WindowRing,
    pub(super) level: &'a Level,
    pub(super) rumble: &'a Rumble,
    pub(super) index: u64,
    pub(super) start_sample: u64,
    pub(super) spans_gap: bool,
}

impl ReadyWindow<'_> {
    /// Copies it to `window`, which any back end may compute later, on any thread.
    pub fn copy_to(&self, window: &mut OwnedWindow) {
        self.ring.copy_to(&mut window.patch);
        window.index = self.index;
        window.start_sample = self.start_sample;
        window.level_dbfs = self.level.dbfs();
        window.rumble = self.rumble.bands();
        window.spans_gap = self.spans_gap;
    }
}

/// A complete window with its own memory, about 25 kB.
#[derive(Clone, Debug)]
pub struct OwnedWindow {
    pub(super) patch: Patch,
    pub(super) index: u64,
    pub(super) start_sample: u64,
    pub(super) level_dbfs: f32,
    pub(super) rumble: [f32; rumble::BANDS],
    pub(super) spans_gap: bool,
}

impl OwnedWindow {
    /// A place to copy a window to.
    pub const EMPTY: Self = Self {
        patch: [[0.0; BANDS]; COLUMNS],
        index: 0,
        start_sample: 0,
        level_dbfs: 0.0,
        rumble: [0.0; rumble::BANDS],
        spans_gap: false,
    };

    /// The third octaves below the patch.
    pub fn rumble(&self) -> &[f32; rumble::BANDS] {
        &self.rumble
    }

    /// The log-mel patch, oldest column first.
    pub fn patch(&self) -> &Patch {
        &self.patch
    }
}
