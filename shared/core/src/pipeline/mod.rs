//! From samples at the input's rate to a verdict for every window.
//!
//! A [`Pipeline`] joins a [`FrontEnd`] (resampler, log-mel, window) and a [`BackEnd`] (features, head, anomaly score).
//! Training reads its features; [`crate::monitor::Monitor`] adds the microphone check, the decision and the alarms for
//! everything that follows a machine. Verdicts do not depend on the size of the blocks that samples arrive in. After
//! construction the pipeline neither allocates nor locks. Its state takes about 80 kB besides the memory lent to it; keep
//! it in place, on a thread's stack or in a static.

mod back;
mod clock;
mod error;
mod front;
mod level;
mod ready;
#[cfg(test)]
mod tests;

pub use back::BackEnd;
pub use error::Error;
pub use front::FrontEnd;
pub use level::FLOOR_DBFS;
pub use ready::{OwnedWindow, ReadyWindow};

use crate::anomaly::{NormalSpectra, Spectrum, ZScores};
use crate::classifier::Classifier;
use crate::rumble;
use crate::window::Patch;
use monitor_nn::Block;

/// The result of one window, borrowed from the pipeline until the next sample.
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
    /// Level of the third octaves below the patch: see [`crate::rumble`].
    pub rumble: &'v [f32; rumble::BANDS],
    /// RMS of the window's 15600 samples in dB of full scale, at least [`FLOOR_DBFS`].
    pub level_dbfs: f32,
    /// Whether frames were lost within the window.
    pub spans_gap: bool,
    /// Deviation of the window from normal sound by each detector, which [`crate::monitor::Judge`] turns into the anomaly score;
    /// `None` where the model has no detector.
    pub z_scores: Option<ZScores>,
    /// What an alarm is explained by; `None` where the model's tables hold no spectra of normal sound.
    pub spectra: Option<Spectra<'v>>,
    /// Time of features, head and anomaly score in nanoseconds; 0 without a clock ([`Pipeline::set_clock`]).
    pub inference_ns: u64,
}

/// The spectrum of a window, and those of normal sound.
#[derive(Debug, Clone, Copy)]
pub struct Spectra<'v> {
    /// Level of each band in dB.
    pub window: Spectrum,
    /// What it is compared with.
    pub normal: NormalSpectra<'v>,
}

/// Samples in, verdicts out.
#[derive(Debug)]
pub struct Pipeline<'m> {
    front: FrontEnd<'m>,
    back: BackEnd<'m>,
}

impl<'m> Pipeline<'m> {
    /// A pipeline for mono samples of `rate_hz`, with a window every `hop_columns` columns of 10 ms.
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
        let front = FrontEnd::new(rate_hz, hop_columns, storage)?.with_gain(classifier.gain());
        Ok(Self { front, back: BackEnd::new(classifier, arena)? })
    }

    /// Measures [`Verdict::inference_ns`] by a clock in nanoseconds.
    pub fn set_clock(&mut self, now_ns: fn() -> u64) {
        self.back.set_clock(now_ns);
    }

    /// The classifier in use.
    pub fn classifier(&self) -> &Classifier<'m> {
        self.back.classifier()
    }

    /// Columns of 10 ms from one window to the next.
    pub fn hop_columns(&self) -> u32 {
        self.front.hop_columns()
    }

    /// Processes mono samples at the input's rate, full scale 1; calls `on_window` for every window they complete.
    pub fn push(&mut self, samples: &[f32], on_window: impl FnMut(&Verdict)) {
        self.front.push(&mut self.back, samples, on_window);
    }

    /// Ends the stream: calls `on_window` for windows that end within the resampler's look-ahead of the last sample, as if
    /// silence followed. Later samples begin a new stream that continues the count of time.
    pub fn finish(&mut self, on_window: impl FnMut(&Verdict)) {
        self.front.finish(&mut self.back, on_window);
    }

    /// Records that `lost_frames` frames of the input never arrived: the front end restarts after them, time continues, and
    /// windows that reach back across the gap are marked ([`Verdict::spans_gap`]).
    pub fn gap(&mut self, lost_frames: u64) {
        self.front.gap(lost_frames);
    }
}
