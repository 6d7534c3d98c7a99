//! The `fmt ` chunk: encoding of the samples.
//!
//! Layouts from Microsoft's `mmreg.h`: WAVEFORMAT, WAVEFORMATEX, WAVEFORMATEXTENSIBLE.

use super::{Codec, Error, RATES_HZ};
use monitor_core::pcm::SampleFormat;

/// Largest defined length of the `fmt ` chunk: WAVEFORMATEXTENSIBLE.
pub(super) const LONGEST: usize = 40;

/// The last 14 bytes of an EXTENSIBLE sub-format whose first two bytes are a format tag.
const SUB_FORMAT_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xfffe;

/// Encoding of one sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// Unsigned, 128 is silence.
    U8,
    /// A format that sound devices also use.
    Device(SampleFormat),
}

/// Content of a `fmt ` chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub coding: Coding,
    pub channels: u16,
    pub rate_hz: u32,
}

impl Format {
    /// Parses a chunk; bytes beyond [`LONGEST`] may be omitted.
    pub(super) fn parse(chunk: &[u8]) -> Result<Self, Error> {
        let u16_at = |at: usize| match chunk.get(at..at + 2) {
            Some(&[low, high]) => Ok(u16::from_le_bytes([low, high])),
            _ => Err(Error::BadFormat("the `fmt ` chunk is too short")),
        };
        let (tag, channels) = (u16_at(0)?, u16_at(2)?);
        let rate_hz = u32::from(u16_at(4)?) | u32::from(u16_at(6)?) << 16;
        // Bytes 8 to 11 are the byte rate, which is redundant and wrong in many otherwise valid files.
        let (frame_bytes, bits) = (u16_at(12)?, u16_at(14)?);
        let tag = if tag == EXTENSIBLE { sub_format(chunk)? } else { tag };
        check_codec(tag, bits)?;
        if channels == 0 {
            return Err(Error::BadFormat("0 channels"));
        }
        if !RATES_HZ.contains(&rate_hz) {
            return Err(Error::Rate(rate_hz));
        }
        if frame_bytes == 0 || frame_bytes % channels != 0 {
            return Err(Error::BadFormat("a frame is not a whole number of bytes per channel"));
        }
        Ok(Self { coding: coding(tag, frame_bytes / channels, bits)?, channels, rate_hz })
    }

    /// Bytes of one frame in the file.
    pub(super) fn frame_bytes(&self) -> usize {
        let sample = match self.coding {
            Coding::U8 => 1,
            Coding::Device(format) => format.bytes_per_sample(),
        };
        sample * usize::from(self.channels)
    }
}

/// Returns the format tag in the sub-format of an EXTENSIBLE chunk.
fn sub_format(chunk: &[u8]) -> Result<u16, Error> {
    match chunk.get(24..40) {
        Some(&[low, high, ref tail @ ..]) if *tail == SUB_FORMAT_TAIL => Ok(u16::from_le_bytes([low, high])),
        Some(_) => Err(Error::Unsupported(Codec::SubFormat)),
        None => Err(Error::BadFormat("the EXTENSIBLE `fmt ` chunk is too short")),
    }
}

/// Rejects, by name, encodings other than integers and 32-bit float.
fn check_codec(tag: u16, bits: u16) -> Result<(), Error> {
    Err(Error::Unsupported(match tag {
        PCM => return Ok(()),
        FLOAT if bits == 64 => Codec::Float64,
        FLOAT => return Ok(()),
        0x0002 | 0x0011 => Codec::Adpcm,
        0x0006 => Codec::ALaw,
        0x0007 => Codec::MuLaw,
        0x0031 => Codec::Gsm,
        0x0050 | 0x0055 => Codec::Mpeg,
        tag => Codec::Tag(tag),
    }))
}

/// Returns the encoding of samples of `bits` bits in `container` bytes.
fn coding(tag: u16, container: u16, bits: u16) -> Result<Coding, Error> {
    if bits == 0 || bits > container.saturating_mul(8) {
        return Err(Error::BadFormat("the bits of a sample do not fit its bytes"));
    }
    if tag == FLOAT {
        return match container {
            4 if bits == 32 => Ok(Coding::Device(SampleFormat::F32)),
            _ => Err(Error::BadFormat("float samples have 32 bits")),
        };
    }
    // Samples with fewer bits than their container occupy its high bits (mmreg.h: "left-justified"), so they are read at the
    // container's width. This includes 24 of 32 bits in an EXTENSIBLE file, whose `bits` is the container's width.
    // Exception: a header with 24 bits in 4 bytes is written by `arecord -f S24_LE`, and ALSA uses the low 24 bits.
    Ok(match container {
        1 => Coding::U8,
        2 => Coding::Device(SampleFormat::S16),
        3 => Coding::Device(SampleFormat::S24),
        4 if bits == 24 => Coding::Device(SampleFormat::S24In32),
        4 => Coding::Device(SampleFormat::S32),
        8 => return Err(Error::Unsupported(Codec::Int64)),
        _ => return Err(Error::BadFormat("integer samples have 1 to 4 bytes")),
    })
}
