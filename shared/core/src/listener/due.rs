//! What a front end hands to a back end.

use super::level::Level;
use crate::log_mel::BANDS;
use crate::window::{COLUMNS, Patch, WindowRing};

/// A window that is due: where it lies and what it is made of.
#[derive(Debug)]
pub struct Due<'a> {
    pub(super) ring: &'a WindowRing,
    pub(super) level: &'a Level,
    pub(super) index: u64,
    pub(super) start_sample: u64,
    pub(super) spans_gap: bool,
}

impl Due<'_> {
    /// Copies all of it to `window`, which may be computed later, by any back end of any thread.
    pub fn keep(&self, window: &mut DueWindow) {
        self.ring.copy_to(&mut window.patch);
        window.index = self.index;
        window.start_sample = self.start_sample;
        window.level_dbfs = self.level.dbfs();
        window.spans_gap = self.spans_gap;
    }
}

/// The same on its own: about 25 kB.
#[derive(Clone, Debug)]
pub struct DueWindow {
    pub(super) patch: Patch,
    pub(super) index: u64,
    pub(super) start_sample: u64,
    pub(super) level_dbfs: f32,
    pub(super) spans_gap: bool,
}

impl DueWindow {
    /// To keep one in.
    pub const NONE: Self =
        Self { patch: [[0.0; BANDS]; COLUMNS], index: 0, start_sample: 0, level_dbfs: 0.0, spans_gap: false };
}
