//! Errors of WAV files. Every message states the remedy.

use core::fmt;
use std::io;

use super::RATES_HZ;
use crate::file_kind::FileKind;

/// Why a WAV file cannot be read or written. Every variant is fatal for the file, none for the program.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system or the stream failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file has no bytes.
    #[error("the file is empty; record it again")]
    Empty,
    /// Not a WAV file; names what the file is and the command that converts or fetches it.
    #[error("this is {0}, not a WAV file; {remedy}", remedy = .0.remedy())]
    NotWav(FileKind),
    /// The file ends within its header.
    #[error("the file ends within its header; copy or record it again")]
    Truncated,
    /// There is no `fmt ` chunk before the samples.
    #[error("the file has no `fmt ` chunk before its sound; copy or record it again")]
    NoFormat,
    /// The `fmt ` chunk contradicts itself; names the fault.
    #[error("the WAV header contradicts itself: {0}; {CONVERT}")]
    BadFormat(&'static str),
    /// The sample encoding is not supported.
    #[error("the samples are {0}, which is not read; {CONVERT}")]
    Unsupported(Codec),
    /// The sample rate in Hz is outside [`RATES_HZ`].
    #[error(
        "the sample rate of {0} Hz is outside {min} to {max} Hz; convert it with `ffmpeg -i IN -ar 48000 OUT.wav`",
        min = RATES_HZ.start(),
        max = RATES_HZ.end()
    )]
    Rate(u32),
    /// The requested channel does not exist.
    #[error(transparent)]
    Channel(#[from] monitor_core::pcm::Error),
    /// This percentage of the samples, at least half, is NaN, infinite or above 2^31.
    #[error(
        "{0} % of the samples are NaN, infinite or above 2^31: there is no sound in it; find out how the file was made"
    )]
    NotNumbers(u32),
    /// More samples than a WAV file can hold: 4 GiB.
    #[error("a WAV file holds no more than 4 GiB; write shorter parts")]
    TooLong,
}

impl From<hound::Error> for Error {
    fn from(error: hound::Error) -> Self {
        match error {
            hound::Error::IoError(error) => Self::Io(error),
            other => Self::Io(io::Error::other(other)),
        }
    }
}

/// A sample encoding that is not supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// 64-bit integer.
    Int64,
    /// Microsoft or IMA ADPCM.
    Adpcm,
    /// GSM 6.10.
    Gsm,
    /// MPEG audio, mostly MP3.
    Mpeg,
    /// Any other encoding, by its format tag.
    Tag(u16),
    /// An EXTENSIBLE sub-format that does not contain a format tag.
    SubFormat,
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Int64 => "64-bit integer",
            Self::Adpcm => "ADPCM compressed",
            Self::Gsm => "GSM 6.10 compressed",
            Self::Mpeg => "MPEG (MP3) compressed",
            Self::Tag(tag) => return write!(f, "coded in format 0x{tag:04x}"),
            Self::SubFormat => "coded in an unknown EXTENSIBLE sub-format",
        })
    }
}

/// Remedy: converts any readable audio file to a supported one.
const CONVERT: &str = "convert it with `ffmpeg -i IN -c:a pcm_s16le OUT.wav`";
