//! What a file is, whatever its name: recordings and foreign files, with the command that makes a WAV file of each.

mod magic;

use core::fmt;

pub use magic::{FIRST_BYTES, id3_len};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// No byte.
    Empty,
    /// RIFF, RIFX, RF64, BW64 or Wave64 with WAVE inside.
    Wav,
    /// FLAC in its own container.
    Flac,
    /// Ogg with Vorbis.
    OggVorbis,
    /// Ogg with Opus.
    OggOpus,
    /// Ogg with something else, such as FLAC or Speex.
    Ogg,
    /// MPEG audio, mostly MP3, with or without an ID3 tag.
    Mp3,
    /// AAC in ADTS frames.
    Adts,
    /// ISO media: MP4, M4A, MOV.
    Mp4,
    /// AIFF or AIFF-C.
    Aiff,
    /// Apple Core Audio.
    Caf,
    /// Something that is no recording, or one that no program here decodes.
    Foreign(Foreign),
    /// Nothing known.
    Unknown,
}

/// A kind that is named but never decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// Matroska or WebM.
    Matroska,
    /// Sun/NeXT audio.
    Au,
    /// Windows Media.
    Asf,
    /// AMR narrow or wide band.
    Amr,
    /// WavPack.
    WavPack,
    /// Monkey's Audio.
    Ape,
    /// DSD in DSF or DSDIFF.
    Dsd,
    /// AVI or another RIFF file without WAVE.
    Riff,
    /// Pointer of Git LFS in place of the file.
    LfsPointer,
    /// HTML page in place of a download.
    Html,
    /// MATLAB 5.
    Matlab,
    /// HDF5, also MATLAB 7.3.
    Hdf5,
    /// NumPy array.
    Npy,
    /// Parquet table.
    Parquet,
    /// ZIP archive.
    Zip,
    /// gzip.
    Gzip,
    /// Other archives: 7-Zip, bzip2, xz, zstd, RAR.
    Archive,
    /// PDF document.
    Pdf,
    /// PNG, JPEG or GIF picture.
    Picture,
    /// Text, such as CSV.
    Text,
}

impl FileKind {
    /// What to do to get a WAV file, as a command where one does it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Empty => "record or copy it again",
            Self::Foreign(foreign) => foreign.remedy(),
            Self::Unknown => "if it is a recording, convert it with `ffmpeg -i IN -ar 48000 OUT.wav`",
            _ => "convert it with `ffmpeg -i IN -ar 48000 OUT.wav`",
        }
    }
}

impl Foreign {
    const fn remedy(self) -> &'static str {
        match self {
            Self::LfsPointer => "fetch the recording with `git lfs pull`",
            Self::Html => {
                "a download has failed: fetch the recording again, with a browser or a login if the site asks for one"
            }
            Self::Matlab => {
                "write WAV with `python3 -c \"import scipy.io as s, scipy.io.wavfile as w; m = s.loadmat('IN'); \
                 w.write('OUT.wav', RATE, m['NAME'].ravel())\"`"
            }
            Self::Hdf5 => {
                "write WAV with `python3 -c \"import h5py, scipy.io.wavfile as w; f = h5py.File('IN'); \
                 w.write('OUT.wav', RATE, f['NAME'][()].ravel())\"`"
            }
            Self::Npy => {
                "write WAV with `python3 -c \"import numpy as n, scipy.io.wavfile as w; \
                 w.write('OUT.wav', RATE, n.load('IN').ravel())\"`"
            }
            Self::Zip => "unpack it with `unzip IN`",
            Self::Gzip => "unpack it with `gunzip IN`, or `tar xzf IN` if it is a tar archive",
            Self::Archive => "unpack it",
            Self::Parquet | Self::Pdf | Self::Picture | Self::Text => {
                "it is no recording: move it out of the recordings"
            }
            Self::Matroska | Self::Au | Self::Asf | Self::Amr | Self::WavPack | Self::Ape | Self::Dsd | Self::Riff => {
                "convert it with `ffmpeg -i IN -ar 48000 OUT.wav`"
            }
        }
    }
}

impl fmt::Display for FileKind {
    /// Writes the kind with its article.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Empty => "an empty file",
            Self::Wav => "a WAV file",
            Self::Flac => "a FLAC file",
            Self::OggVorbis => "an Ogg Vorbis file",
            Self::OggOpus => "an Ogg Opus file",
            Self::Ogg => "an Ogg file",
            Self::Mp3 => "an MP3 file",
            Self::Adts => "an AAC file",
            Self::Mp4 => "an MP4 or M4A file",
            Self::Aiff => "an AIFF file",
            Self::Caf => "a CAF file",
            Self::Unknown => "a file of unknown content",
            Self::Foreign(foreign) => match foreign {
                Foreign::Matroska => "a WebM or Matroska file",
                Foreign::Au => "an AU file",
                Foreign::Asf => "a WMA file",
                Foreign::Amr => "an AMR file",
                Foreign::WavPack => "a WavPack file",
                Foreign::Ape => "a Monkey's Audio file",
                Foreign::Dsd => "a DSD file",
                Foreign::Riff => "a RIFF file without sound, such as AVI",
                Foreign::LfsPointer => "a Git LFS pointer in place of the recording",
                Foreign::Html => "an HTML page",
                Foreign::Matlab => "a MATLAB file",
                Foreign::Hdf5 => "an HDF5 file (also MATLAB 7.3)",
                Foreign::Npy => "a NumPy array",
                Foreign::Parquet => "a Parquet table",
                Foreign::Zip => "a ZIP archive",
                Foreign::Gzip => "gzip compressed",
                Foreign::Archive => "a compressed archive",
                Foreign::Pdf => "a PDF document",
                Foreign::Picture => "a picture",
                Foreign::Text => "a text file",
            },
        })
    }
}
