//! What the user should know of a file that was read all the same.

use core::fmt;

/// A finding about a WAV file. [`Display`](fmt::Display) states what was found, what was done and the remedy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Remark {
    /// The header gives no length (0 or 2^32 - 1), as streaming programs and interrupted recorders write.
    NoLength,
    /// The file ends before the length in its header.
    Truncated {
        /// Seconds that the header declares.
        declared_s: f64,
        /// Seconds in the file.
        found_s: f64,
    },
    /// The length in the header is the real one modulo 4 GiB.
    LengthOverflow {
        /// Seconds in the file.
        found_s: f64,
    },
    /// Bytes that are no chunk follow the declared samples; they are not read.
    MoreAfterEnd {
        /// Seconds that the header declares.
        declared_s: f64,
        /// Seconds that the bytes after them would be.
        after_s: f64,
    },
    /// A second file follows the first; it is not read.
    SecondFile,
    /// Further chunks of samples follow the first; they are read.
    MoreData {
        /// Their number.
        chunks: u32,
        /// Their seconds.
        seconds: f64,
    },
    /// The samples lie in the low end of 4 bytes, against the header; they are read there.
    LowBits {
        /// Bits of a sample.
        bits: u8,
    },
    /// The samples lie in the high end of 4 bytes, against the header; they are read there.
    HighBits,
    /// The upper bytes of all 32-bit samples are only the sign: either 24 bits (16 bits) in the low end, or very quiet sound.
    /// They are read as 32 bits.
    PerhapsLowBits {
        /// 24 or 16.
        bits: u8,
        /// Highest sample as read, in dB of full scale.
        peak_dbfs: f32,
    },
    /// Float samples in integer units; they are divided by the full scale.
    IntegerUnits {
        /// 2^15, 2^23 or 2^31.
        full_scale: f32,
    },
    /// Float samples that are NaN, infinite or above 2^31; they are replaced by 0.
    NotNumbers {
        /// Their number.
        samples: u64,
        /// Their share, 0..=1.
        share: f64,
    },
}

impl Remark {
    /// The kind in a few words, equal for all files of a kind: to group by.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NoLength => "no length in the header",
            Self::Truncated { .. } => "truncated",
            Self::LengthOverflow { .. } => "length beyond 4 GiB",
            Self::MoreAfterEnd { .. } => "more after the declared end",
            Self::SecondFile => "a second file inside",
            Self::MoreData { .. } => "several data chunks",
            Self::LowBits { .. } => "samples in the low bits",
            Self::HighBits => "samples in the high bits",
            Self::PerhapsLowBits { .. } => "perhaps 48 dB too quiet",
            Self::IntegerUnits { .. } => "floats in integer units",
            Self::NotNumbers { .. } => "samples that are no numbers",
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match *self {
            Self::NoLength => "the header gives no length, as after an interrupted or piped recording; read to the end".into(),
            Self::Truncated { declared_s, found_s } => format!(
                "the header declares {declared_s:.2} s, the file ends after {found_s:.2} s; read to the end; if it was copied, \
                 copy it again"
            ),
            Self::LengthOverflow { found_s } => {
                format!("the file is longer than its header can declare; read to the end, {found_s:.0} s")
            }
            Self::MoreAfterEnd { declared_s, after_s } => format!(
                "the header declares {declared_s:.2} s, about {after_s:.2} s of other bytes follow and are not read; if they \
                 are sound of an interrupted recording, `ffmpeg -ignore_length 1 -i IN -c copy OUT.wav` keeps them"
            ),
            Self::SecondFile => {
                "a second WAV file follows in the same file and is not read; join recordings with `sox A.wav B.wav OUT.wav`"
                    .into()
            }
            Self::MoreData { chunks, seconds } => {
                format!("{chunks} more `data` chunks with {seconds:.2} s follow the first; they are read as its continuation")
            }
            Self::LowBits { bits } => format!(
                "the samples are {bits} bits in the low end of 4 bytes, where the header places them in the high end; read as \
                 {bits} bits"
            ),
            Self::HighBits => {
                "the samples are in the high end of 4 bytes, where the header means the low end; read as 32 bits".into()
            }
            Self::PerhapsLowBits { bits, peak_dbfs } => format!(
                "the upper bytes of all 32-bit samples are only the sign (highest level {peak_dbfs:.0} dBFS): read as very \
                 quiet sound; if they are {bits}-bit samples in 4 bytes, as `arecord -f S24_LE` of alsa-utils 1.2.14 (Debian 13) \
                 writes them, they are {db} dB too quiet: convert with `sox -v {factor} IN.wav -b {bits} OUT.wav`, and record \
                 with -f S24_3LE or S32_LE",
                db = 6 * (32 - u32::from(bits)),
                factor = 1_u32 << (32 - u32::from(bits)),
            ),
            Self::IntegerUnits { full_scale } => {
                format!("the float samples are in integer units, full scale 1 is usual; divided by {full_scale}")
            }
            Self::NotNumbers { samples, share } => format!(
                "{samples} samples ({:.2} %) are NaN, infinite or above 2^31 and were replaced by 0; find out how the file was \
                 made",
                100.0 * share
            ),
        })
    }
}
