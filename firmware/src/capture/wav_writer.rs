//! Writes mono WAV files that hold exactly the samples which inference receives: 16-bit integer for sound that came from 16 bits,
//! 32-bit float for all other sound.

use std::io;
use std::path::Path;

use monitor_core::pcm::{Channel, SampleFormat};
use monitor_model::wav::{self, Encoding};

use super::StreamSpec;

/// Encoding of a recording's samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WavFormat {
    /// 16-bit integer, full scale 32768.
    S16,
    /// 32-bit float.
    F32,
}

impl WavFormat {
    /// Returns the smaller encoding that represents every sample of a device exactly.
    #[must_use]
    pub(crate) fn exact_for(spec: &StreamSpec, channel: Channel) -> Self {
        // The mean of several 16-bit channels does not fit 16 bits.
        let one = spec.channels == 1 || matches!(channel, Channel::Pick(_));
        if spec.format == SampleFormat::S16 && one { Self::S16 } else { Self::F32 }
    }

    /// Bytes of one sample.
    #[must_use]
    pub const fn bytes(self) -> u16 {
        self.encoding().bytes()
    }

    const fn encoding(self) -> Encoding {
        match self {
            Self::S16 => Encoding::S16,
            Self::F32 => Encoding::F32,
        }
    }
}

/// Largest number of samples of one file: sizes in its header are 32-bit, and some readers treat them as signed.
pub(crate) const MOST_SAMPLES: u64 = 500_000_000;

/// Writes a file of mono samples, full scale 1, atomically.
///
/// # Errors
/// Errors of the file system; [`io::ErrorKind::Other`] if the file would exceed 4 GiB or the rate is out of range.
pub(crate) fn write_file<'a>(
    path: &Path,
    format: WavFormat,
    rate: u32,
    mut parts: impl Iterator<Item = &'a [f32]>,
) -> io::Result<()> {
    let written =
        wav::write_as(path, format.encoding(), rate, 1, |writer| parts.try_for_each(|part| writer.push(part)));
    match written {
        Ok(_) => Ok(()),
        Err(wav::Error::Io(error)) => Err(error),
        Err(error) => Err(io::Error::other(error)),
    }
}
