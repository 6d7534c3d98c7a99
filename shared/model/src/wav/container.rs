//! The four containers of WAVE: RIFF, its big-endian form RIFX, RF64 with 64-bit lengths, and Sony's Wave64.
//!
//! RF64 and BW64: EBU Tech 3306 and ITU-R BS.2088. Wave64: Sony Pictures Digital, "Sony Wave64", with 16-byte identifiers whose
//! first four bytes are those of RIFF in lower case.

use super::Error;
use crate::file_kind::FileKind;

/// Order of the bytes of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    pub(super) const fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    pub(super) const fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }
}

/// Form of the chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Riff(Order),
    Rf64,
    Wave64,
}

/// The bytes of a Wave64 identifier after its name; `riff` has others.
const WAVE64_TAIL: [u8; 12] = [0xf3, 0xac, 0xd3, 0x11, 0x8c, 0xd1, 0, 0xc0, 0x4f, 0x8e, 0xdb, 0x8a];
const WAVE64_RIFF: [u8; 12] = [0x2e, 0x91, 0xcf, 0x11, 0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0, 0];

impl Container {
    /// The container that the first 12 bytes of a file name, and the length of the file that they declare, if it is known.
    pub(super) fn of(start: &[u8]) -> Result<(Self, Option<u64>), Error> {
        let declared = |order: Order| match start.get(4..8) {
            Some(&[a, b, c, d]) => Some(u64::from(order.u32([a, b, c, d]))).filter(|&len| len != u64::from(u32::MAX)),
            _ => None,
        };
        let container = match start {
            [] => return Err(Error::Empty),
            [b'R', b'I', b'F', order @ (b'F' | b'X'), _, _, _, _, b'W', b'A', b'V', b'E'] => {
                let order = if *order == b'F' { Order::Little } else { Order::Big };
                return Ok((Self::Riff(order), declared(order).map(|len| len + 8)));
            }
            [b'R', b'F', b'6', b'4', .., b'W', b'A', b'V', b'E'] => Self::Rf64,
            [b'B', b'W', b'6', b'4', .., b'W', b'A', b'V', b'E'] => Self::Rf64,
            [b'r', b'i', b'f', b'f', rest @ ..] if WAVE64_RIFF.starts_with(rest) => Self::Wave64,
            _ if start.len() < 12 && FileKind::from_first_bytes(start) == FileKind::Wav => {
                return Err(Error::Truncated);
            }
            _ => return Err(Error::NotWav(FileKind::from_first_bytes(start))),
        };
        Ok((container, None))
    }

    /// Bytes of the header before the first chunk, beyond the 12 that are read anyway.
    pub(super) const fn more_header(self) -> usize {
        match self {
            Self::Wave64 => 28,
            _ => 0,
        }
    }

    /// Bytes of a chunk's header.
    pub(super) const fn chunk_header(self) -> usize {
        match self {
            Self::Wave64 => 24,
            _ => 8,
        }
    }

    /// The bytes to whose multiple chunks are padded.
    pub(super) const fn padding(self) -> u64 {
        match self {
            Self::Wave64 => 8,
            _ => 2,
        }
    }

    /// Name and length of a chunk from its header, or `None` if these bytes are no chunk's header.
    pub(super) fn chunk(self, header: &[u8]) -> Option<([u8; 4], u64)> {
        match (self, header) {
            (Self::Wave64, &[i, j, k, l, ref tail @ .., a, b, c, d, e, f, g, h]) => {
                let len = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
                (*tail == WAVE64_TAIL).then_some(([i, j, k, l], len.saturating_sub(24)))
            }
            (Self::Riff(order), &[i, j, k, l, a, b, c, d]) => Some(([i, j, k, l], u64::from(order.u32([a, b, c, d])))),
            (Self::Rf64, &[i, j, k, l, a, b, c, d]) => {
                Some(([i, j, k, l], u64::from(u32::from_le_bytes([a, b, c, d]))))
            }
            _ => None,
        }
    }
}
