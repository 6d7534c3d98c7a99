//! Why a WAV file cannot be read, in words that say what to do.

use core::fmt;
use std::io;

use super::RATES_HZ;

/// Why a WAV file cannot be read or written. All are fatal for the file, none for the program.
#[derive(Debug)]
pub enum Error {
    /// The file system or the stream failed.
    Io(io::Error),
    /// The file has no bytes.
    Empty,
    /// It is no WAV file; what it is instead, where its first bytes tell.
    NotWav(Option<&'static str>),
    /// RF64 or BW64: the form for files beyond 4 GiB.
    Rf64,
    /// RIFX: big-endian.
    BigEndian,
    /// The file ends within its header.
    Truncated,
    /// The sound comes before its description, or there is none: no `fmt ` chunk.
    NoFormat,
    /// The description contradicts itself; which part.
    BadFormat(&'static str),
    /// The samples are coded in a way that is not read.
    Unsupported(Codec),
    /// The sample rate in Hz is outside [`RATES_HZ`].
    Rate(u32),
    /// The channel to pick is not there.
    Channel(monitor_core::pcm::Error),
    /// More sound than a WAV file can hold: 4 GiB.
    TooLong,
}

/// A coding of samples that is refused, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// 64-bit float.
    Float64,
    /// Integers of 64 bits.
    Int64,
    /// Companded, European telephony.
    ALaw,
    /// Companded, American telephony.
    MuLaw,
    /// Microsoft or IMA ADPCM.
    Adpcm,
    /// GSM 6.10.
    Gsm,
    /// MPEG audio, mostly MP3.
    Mpeg,
    /// Any other, by its format tag.
    Tag(u16),
    /// An EXTENSIBLE sub-format that stands for no format tag.
    SubFormat,
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Float64 => "64-bit float",
            Self::Int64 => "64-bit integer",
            Self::ALaw => "A-law companded",
            Self::MuLaw => "mu-law companded",
            Self::Adpcm => "ADPCM compressed",
            Self::Gsm => "GSM 6.10 compressed",
            Self::Mpeg => "MPEG (MP3) compressed",
            Self::Tag(tag) => return write!(f, "coded in format 0x{tag:04x}"),
            Self::SubFormat => "coded in an unknown EXTENSIBLE sub-format",
        })
    }
}

/// What turns any readable sound file into one that is read here.
const CONVERT: &str = "convert it with `ffmpeg -i IN -c:a pcm_s16le OUT.wav`";

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Empty => f.write_str("the file is empty; record it again"),
            Self::NotWav(Some(what)) => write!(f, "this is {what}, not a WAV file; {CONVERT}"),
            Self::NotWav(None) => f.write_str("this is no WAV file: it does not begin with RIFF and WAVE"),
            Self::Rf64 => {
                write!(f, "this is an RF64 file, the form for more than 4 GiB; {CONVERT}, in parts below 4 GiB")
            }
            Self::BigEndian => write!(f, "this is a big-endian (RIFX) file; {CONVERT}"),
            Self::Truncated => f.write_str("the file ends within its header; copy or record it again"),
            Self::NoFormat => f.write_str("the file has no `fmt ` chunk before its sound; copy or record it again"),
            Self::BadFormat(what) => write!(f, "the WAV header contradicts itself: {what}; {CONVERT}"),
            Self::Unsupported(codec) => write!(f, "the samples are {codec}, which is not read; {CONVERT}"),
            Self::Rate(rate) => write!(
                f,
                "the sample rate of {rate} Hz is outside {} to {} Hz; {CONVERT} and `-ar 48000`",
                RATES_HZ.start(),
                RATES_HZ.end()
            ),
            Self::Channel(error) => write!(f, "{error}"),
            Self::TooLong => f.write_str("a WAV file holds no more than 4 GiB; write shorter parts"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Channel(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<hound::Error> for Error {
    fn from(error: hound::Error) -> Self {
        match error {
            hound::Error::IoError(error) => Self::Io(error),
            other => Self::Io(io::Error::other(other)),
        }
    }
}
