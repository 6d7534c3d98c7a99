//! Errors of recordings. Every message states the remedy.

use std::io;

use monitor_core::pcm;
use monitor_model::file_kind::FileKind;
use monitor_model::wav;

/// Why a recording cannot be read. Fatal for the file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The path is a folder, pipe or device.
    #[error("it is not a regular file; give the file itself")]
    NotAFile,
    /// A WAV file that cannot be read.
    #[error(transparent)]
    Wav(#[from] wav::Error),
    /// A kind of file that is not decoded here; names it and what to do.
    #[error("this is {0}, which is not read; {remedy}", remedy = .0.remedy())]
    Foreign(FileKind),
    /// A known format, but damaged or of a kind that is not decoded.
    #[error("this is {kind}, but it cannot be decoded ({reason}); {remedy}", remedy = .kind.remedy())]
    Undecodable {
        /// The format.
        kind: FileKind,
        /// What the decoder reports.
        reason: String,
    },
    /// An MP4 file without the index that is written when a recording ends.
    #[error(
        "this is {0}, but its index (moov), which is usually written last, is missing or cut: the recording or its copy was interrupted; \
         copy it again, or record again"
    )]
    Unfinished(FileKind),
    /// The sample rate in Hz is outside the resampler's range.
    #[error(
        "the sample rate of {0} Hz is outside {min} to {max} Hz; convert it with `ffmpeg -i IN -ar 48000 OUT.wav`",
        min = wav::RATES_HZ.start(),
        max = wav::RATES_HZ.end()
    )]
    Rate(u32),
    /// The requested channel does not exist.
    #[error(transparent)]
    Channel(#[from] pcm::Error),
}
