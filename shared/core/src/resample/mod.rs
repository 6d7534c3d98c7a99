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
mod filter;
mod plan;

use core::fmt;

use filter::Filter;
use plan::Plan;

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
            Some(filter) => filter.look_ahead(),
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
