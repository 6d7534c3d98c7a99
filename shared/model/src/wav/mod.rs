//! Reads WAV files in blocks of mono samples, behind a header check; writes them atomically.
//!
//! Recordings come from phones, field recorders, `arecord`, sound editors and half-finished captures, so the header is
//! judged here, field by field, and what cannot be read is refused by name with a remedy. The samples then pass the very
//! [`Decoder`](monitor_core::pcm::Decoder) that a sound device's bytes pass. `hound` writes; it does not read, because it takes
//! 24 bits of a 32-bit container from the wrong end, refuses odd lengths, and stumbles over padded chunks.
//!
//! What is read: 8, 16, 24 and 32-bit integers and 32-bit float, plain or `WAVE_FORMAT_EXTENSIBLE`, 8 to 192 kHz, any
//! channels; odd-sized chunks with and without their pad byte; data lengths that are unknown (0 or 2^32 - 1, as streaming
//! programs and interrupted recordings leave them) or reach beyond the file. Cost: one buffer of 64 KiB, however long the
//! file.

mod error;
mod format;
mod header;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use error::{Codec, Error};
pub use reader::WavReader;
pub use writer::{Writer, Written, write};

use std::ops::RangeInclusive;

/// Sample rates that are read, in Hz: what the resampler takes.
pub const RATES_HZ: RangeInclusive<u32> = 8_000..=192_000;
