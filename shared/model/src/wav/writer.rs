//! Writes WAV files with `hound`.
//!
//! Memory is bounded by the output's buffer: samples are encoded and written block by block. [`write()`] and [`write_as`] are
//! atomic: the file appears under its name only when it is complete. Equal samples give equal bytes.

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;

use super::{Error, RATES_HZ};
use crate::atomic_file;

/// Largest number of channels. More than any sound device has, and the products in the header stay in range.
const MAX_CHANNELS: u16 = 256;
/// Largest size of the header, in bytes: RIFF, WAVEFORMATEXTENSIBLE and the head of the data chunk.
pub const MAX_HEADER_LEN: u64 = 68;

/// Encoding of samples. Encodings of more than 16 bits have a `WAVE_FORMAT_EXTENSIBLE` header, as Microsoft requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// 16-bit integer.
    S16,
    /// 24-bit integer in 3 bytes.
    S24,
    /// 32-bit integer.
    S32,
    /// 32-bit IEEE float, full scale 1; stores every decoded sample exactly.
    F32,
}

impl Encoding {
    /// Bits per sample: 16, 24 or 32.
    #[must_use]
    pub const fn bits(self) -> u16 {
        match self {
            Self::S16 => 16,
            Self::S24 => 24,
            Self::S32 | Self::F32 => 32,
        }
    }

    /// Bytes per sample: 2, 3 or 4.
    #[must_use]
    pub const fn bytes(self) -> u16 {
        self.bits() / 8
    }

    /// The integer of full scale, 2^(bits - 1), exact in `f32`; `None` for floats.
    fn full_scale(self) -> Option<f32> {
        match self {
            Self::S16 => Some(32_768.0),
            Self::S24 => Some(8_388_608.0),
            Self::S32 => Some(2_147_483_648.0),
            Self::F32 => None,
        }
    }
}

