//! The chain from samples at the input's rate to verdicts, owned by one type.
//!
//! [`Listener`] is the only place where the steps are put together: the device, training and every tool drive it, so that
//! all of them see the same thing. Verdicts do not depend on the size of the pieces that samples arrive in. After
//! construction nothing is allocated, locked or logged. State: about 45 kB, to be kept in place (a thread's stack or a
//! static), besides the memory lent.
//!
//! It consists of a [`FrontEnd`] and a [`BackEnd`]. A device that changes the model while sound goes on, or passes over
//! windows because it is behind, and a tool that spreads windows over threads, holds the two itself; everybody else holds a
//! listener.

mod back;
mod clock;
mod due;
mod error;
mod front;
mod level;
#[cfg(test)]
mod tests;

pub use back::BackEnd;
pub use due::{Due, DueWindow};
pub use error::Error;
pub use front::FrontEnd;
pub use level::FLOOR_DBFS;

use crate::classifier::Classifier;
use crate::window::Patch;
use monitor_nn::Block;

/// What was heard in one window. Borrowed from the listener until the next sample.
#[derive(Clone, Copy, Debug)]
pub struct Verdict<'v> {
    /// Number of the window, from 0.
    pub index: u64,
    /// Its first sample, at 16 kHz since the start of the stream; lost frames count. A window that spans a gap covers
    /// more time than its 15600 samples and is placed by its end.
    pub start_sample: u64,
    /// One per class; empty where only features are wanted.
    pub probabilities: &'v [f32],
    /// The features, in the order of [`crate::features`].
    pub features: &'v [f32],
    /// The log-mel patch, oldest column first.
    pub patch: &'v Patch,
    /// RMS of the window's 15600 samples in dB of full scale, at least [`FLOOR_DBFS`].
    pub level_dbfs: f32,
    /// Whether frames were lost within the window.
    pub spans_gap: bool,
    /// How unlike normal sound it is, 1 at the alarm threshold; `None` where the model does not say.
    pub anomaly: Option<f32>,
    /// What features, head and anomaly score took, in nanoseconds; 0 without a clock ([`Listener::set_clock`]).
    pub inference_ns: u64,
}

/// Samples in, verdicts out.
#[derive(Debug)]
pub struct Listener<'m> {
    front: FrontEnd<'m>,
    back: BackEnd<'m>,
}

impl<'m> Listener<'m> {
    /// A listener for mono samples of `rate_hz`, with a window every `hop_columns` columns of 10 ms.
    ///
    /// `storage` is what [`crate::resample::Resampler::storage_len`] asks for at this rate, `arena` what
    /// [`Classifier::arena_len`] asks for; both may be longer.
    ///
    /// # Errors
    /// [`Error`].
    pub fn new(
        classifier: Classifier<'m>,
        rate_hz: u32,
        hop_columns: u32,
        storage: &'m mut [f32],
        arena: &'m mut [Block],
    ) -> Result<Self, Error> {
        Ok(Self { front: FrontEnd::new(rate_hz, hop_columns, storage)?, back: BackEnd::new(classifier, arena)? })
    }

    /// Has every verdict say how long features and head took, by a clock in nanoseconds.
    pub fn set_clock(&mut self, now_ns: fn() -> u64) {
        self.back.set_clock(now_ns);
    }

    /// The classifier in use.
    pub fn classifier(&self) -> &Classifier<'m> {
        self.back.classifier()
    }

    /// From one window to the next, in columns of 10 ms.
    pub fn hop_columns(&self) -> u32 {
        self.front.hop_columns()
    }

    /// Takes mono samples at the input's rate, full scale 1, and calls `on_window` for every window they complete.
    pub fn push(&mut self, samples: &[f32], on_window: impl FnMut(&Verdict)) {
        self.front.push(&mut self.back, samples, on_window);
    }

    /// Ends the stream: calls `on_window` for windows that end within the resampler's look-ahead of the last sample, as if
    /// silence followed. What is pushed afterwards belongs to a new stream that continues the count of time.
    pub fn finish(&mut self, on_window: impl FnMut(&Verdict)) {
        self.front.finish(&mut self.back, on_window);
    }

    /// `lost_frames` frames of the input never arrived: the front end starts afresh after them, time goes on, and
    /// windows that reach back across the gap say so.
    pub fn gap(&mut self, lost_frames: u64) {
        self.front.gap(lost_frames);
    }
}
