//! Writes 16-bit WAV files that are whole or absent.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use super::{Error, RATES_HZ};
use crate::atomic_file;

/// More channels than any sound device has; the products of the header stay in range.
const MOST_CHANNELS: u16 = 256;

/// Writes the sound that `fill` gives as a 16-bit WAV file to `path`, atomically: until `fill` has ended well there is no
/// such file, or the old one. The same samples give the same bytes.
///
/// # Errors
/// Whatever `fill` or the file system says; [`Error::Rate`], [`Error::BadFormat`] for what the header cannot say;
/// [`Error::TooLong`] beyond 4 GiB.
pub fn write(
    path: &Path,
    rate_hz: u32,
    channels: u16,
    fill: impl FnOnce(&mut Writer<'_>) -> Result<(), Error>,
) -> Result<Written, Error> {
    if !RATES_HZ.contains(&rate_hz) {
        return Err(Error::Rate(rate_hz));
    }
    if !(1..=MOST_CHANNELS).contains(&channels) {
        return Err(Error::BadFormat("1 to 256 channels are written"));
    }
    let spec =
        hound::WavSpec { channels, sample_rate: rate_hz, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut result = Err(Error::Empty);
    let written = atomic_file::write_with(path, |file| {
        result = fill_file(file, spec, fill);
        // The words do not matter: `result` has the real error.
        if result.is_ok() { Ok(()) } else { Err(std::io::Error::other("not written")) }
    });
    match (result, written) {
        (Ok(_), Err(error)) => Err(error.into()),
        (result, _) => result,
    }
}

fn fill_file(
    file: &mut File,
    spec: hound::WavSpec,
    fill: impl FnOnce(&mut Writer<'_>) -> Result<(), Error>,
) -> Result<Written, Error> {
    let inner = hound::WavWriter::new(BufWriter::new(file), spec)?;
    let mut writer = Writer { inner, written: Written::default() };
    fill(&mut writer)?;
    let Writer { inner, written } = writer;
    if written.samples % u64::from(spec.channels) != 0 {
        return Err(Error::BadFormat("the last frame is not whole"));
    }
    inner.finalize()?;
    Ok(written)
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Samples of all channels together.
    pub samples: u64,
    /// How many of them were beyond full scale and are now at it, or were NaN and are now 0.
    pub clipped: u64,
}

/// Takes the samples of a file that is being written.
pub struct Writer<'f> {
    inner: hound::WavWriter<BufWriter<&'f mut File>>,
    written: Written,
}

impl Writer<'_> {
    /// Appends interleaved samples, full scale 1, rounded to the nearest of 65 536 steps; NaN becomes 0.
    ///
    /// # Errors
    /// Whatever the file system says; [`Error::TooLong`] beyond 4 GiB.
    pub fn push(&mut self, samples: &[f32]) -> Result<(), Error> {
        self.reserve(samples.len())?;
        for sample in samples {
            let scaled = (sample * 32_768.0).round();
            self.written.clipped += u64::from(!(-32_768.0..=32_767.0).contains(&scaled));
            self.inner.write_sample(scaled as i16)?;
        }
        Ok(())
    }

    /// Appends interleaved samples as they are.
    ///
    /// # Errors
    /// Whatever the file system says; [`Error::TooLong`] beyond 4 GiB.
    pub fn push_i16(&mut self, samples: &[i16]) -> Result<(), Error> {
        self.reserve(samples.len())?;
        for &sample in samples {
            self.inner.write_sample(sample)?;
        }
        Ok(())
    }

    /// Refuses what the 32-bit lengths of the header could not say.
    fn reserve(&mut self, samples: usize) -> Result<(), Error> {
        self.written.samples += samples as u64;
        // 2 bytes per sample, and room for the header.
        if self.written.samples * 2 > u64::from(u32::MAX) - 1024 { Err(Error::TooLong) } else { Ok(()) }
    }
}