/// Writes the samples that `fill` pushes as a 16-bit WAV file to `path`; see [`write_as`].
///
/// # Errors
/// As [`write_as`].
pub fn write(
    path: &Path,
    rate_hz: u32,
    channels: u16,
    fill: impl FnOnce(&mut FileWriter<'_>) -> Result<(), Error>,
) -> Result<Written, Error> {
    write_as(path, Encoding::S16, rate_hz, channels, fill)
}

/// Writes the samples that `fill` pushes as a WAV file to `path`, atomically: on any error there is no such file, or the old
/// one.
///
/// # Errors
/// Errors of `fill` and of the file system; [`Error::Rate`] or [`Error::BadFormat`] for values that the header cannot
/// represent; [`Error::TooLong`] beyond 4 GiB.
pub fn write_as(
    path: &Path,
    encoding: Encoding,
    rate_hz: u32,
    channels: u16,
    fill: impl FnOnce(&mut FileWriter<'_>) -> Result<(), Error>,
) -> Result<Written, Error> {
    check(rate_hz, channels)?;
    // Stays empty when the file cannot even be created.
    let mut filled = None;
    let written = atomic_file::write_with(path, |file| {
        let result = WavWriter::new(BufWriter::new(file), encoding, rate_hz, channels).and_then(|mut writer| {
            fill(&mut writer)?;
            writer.finish()
        });
        // This error only stops the atomic write; `filled` holds the actual one.
        let outcome = if result.is_ok() { Ok(()) } else { Err(io::Error::other("not written")) };
        filled = Some(result);
        outcome
    });
    match (filled, written) {
        (Some(Err(error)), _) => Err(error),
        (_, Err(error)) => Err(error.into()),
        (Some(Ok(written)), Ok(())) => Ok(written),
        (None, Ok(())) => Err(Error::Empty),
    }
}

fn check(rate_hz: u32, channels: u16) -> Result<(), Error> {
    if !RATES_HZ.contains(&rate_hz) {
        return Err(Error::Rate(rate_hz));
    }
    if !(1..=MAX_CHANNELS).contains(&channels) {
        return Err(Error::BadFormat("1 to 256 channels are written"));
    }
    Ok(())
}

/// Counts of a written file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Number of samples of all channels.
    pub samples: u64,
    /// Number of samples that were beyond full scale and were clipped to it, or were NaN and were replaced by 0. Always 0
    /// with [`Encoding::F32`].
    pub clipped: u64,
}

/// The writer that [`write()`] and [`write_as`] pass to their closure.
pub type FileWriter<'f> = WavWriter<BufWriter<&'f mut File>>;

/// Encodes samples to a WAV file. The header is valid after [`finish`](Self::finish).
pub struct WavWriter<W: Write + Seek> {
    inner: hound::WavWriter<W>,
    encoding: Encoding,
    channels: u16,
    written: Written,
}

impl<W: Write + Seek> WavWriter<W> {
    /// Writes the header of a file at the current position of `to`, which should be buffered.
    ///
    /// # Errors
    /// [`Error::Io`] if writing fails; [`Error::Rate`] or [`Error::BadFormat`] for values that the header cannot represent.
    pub fn new(to: W, encoding: Encoding, rate_hz: u32, channels: u16) -> Result<Self, Error> {
        check(rate_hz, channels)?;
        let sample_format =
            if encoding == Encoding::F32 { hound::SampleFormat::Float } else { hound::SampleFormat::Int };
        let spec = hound::WavSpec { channels, sample_rate: rate_hz, bits_per_sample: encoding.bits(), sample_format };
        Ok(Self { inner: hound::WavWriter::new(to, spec)?, encoding, channels, written: Written::default() })
    }

    /// Appends interleaved samples with full scale 1. Integer encodings round to the nearest step, clip beyond full scale and
    /// replace NaN by 0.
    ///
    /// # Errors
    /// [`Error::Io`] if writing fails; [`Error::TooLong`] beyond 4 GiB.
    pub fn push(&mut self, samples: &[f32]) -> Result<(), Error> {
        self.reserve(samples.len())?;
        match self.encoding.full_scale() {
            None => samples.iter().try_for_each(|&sample| self.inner.write_sample(sample))?,
            Some(full) => {
                for sample in samples {
                    let scaled = (sample * full).round();
                    let clipped = scaled.clamp(-full, full - 1.0);
                    // Also true for NaN.
                    self.written.clipped += u64::from(scaled != clipped);
                    // In range; `as` converts NaN to 0 and 2^31, which is 2^31 - 1 rounded to f32, to the largest integer.
                    self.inner.write_sample(clipped as i32)?;
                }
            }
        }
        Ok(())
    }

    /// Appends interleaved 16-bit samples, unchanged with [`Encoding::S16`] and scaled exactly with any other encoding.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn push_i16(&mut self, samples: &[i16]) -> Result<(), Error> {
        self.reserve(samples.len())?;
        for &sample in samples {
            match self.encoding {
                Encoding::F32 => self.inner.write_sample(f32::from(sample) / 32_768.0)?,
                encoding => self.inner.write_sample(i32::from(sample) << (encoding.bits() - 16))?,
            }
        }
        Ok(())
    }

    /// Completes the header and flushes the output.
    ///
    /// # Errors
    /// [`Error::BadFormat`] if the last frame is incomplete; [`Error::Io`] if writing fails.
    pub fn finish(self) -> Result<Written, Error> {
        if !self.written.samples.is_multiple_of(u64::from(self.channels)) {
            return Err(Error::BadFormat("the last frame is not whole"));
        }
        self.inner.finalize()?;
        Ok(self.written)
    }

    /// Rejects lengths that the 32-bit fields of the header cannot represent.
    fn reserve(&mut self, samples: usize) -> Result<(), Error> {
        self.written.samples += samples as u64;
        let data_len = self.written.samples * u64::from(self.encoding.bytes());
        if data_len > u64::from(u32::MAX) - MAX_HEADER_LEN { Err(Error::TooLong) } else { Ok(()) }
    }
}
