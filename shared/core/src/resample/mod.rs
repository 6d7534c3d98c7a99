//! Resamples any rate from 8 to 384 kHz to 16 kHz: streaming, anti-aliased, polyphase.
//!
//! Output sample `j` is the input signal at `j / 16000` s after its first sample. The filter is symmetric about that time,
//! so its delay is compensated. The input is treated as silent before its first sample and after its last.
//!
//! Every output sample is one dot product of adjacent input samples and one row of coefficients. At all common rates each
//! phase between input and output samples has its own row. At rates with too many phases, rows are interpolated linearly
//! (error below -100 dB). Positions are integers and do not drift.
//!
//! | input rate | flat within 0.1 dB to | at least 80 dB down from |
//! |---|---|---|
//! | 16 kHz and above | 7 kHz | 8 kHz |
//! | below | 7/8 of half the input rate | half the input rate (where the images begin) |
//!
//! Cost: 288 products per output sample at 48 kHz, proportionally more at higher rates, 96 below 16 kHz; twice that with
//! interpolated rows. The caller lends the memory ([`Resampler::storage_len`]: 7.4 kB at 48 kHz, 173 kB at 44.1 kHz), into
//! which the filter is designed once. Dot products use 16 partial sums in a fixed order and the design uses `libm`, so equal
//! input gives equal bits on every target.

mod design;
mod dot;
mod filter;
mod plan;

use filter::Filter;
use plan::Plan;

/// Output rate, in Hz.
pub(crate) const OUTPUT_HZ: u32 = 16_000;
/// Lowest input rate, in Hz.
pub const MIN_HZ: u32 = 8_000;
/// Highest input rate, in Hz.
pub const MAX_HZ: u32 = 384_000;

/// Why a resampler cannot be created. Fatal: the configuration is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// The input rate is out of range.
    #[error("a sample rate of {hz} Hz is out of range; use {min} to {max} Hz", min = MIN_HZ, max = MAX_HZ)]
    Rate {
        /// The requested rate, in Hz.
        hz: u32,
    },
    /// The memory lent is too small.
    #[error("the resampler was lent {lent} values of memory; it needs {needed}")]
    Storage {
        /// Values required: the result of [`Resampler::storage_len`].
        needed: usize,
        /// Values lent.
        lent: usize,
    },
}

/// Converts a stream of samples at one rate to a stream at 16 kHz.
#[derive(Debug)]
pub struct Resampler<'a> {
    rate_hz: u32,
    /// `None` at 16 kHz: samples pass through unchanged.
    filter: Option<Filter<'a>>,
}

impl<'a> Resampler<'a> {
    /// Returns the number of values of memory that a resampler for this input rate requires; 0 at 16 kHz.
    ///
    /// # Errors
    /// [`Error::Rate`] outside 8 to 384 kHz.
    pub const fn storage_len(rate_hz: u32) -> Result<usize, Error> {
        match Plan::new(rate_hz) {
            Err(error) => Err(error),
            Ok(None) => Ok(0),
            Ok(Some(plan)) => Ok(plan.storage_len()),
        }
    }

    /// Creates a resampler for input at `rate_hz` (8000 to 384000 Hz). `storage` may be larger than required and contain any
    /// values.
    ///
    /// # Errors
    /// [`Error::Rate`] if the rate is out of range; [`Error::Storage`] if `storage` is too short.
    pub fn new(rate_hz: u32, storage: &'a mut [f32]) -> Result<Self, Error> {
        let filter = match Plan::new(rate_hz)? {
            None => None,
            Some(plan) => Some(Filter::new(plan, storage)?),
        };
        Ok(Self { rate_hz, filter })
    }

    /// Returns the input rate, in Hz.
    #[must_use]
    pub const fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Latency in input samples: how many must follow an instant before its output sample can be computed (144 at 48 kHz,
    /// which is 3 ms).
    #[must_use]
    pub const fn look_ahead(&self) -> usize {
        match &self.filter {
            None => 0,
            Some(filter) => filter.look_ahead(),
        }
    }

    /// Appends input samples and calls `sink` with every output sample that can be computed, in order.
    ///
    /// After `n` input samples in all, in blocks of any size, `ceil((n - look_ahead) * 16000 / rate)` output samples have been
    /// emitted (none if that is negative); [`finish`](Self::finish) emits the rest.
    pub fn push(&mut self, input: &[f32], mut sink: impl FnMut(f32)) {
        match &mut self.filter {
            None => input.iter().for_each(|&sample| sink(sample)),
            Some(filter) => filter.push(input, &mut sink),
        }
    }

    /// Ends the stream: emits the remaining output samples, as if silence followed, and calls [`reset`](Self::reset).
    ///
    /// `n` input samples give exactly `ceil(n * 16000 / rate)` output samples in all: one for every instant `j / 16000` s
    /// before the end of the last input sample.
    pub fn finish(&mut self, mut sink: impl FnMut(f32)) {
        if let Some(filter) = &mut self.filter {
            filter.finish(&mut sink);
        }
    }

    /// Discards all input: the next sample is the first of a new stream.
    pub fn reset(&mut self) {
        if let Some(filter) = &mut self.filter {
            filter.reset();
        }
    }
}
