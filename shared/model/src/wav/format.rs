//! The `fmt ` chunk: encoding of the samples.
//!
//! Layouts from Microsoft's `mmreg.h`: WAVEFORMAT, WAVEFORMATEX, WAVEFORMATEXTENSIBLE.

use super::container::Order;
use super::{Codec, Error, RATES_HZ};
use monitor_core::pcm::SampleFormat;

/// Largest defined length of the `fmt ` chunk: WAVEFORMATEXTENSIBLE.
pub(super) const LONGEST: usize = 40;

/// The last 14 bytes of an EXTENSIBLE sub-format whose first two bytes are a format tag.
const SUB_FORMAT_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
const EXTENSIBLE: u16 = 0xfffe;

/// Encoding of one sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// Unsigned, 128 is silence.
    U8,
    /// A-law companding, ITU-T G.711.
    ALaw,
    /// Mu-law companding, ITU-T G.711.
    MuLaw,
    /// 64-bit float.
    F64,
    /// This many bits in the low end of 4 bytes, with the sign extended.
    Low(u8),
    /// A format that sound devices also use.
    Device(SampleFormat),
}

impl Coding {
    /// Bytes of one sample in the file.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::ALaw | Self::MuLaw => 1,
            Self::F64 => 8,
            Self::Low(_) => 4,
            Self::Device(format) => format.bytes_per_sample(),
        }
    }

    /// The format of a sound device to which samples are converted before decoding.
    pub(super) const fn device(self) -> SampleFormat {
        match self {
            Self::U8 | Self::ALaw | Self::MuLaw => SampleFormat::S16,
            Self::F64 => SampleFormat::F32,
            Self::Low(_) => SampleFormat::S32,
            Self::Device(format) => format,
        }
    }
}

/// Content of a `fmt ` chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub coding: Coding,
    pub order: Order,
    pub channels: u16,
    pub rate_hz: u32,
    /// The valid bits that an EXTENSIBLE chunk states; `None` in a plain one.
    pub valid_bits: Option<u16>,
}

impl Format {
    /// Parses a chunk; bytes beyond [`LONGEST`] may be omitted.
    pub(super) fn parse(chunk: &[u8], order: Order) -> Result<Self, Error> {
        let u16_at = |at: usize| match chunk.get(at..at + 2) {
            Some(&[a, b]) => Ok(order.u16([a, b])),
            _ => Err(Error::BadFormat("the `fmt ` chunk is too short")),
        };
        let u32_at = |at: usize| match chunk.get(at..at + 4) {
            Some(&[a, b, c, d]) => Ok(order.u32([a, b, c, d])),
            _ => Err(Error::BadFormat("the `fmt ` chunk is too short")),
        };
        let (tag, channels, rate_hz) = (u16_at(0)?, u16_at(2)?, u32_at(4)?);
        // The byte rate is redundant and wrong in many otherwise valid files.
        let (byte_rate, frame_bytes, bits) = (u32_at(8)?, u16_at(12)?, u16_at(14)?);
        let plain_frame = u64::from(bits.div_ceil(8)) * u64::from(channels);
        // Where it agrees with the bits of a sample, and the bytes of a frame do not, the frame is wrong. Other numbers of bits
        // may lie in more bytes.
        let is_plain =
            matches!(bits, 8 | 16 | 32) && plain_frame > 0 && u64::from(byte_rate) == u64::from(rate_hz) * plain_frame;
        let frame_bytes = if is_plain { u16::try_from(plain_frame).unwrap_or(frame_bytes) } else { frame_bytes };
        let valid_bits = if tag == EXTENSIBLE { u16_at(18).ok() } else { None };
        let tag = if tag == EXTENSIBLE { sub_format(chunk, order)? } else { tag };
        check_codec(tag)?;
        if channels == 0 {
            return Err(Error::BadFormat("0 channels"));
        }
        if !RATES_HZ.contains(&rate_hz) {
            return Err(Error::Rate(rate_hz));
        }
        if frame_bytes == 0 || frame_bytes % channels != 0 {
            return Err(Error::BadFormat("a frame is not a whole number of bytes per channel"));
        }
        Ok(Self { coding: coding(tag, frame_bytes / channels, bits)?, order, channels, rate_hz, valid_bits })
    }

    /// Bytes of one frame in the file.
    pub(super) fn frame_bytes(&self) -> usize {
        self.coding.bytes() * usize::from(self.channels)
    }
}

/// Returns the format tag in the sub-format of an EXTENSIBLE chunk.
fn sub_format(chunk: &[u8], order: Order) -> Result<u16, Error> {
    let Some(&[a, b, c, d, e, f, g, h, ref tail @ ..]) = chunk.get(24..40) else {
        return Err(Error::BadFormat("the EXTENSIBLE `fmt ` chunk is too short"));
    };
    // The first three fields of a GUID follow the file's byte order.
    let fields = (order.u32([a, b, c, d]), order.u16([e, f]), order.u16([g, h]));
    match fields {
        (tag @ 0..=0xffff, 0, 0x10) if *tail == SUB_FORMAT_TAIL[6..] => Ok(tag as u16),
        _ => Err(Error::Unsupported(Codec::SubFormat)),
    }
}

/// Rejects, by name, encodings other than integers, floats and G.711.
fn check_codec(tag: u16) -> Result<(), Error> {
    Err(Error::Unsupported(match tag {
        PCM | FLOAT | A_LAW | MU_LAW => return Ok(()),
        0x0002 | 0x0011 => Codec::Adpcm,
        0x0031 => Codec::Gsm,
        0x0050 | 0x0055 => Codec::Mpeg,
        tag => Codec::Tag(tag),
    }))
}

/// Returns the encoding of samples of `bits` bits in `container` bytes.
fn coding(tag: u16, container: u16, bits: u16) -> Result<Coding, Error> {
    match (tag, container) {
        // Many writers leave the bits of these at 0 or 16.
        (A_LAW, 1) => return Ok(Coding::ALaw),
        (MU_LAW, 1) => return Ok(Coding::MuLaw),
        (A_LAW | MU_LAW, _) => return Err(Error::BadFormat("companded samples have 1 byte")),
        _ => {}
    }
    if bits == 0 || bits > container.saturating_mul(8) {
        return Err(Error::BadFormat("the bits of a sample do not fit its bytes"));
    }
    if tag == FLOAT {
        return match (container, bits) {
            (4, 32) => Ok(Coding::Device(SampleFormat::F32)),
            (8, 64) => Ok(Coding::F64),
            _ => Err(Error::BadFormat("float samples have 32 or 64 bits")),
        };
    }
    // Samples with fewer bits than their container occupy its high bits (mmreg.h: "left-justified"), so they are read at the
    // container's width. This includes 24 of 32 bits in an EXTENSIBLE file, whose `bits` is the container's width.
    // Exception: a header with 24 bits in 4 bytes is written by `arecord -f S24_LE`, and ALSA uses the low 24 bits. What a
    // file's samples show has precedence over both: see `scan`.
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
