//! The chain from samples at the input's rate to verdicts, owned by one type.
//!
//! [`Listener`] is the only place where the steps are put together: the device, training and every tool drive it, so that
//! all of them see the same thing. Verdicts do not depend on the size of the pieces that samples arrive in. After
//! construction nothing is allocated, locked or logged. State: about 45 kB, to be kept in place (a thread's stack or a
//! static), besides the memory lent.

mod clock;
mod error;
mod level;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use level::FLOOR_DBFS;

use crate::classifier::{Classifier, MAX_PROBABILITIES};
use crate::head::MAX_WIDTH;
use crate::log_mel::{BANDS, Column, LogMel};
use crate::nn::Block;
use crate::resample::Resampler;
use crate::window::{COLUMNS, Patch, SAMPLES, WindowRing};
use clock::Clock;
use level::{BLOCK, Level};

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
    /// What features and head took, in nanoseconds; 0 without a clock ([`Listener::set_clock`]).
    pub inference_ns: u64,
}

/// Samples in, verdicts out.
#[derive(Debug)]
pub struct Listener<'m> {
    resampler: Resampler<'m>,
    stages: Stages<'m>,
    clock: Clock,
}

impl<'m> Listener<'m> {
    /// A listener for mono samples of `rate_hz`, with a window every `hop_columns` columns of 10 ms.
    ///
    /// `storage` is what [`Resampler::storage_len`] asks for at this rate, `arena` what
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
        let (needed, given) = (classifier.arena_len(), arena.len());
        if given < needed {
            return Err(Error::Arena { needed, given });
        }
        if classifier.classes() > MAX_PROBABILITIES {
            return Err(Error::Classes(classifier.classes()));
        }
        Ok(Self {
            resampler: Resampler::new(rate_hz, storage).map_err(Error::Resample)?,
            stages: Stages {
                pending: [0.0; BLOCK],
                filled: 0,
                level: Level::new(),
                log_mel: LogMel::new(),
                ring: WindowRing::new(hop_columns).map_err(Error::Window)?,
                columns_since_gap: COLUMNS,
                classifier,
                arena,
                patch: [[0.0; BANDS]; COLUMNS],
                features: [0.0; MAX_WIDTH],
                probabilities: [0.0; MAX_PROBABILITIES],
                index: 0,
                now_ns: None,
            },
            clock: Clock::new(rate_hz),
        })
    }

    /// Has every verdict say how long features and head took, by a clock in nanoseconds.
    pub fn set_clock(&mut self, now_ns: fn() -> u64) {
        self.stages.now_ns = Some(now_ns);
    }

    /// The classifier in use.
    pub fn classifier(&self) -> &Classifier<'m> {
        &self.stages.classifier
    }

    /// From one window to the next, in columns of 10 ms.
    pub fn hop_columns(&self) -> u32 {
        self.stages.ring.hop_columns()
    }

    /// Takes mono samples at the input's rate, full scale 1, and calls `on_window` for every window they complete.
    pub fn push(&mut self, samples: &[f32], mut on_window: impl FnMut(&Verdict)) {
        let Self { resampler, stages, clock } = self;
        clock.heard(samples.len() as u64);
        resampler.push(samples, |sample| {
            clock.made(1);
            stages.sample(sample, clock, &mut on_window);
        });
    }

    /// Ends the stream: calls `on_window` for windows that end within the resampler's look-ahead of the last sample, as if
    /// silence followed. What is pushed afterwards belongs to a new stream that continues the count of time.
    pub fn finish(&mut self, mut on_window: impl FnMut(&Verdict)) {
        let Self { resampler, stages, clock } = self;
        resampler.finish(|sample| {
            clock.made(1);
            stages.sample(sample, clock, &mut on_window);
        });
        self.gap(0);
    }

    /// `lost_frames` frames of the input never arrived: the front end starts afresh after them, time goes on, and
    /// windows that reach back across the gap say so.
    pub fn gap(&mut self, lost_frames: u64) {
        self.resampler.reset();
        self.clock.lost(lost_frames);
        self.stages.gap();
    }
}

/// Everything behind the resampler.
#[derive(Debug)]
struct Stages<'m> {
    /// 16 kHz samples that do not fill a block yet.
    pending: [f32; BLOCK],
    filled: usize,
    level: Level,
    log_mel: LogMel,
    ring: WindowRing,
    /// Columns since the last gap, at most a window's (which is also what there is before any gap).
    columns_since_gap: usize,
    classifier: Classifier<'m>,
    arena: &'m mut [Block],
    patch: Patch,
    features: [f32; MAX_WIDTH],
    probabilities: [f32; MAX_PROBABILITIES],
    index: u64,
    now_ns: Option<fn() -> u64>,
}

impl Stages<'_> {
    fn sample(&mut self, sample: f32, clock: &Clock, on_window: &mut impl FnMut(&Verdict)) {
        self.pending[self.filled] = sample;
        self.filled += 1;
        if self.filled < BLOCK {
            return;
        }
        self.filled = 0;
        self.level.push(&self.pending);
        // A block is shorter than a hop, so it completes at most one column.
        let mut column: Option<Column> = None;
        self.log_mel.push(&self.pending, |made| column = Some(*made));
        if let Some(column) = column {
            self.columns_since_gap = (self.columns_since_gap + 1).min(COLUMNS);
            if self.ring.push(&column) {
                self.window(clock, on_window);
            }
        }
    }

    fn window(&mut self, clock: &Clock, on_window: &mut impl FnMut(&Verdict)) {
        self.ring.copy_to(&mut self.patch);
        let features = &mut self.features[..self.classifier.kind().len()];
        let probabilities = &mut self.probabilities[..self.classifier.classes()];
        let now = || self.now_ns.map_or(0, |now| now());
        let before = now();
        // The arena's length was checked at construction; nothing else can fail.
        let ran = self.classifier.run(&self.patch, self.arena, features, probabilities);
        debug_assert!(ran.is_ok());
        on_window(&Verdict {
            index: self.index,
            start_sample: clock.position().saturating_sub(SAMPLES as u64),
            probabilities,
            features,
            patch: &self.patch,
            level_dbfs: self.level.dbfs(),
            spans_gap: self.columns_since_gap < COLUMNS,
            inference_ns: now().saturating_sub(before),
        });
        self.index += 1;
    }

    fn gap(&mut self) {
        self.filled = 0;
        self.log_mel.reset();
        self.columns_since_gap = 0;
    }
}
