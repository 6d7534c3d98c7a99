//! From samples at the input's rate to complete windows.

use super::clock::Clock;
use super::level::{BLOCK, Level};
use super::ready::ReadyWindow;
use super::{BackEnd, Error, Verdict};
use crate::gain::Gain;
use crate::log_mel::{Column, LogMel};
use crate::resample::Resampler;
use crate::rumble::Rumble;
use crate::window::{COLUMNS, SAMPLES, WindowRing};

/// Everything before the classifier. It outlives a change of model without the loss of a sample.
#[derive(Debug)]
pub struct FrontEnd<'s> {
    resampler: Resampler<'s>,
    clock: Clock,
    stages: Stages,
}

impl<'s> FrontEnd<'s> {
    /// A front end for mono samples of `rate_hz`, with a window every `hop_columns` columns of 10 ms, in `storage` of at
    /// least [`Resampler::storage_len`].
    ///
    /// # Errors
    /// [`Error::Resample`], [`Error::Window`].
    pub fn new(rate_hz: u32, hop_columns: u32, storage: &'s mut [f32]) -> Result<Self, Error> {
        Ok(Self {
            resampler: Resampler::new(rate_hz, storage).map_err(Error::Resample)?,
            clock: Clock::new(rate_hz),
            stages: Stages {
                pending: [0.0; BLOCK],
                filled: 0,
                level: Level::new(),
                gain: Gain::NONE,
                factor: 1.0,
                log_mel: LogMel::new(),
                rumble: Rumble::new(),
                ring: WindowRing::new(hop_columns).map_err(Error::Window)?,
                columns_since_gap: COLUMNS,
                index: 0,
            },
        })
    }

    /// The same with the input gain of a model.
    #[must_use]
    pub fn with_gain(mut self, gain: Gain) -> Self {
        (self.stages.gain, self.stages.factor) = (gain, gain.factor());
        self
    }

    /// Sets the input gain, which is another model's. Windows that contain samples from before are marked as after a gap.
    pub fn set_gain(&mut self, gain: Gain) {
        if self.stages.gain != gain {
            (self.stages.gain, self.stages.factor) = (gain, gain.factor());
            self.stages.columns_since_gap = 0;
        }
    }

    /// Continues the count of another front end that was at window `index` and 16 kHz sample `position`: the input's rate
    /// changed, which is a gap.
    #[must_use]
    pub fn continuing(mut self, index: u64, position: u64) -> Self {
        self.stages.index = index;
        self.stages.columns_since_gap = 0;
        self.clock = Clock::starting_at(self.resampler.rate_hz(), position);
        self
    }

    /// The input's rate in Hz.
    pub fn rate_hz(&self) -> u32 {
        self.resampler.rate_hz()
    }

    /// Number of the next window.
    pub fn index(&self) -> u64 {
        self.stages.index
    }

    /// Position of the next sample at 16 kHz.
    pub fn position(&self) -> u64 {
        self.clock.position()
    }

    /// Columns of 10 ms from one window to the next.
    pub fn hop_columns(&self) -> u32 {
        self.stages.ring.hop_columns()
    }

    /// Sets the hop for all windows after the current one.
    ///
    /// # Errors
    /// [`Error::Window`].
    pub fn set_hop_columns(&mut self, hop_columns: u32) -> Result<(), Error> {
        self.stages.ring.set_hop_columns(hop_columns).map_err(Error::Window)
    }

    /// Processes mono samples at the input's rate, full scale 1; calls `on_window` for every window they complete.
    pub fn push(&mut self, back: &mut BackEnd<'_>, samples: &[f32], mut on_window: impl FnMut(&Verdict)) {
        self.push_deferred(samples, |ready| back.compute_ready(ready, &mut on_window));
    }

    /// Processes samples as [`push`](Self::push) does and passes every window they complete to `on_ready`, for a caller that
    /// distributes windows over several back ends ([`BackEnd::compute`]).
    pub fn push_deferred(&mut self, samples: &[f32], mut on_ready: impl FnMut(&ReadyWindow<'_>)) {
        let Self { resampler, clock, stages } = self;
        clock.advance(samples.len() as u64);
        resampler.push(samples, |sample| {
            clock.resampled(1);
            stages.sample(sample, clock, &mut on_ready);
        });
    }

    /// Processes samples as [`push`](Self::push) does, but skips the windows they complete. Returns how many it skipped. For a
    /// device that is behind; skipped windows do not change the result of later ones.
    pub fn skip(&mut self, samples: &[f32]) -> u64 {
        let before = self.stages.index;
        self.push_deferred(samples, |_| {});
        self.stages.index - before
    }

    /// Ends the stream; see [`super::Pipeline::finish`].
    pub fn finish(&mut self, back: &mut BackEnd<'_>, mut on_window: impl FnMut(&Verdict)) {
        self.finish_deferred(|ready| back.compute_ready(ready, &mut on_window));
    }

    /// As [`finish`](Self::finish), with windows passed on as by [`push_deferred`](Self::push_deferred).
    pub fn finish_deferred(&mut self, mut on_ready: impl FnMut(&ReadyWindow<'_>)) {
        let Self { resampler, clock, stages } = self;
        resampler.finish(|sample| {
            clock.resampled(1);
            stages.sample(sample, clock, &mut on_ready);
        });
        self.gap(0);
    }

    /// Records that `lost_frames` frames of the input never arrived; see [`super::Pipeline::gap`].
    pub fn gap(&mut self, lost_frames: u64) {
        self.resampler.reset();
        self.clock.skip(lost_frames);
        self.stages.filled = 0;
        self.stages.log_mel.reset();
        self.stages.rumble.reset();
        self.stages.columns_since_gap = 0;
    }
}

/// Everything between the resampler and the classifier.
#[derive(Debug)]
struct Stages {
    /// 16 kHz samples that do not fill a block yet.
    pending: [f32; BLOCK],
    filled: usize,
    level: Level,
    gain: Gain,
    /// Of the gain.
    factor: f32,
    log_mel: LogMel,
    rumble: Rumble,
    ring: WindowRing,
    /// Columns since the last gap, at most a window's (which is also what there is before any gap).
    columns_since_gap: usize,
    index: u64,
}

impl Stages {
    #[inline(always)]
    fn sample(&mut self, sample: f32, clock: &Clock, on_ready: &mut impl FnMut(&ReadyWindow<'_>)) {
        self.pending[self.filled] = sample;
        self.filled += 1;
        if self.filled == BLOCK {
            self.block(clock, on_ready);
        }
    }

    /// Processes a full block. Not inlined, because all that it needs registers and stack for would be set up for every sample.
    #[inline(never)]
    fn block(&mut self, clock: &Clock, on_ready: &mut impl FnMut(&ReadyWindow<'_>)) {
        self.filled = 0;
        self.level.push(&self.pending);
        // A factor of 1 changes no bit.
        let raised = self.pending.map(|sample| sample * self.factor);
        self.rumble.push(&raised);
        // A block is shorter than a hop, so it completes at most one column.
        let mut column: Option<Column> = None;
        self.log_mel.push(&raised, |made| column = Some(*made));
        let Some(column) = column else { return };
        self.columns_since_gap = (self.columns_since_gap + 1).min(COLUMNS);
        if self.ring.push(&column) {
            on_ready(&ReadyWindow {
                ring: &self.ring,
                level: &self.level,
                rumble: &self.rumble,
                index: self.index,
                start_sample: clock.position().saturating_sub(SAMPLES as u64),
                spans_gap: self.columns_since_gap < COLUMNS,
            });
            self.index += 1;
        }
    }
}
