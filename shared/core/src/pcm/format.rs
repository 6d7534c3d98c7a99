//! Sample formats and their conversion to `f32`.

use core::fmt;

/// Memory layout of one sample; all formats are little-endian.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SampleFormat {
    /// 16-bit integer.
    S16,
    /// 24-bit integer in 3 bytes.
    S24,
    /// 24-bit integer in the low 3 of 4 bytes; the fourth byte is ignored.
    S24In32,
    /// 32-bit integer; also for devices that use only the high 24 bits.
    S32,
    /// 32-bit IEEE float, full scale 1.
    F32,
}

impl SampleFormat {
    /// All formats.
    pub const ALL: [Self; 5] = [Self::S16, Self::S24, Self::S24In32, Self::S32, Self::F32];

    /// Largest accepted magnitude of a float sample: 2^31, for float files that contain unscaled 32-bit integers. Its square
    /// and the sums over a window stay well within the range of `f32`.
    pub const LOUDEST: f32 = 2_147_483_648.0;

    /// Bytes of one sample of one channel: 2, 3 or 4.
    #[must_use]
    pub const fn bytes_per_sample(self) -> usize {
        match self {
            Self::S16 => 2,
            Self::S24 => 3,
            Self::S24In32 | Self::S32 | Self::F32 => 4,
        }
    }
}

impl fmt::Display for SampleFormat {
    /// Writes ALSA's name of the format.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::S16 => "S16_LE",
            Self::S24 => "S24_3LE",
            Self::S24In32 => "S24_LE",
            Self::S32 => "S32_LE",
            Self::F32 => "FLOAT_LE",
        })
    }
}

pub(super) fn s16(bytes: [u8; 2]) -> f32 {
    f32::from(i16::from_le_bytes(bytes)) * (1.0 / 32_768.0)
}

pub(super) fn s24([low, middle, high]: [u8; 3]) -> f32 {
    // In the high bytes of an i32 the sign bit has its place; an f32 represents all 24 bits exactly.
    s32([0, low, middle, high])
}

pub(super) fn s24_in_32([low, middle, high, _]: [u8; 4]) -> f32 {
    s24([low, middle, high])
}

#[expect(clippy::cast_precision_loss, reason = "rounds to the nearest f32")]
pub(super) fn s32(bytes: [u8; 4]) -> f32 {
    i32::from_le_bytes(bytes) as f32 * (1.0 / 2_147_483_648.0)
}

/// Returns `None` for NaN, infinities and magnitudes above [`SampleFormat::LOUDEST`].
pub(super) fn f32(bytes: [u8; 4]) -> Option<f32> {
    let sample = f32::from_le_bytes(bytes);
    // The comparison is false for NaN.
    (sample.abs() <= SampleFormat::LOUDEST).then_some(sample)
}
