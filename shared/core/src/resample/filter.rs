//! Runs the polyphase filter: input history, position, one dot product per output sample.
//!
//! The history is a slice. When it is full, the samples still needed move to its front, so the taps of an output sample are
//! always contiguous. A move copies one row per block of input.

use super::plan::{Plan, Rows};
use super::{Error, design, dot};

/// The polyphase filter and its position in the stream.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    plan: Plan,
    /// Rows of `plan.taps` coefficients each.
    coefficients: &'a [f32],
    /// Input samples that later output samples need, oldest first.
    history: &'a mut [f32],
    /// Number of valid samples in `history`.
    filled: usize,
    /// Index in `history` of the first tap of the next output sample.
    start: usize,
    /// Position of the next output sample after an input sample, in `1 / plan.up` of an input period.
    phase: u32,
}

impl<'a> Filter<'a> {
    /// Designs the filter in `storage`.
    pub(super) fn new(plan: Plan, storage: &'a mut [f32]) -> Result<Self, Error> {
        let (needed, lent) = (plan.storage_len(), storage.len());
        let storage = storage.get_mut(..needed).ok_or(Error::Storage { needed, lent })?;
        let (coefficients, history) = storage.split_at_mut(plan.coefficients());
        design::fill(&plan, coefficients);
        let mut filter = Self { plan, coefficients, history, filled: 0, start: 0, phase: 0 };
        filter.reset();
        Ok(filter)
    }

    /// Input samples required on either side of an output sample.
    pub(super) const fn look_ahead(&self) -> usize {
        self.plan.half()
    }

    /// Discards all input.
    pub(super) fn reset(&mut self) {
        // The first output sample is centred on the first input sample, which silence precedes.
        self.filled = self.plan.half() - 1;
        self.history[..self.filled].fill(0.0);
        self.start = 0;
        self.phase = 0;
    }

    /// Appends input samples and emits every output sample that can be computed.
    pub(super) fn push(&mut self, input: &[f32], sink: &mut impl FnMut(f32)) {
        let mut rest = input;
        while !rest.is_empty() {
            if self.filled == self.history.len() {
                self.history.copy_within(self.start..self.filled, 0);
                self.filled -= self.start;
                self.start = 0;
            }
            let (now, later) = rest.split_at(rest.len().min(self.history.len() - self.filled));
            self.history[self.filled..self.filled + now.len()].copy_from_slice(now);
            self.filled += now.len();
            rest = later;
            self.drain(sink);
        }
    }

    /// Emits the remaining output samples and resets.
    pub(super) fn finish(&mut self, sink: &mut impl FnMut(f32)) {
        // Silence until the last input sample has been the centre of the taps.
        const SILENCE: [f32; 64] = [0.0; 64];
        let mut missing = self.plan.half();
        while missing > 0 {
            let now = missing.min(SILENCE.len());
            self.push(&SILENCE[..now], sink);
            missing -= now;
        }
        self.reset();
    }

    /// Computes every output sample whose taps are all in the history.
    #[expect(clippy::cast_precision_loss, reason = "phases are below 2^24")]
    fn drain(&mut self, sink: &mut impl FnMut(f32)) {
        let Plan { taps, up, down, .. } = self.plan;
        while let Some(samples) = self.history[..self.filled].get(self.start..self.start + taps) {
            sink(match self.plan.rows {
                Rows::Exact => dot::one(samples, self.row(self.phase)),
                Rows::Interpolated(count) => {
                    let (row, part) = (self.phase * count / up, self.phase * count % up);
                    dot::between(samples, self.row(row), self.row(row + 1), part as f32 / up as f32)
                }
            });
            let next = self.phase + down;
            self.start += (next / up) as usize;
            self.phase = next % up;
        }
    }

    fn row(&self, row: u32) -> &'a [f32] {
        let taps = self.plan.taps;
        let from = row as usize * taps;
        &self.coefficients[from..from + taps]
    }
}
