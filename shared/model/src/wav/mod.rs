//! Reads WAV files in blocks of mono samples, and writes them atomically.
//!
//! Recordings come from phones, field recorders, `arecord`, sound editors and interrupted captures. The header is therefore
//! checked field by field, and each unsupported form is rejected by name with a remedy. Samples are decoded by the same
//! [`Decoder`](monitor_core::pcm::Decoder) as a sound device's bytes. `hound` is used for writing but not for reading: it reads
//! 24 bits of a 32-bit container from the wrong end, rejects odd lengths, and fails on padded chunks.
//!
//! Supported for reading: 8, 16, 24 and 32-bit integers, 32 and 64-bit float, A-law and mu-law, plain or
//! `WAVE_FORMAT_EXTENSIBLE`, in RIFF, RIFX, RF64, BW64 and Wave64, 8 to 384 kHz, any number of channels; odd-sized chunks with
//! and without pad byte; data lengths that are unknown (0 or 2^32 - 1, as written by streaming programs and interrupted
//! recordings) or exceed the file; several data chunks. What a file's samples contradict in its header is read as the samples
//! show, or stated in a [`Remark`]. Cost: one buffer of 64 KiB for any length of file; float files are read twice.

mod container;
mod convert;
mod error;
mod format;
mod header;
mod reader;
mod remark;
mod scan;
#[cfg(test)]
mod tests;
mod trailer;
mod writer;

pub use error::{Codec, Error};
pub use reader::WavReader;
pub use remark::Remark;
pub use writer::{Encoding, FileWriter, MAX_HEADER_LEN, WavWriter, Written, write, write_as};

use std::ops::RangeInclusive;

use monitor_core::resample::{MAX_HZ, MIN_HZ};

/// Supported sample rates, in Hz: those of the resampler.
pub const RATES_HZ: RangeInclusive<u32> = MIN_HZ..=MAX_HZ;
