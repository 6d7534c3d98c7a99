//! Any sample rate to 16 kHz: streaming, anti-aliased, polyphase.
//!
//! Output sample `j` is the input's sound at the time `j / 16000` s after its first sample: the filter is symmetric about
//! that time, so its delay is compensated and nothing has to be shifted afterwards. Before the first sample and after the
//! last there is silence.
//!
//! Every output sample is one sum of products over neighbouring input samples with one row of coefficients. At all usual
//! rates each phase between input and output samples has its own row; at a whole number of Hz that has too many phases a
//! row is interpolated between neighbouring ones (error below -100 dB). Positions are counted in whole numbers and never
//! drift.
//!
//! | input rate | flat within 0.1 dB to | at least 80 dB down from |
//! |---|---|---|
//! | 16 kHz and above | 7 kHz | 8 kHz |
//! | below | 7/8 of half the input rate | half the input rate (there the images begin) |
//!
//! Costs: 288 products per output sample at 48 kHz, in proportion at higher rates, 96 below 16 kHz; twice that where
//! rows are interpolated. The caller lends the memory ([`Resampler::storage_len`]: 7.4 kB at 48 kHz, 173 kB at 44.1 kHz);
//! the filter is designed in it at the start. Sums run over 16 fixed partial sums and the design uses `libm`: equal input
//! gives equal bits on every target.

mod design;
mod dot;
mod plan;

use core::fmt;

use plan::{Plan, Rows};

/// The rate of all output, in Hz.
pub const OUTPUT_HZ: u32 = 16_000;
/// The lowest input rate, in Hz.
pub const MIN_HZ: u32 = 8_000;
/// The highest input rate, in Hz.
pub const MAX_HZ: u32 = 192_000;

/// Why a resampler cannot be made. Fatal: the configuration is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Error {
    /// The input rate is out of range.
    Rate {
        /// The rate asked for, in Hz.
        hz: u32,
    },
    /// The memory lent is too small.
    Storage {
        /// Values needed: what [`Resampler::storage_len`] says.
        needed: usize,
        /// Values lent.
        lent: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate { hz } => {
                write!(f, "a sample rate of {hz} Hz is out of range; use {MIN_HZ} to {MAX_HZ} Hz")
            }
            Self::Storage { needed, lent } => {
                write!(f, "the resampler was lent {lent} values of memory; it needs {needed}")
            }
        }
    }
}

impl core::error::Error for Error {}

/// Turns a stream of samples at one rate into a stream at 16 kHz.
#[derive(Debug)]
pub struct Resampler<'a> {
    rate_hz: u32,
    /// `None` at 16 kHz: samples pass through untouched.
    filter: Option<Filter<'a>>,
}

impl<'a> Resampler<'a> {
    /// How many values of memory a resampler for this input rate needs; 0 at 16 kHz.
    ///
    /// # Errors
    /// [`Error::Rate`] outside 8 to 192 kHz.
    pub const fn storage_len(rate_hz: u32) -> Result<usize, Error> {
        match Plan::new(rate_hz) {
            Err(error) => Err(error),
            Ok(None) => Ok(0),
            Ok(Some(plan)) => Ok(plan.storage_len()),
        }
    }

    /// A resampler for input at `rate_hz` (a whole number of Hz from 8 to 192 kHz) that works in `storage`, which may be
    /// larger than needed and hold anything.
    ///
    /// # Errors
    /// If the rate is out of range or the memory too small.
    pub fn new(rate_hz: u32, storage: &'a mut [f32]) -> Result<Self, Error> {
        let filter = match Plan::new(rate_hz)? {
            None => None,
            Some(plan) => Some(Filter::new(plan, storage)?),
        };
        Ok(Self { rate_hz, filter })
    }

    /// The input rate in Hz.
    #[must_use]
    pub const fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Input samples that must follow an instant before its output sample can be computed: the latency of this step, in
    /// samples of the input rate (144 at 48 kHz, which is 3 ms).
    #[must_use]
    pub const fn look_ahead(&self) -> usize {
        match &self.filter {
            None => 0,
            Some(filter) => filter.plan.half(),
        }
    }

    /// Takes input samples and calls `sink` with every output sample that can be computed now, in order.
    ///
    /// After `n` input samples in all, however cut into pieces, `ceil((n - look_ahead) * 16000 / rate)` output samples have
    /// been given (none if that is negative); [`finish`](Self::finish) gives the rest.
    pub fn push(&mut self, input: &[f32], mut sink: impl FnMut(f32)) {
        match &mut self.filter {
            None => input.iter().for_each(|&sample| sink(sample)),
            Some(filter) => filter.push(input, &mut sink),
        }
    }

    /// Ends the stream: gives the output samples still due, as if silence followed, and [`reset`](Self::reset)s.
    ///
    /// `n` input samples make exactly `ceil(n * 16000 / rate)` output samples in all: one for every instant `j / 16000` s
    /// before the end of the last input sample.
    pub fn finish(&mut self, mut sink: impl FnMut(f32)) {
        if let Some(filter) = &mut self.filter {
            filter.finish(&mut sink);
        }
    }

    /// Forgets all input: the next sample is the first of a new stream.
    pub fn reset(&mut self) {
        if let Some(filter) = &mut self.filter {
            filter.reset();
        }
    }
}

/// The polyphase filter and its place in the stream.
#[derive(Debug)]
struct Filter<'a> {
    plan: Plan,
    /// Rows of `plan.taps` coefficients each.
    coefficients: &'a [f32],
    /// The input samples that output samples to come need, oldest first.
    history: &'a mut [f32],
    /// How many of them there are.
    filled: usize,
    /// Where in `history` the taps of the next output sample start.
    start: usize,
    /// How far after an input sample the next output sample lies, in `1 / plan.up` of an input sample.
    phase: u32,
}

impl<'a> Filter<'a> {
    fn new(plan: Plan, storage: &'a mut [f32]) -> Result<Self, Error> {
        let (needed, lent) = (plan.storage_len(), storage.len());
        let storage = storage.get_mut(..needed).ok_or(Error::Storage { needed, lent })?;
        let (coefficients, history) = storage.split_at_mut(plan.coefficients());
        design::fill(&plan, coefficients);
        let mut filter = Self { plan, coefficients, history, filled: 0, start: 0, phase: 0 };
        filter.reset();
        Ok(filter)
    }

    fn reset(&mut self) {
        // The first output sample is centred on the first input sample; what lies before is silence.
        self.filled = self.plan.half() - 1;
        self.history[..self.filled].fill(0.0);
        self.start = 0;
        self.phase = 0;
    }

    fn push(&mut self, input: &[f32], sink: &mut impl FnMut(f32)) {
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

    fn finish(&mut self, sink: &mut impl FnMut(f32)) {
        // Silence up to the point where the last input sample has been the centre.
        const SILENCE: [f32; 64] = [0.0; 64];
        let mut missing = self.plan.half();
        while missing > 0 {
            let now = missing.min(SILENCE.len());
            self.push(&SILENCE[..now], sink);
            missing -= now;
        }
        self.reset();
    }

    /// Computes every output sample whose taps are all there.
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
