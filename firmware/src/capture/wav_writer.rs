//! Writes mono WAV files piece by piece: 16-bit integer, or 32-bit float for what 16 bits cannot hold.
//!
//! Either holds exactly the samples that inference gets from the device: the float is the decoder's own, and 16 bits are
//! used only for sound that came from 16 bits. (`monitor_model::wav` writes 16 bits only: a quiet microphone of 24 bits would lose
//! most of its sound by it.)

use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use monitor_core::pcm::{Channel, SampleFormat};
use monitor_model::atomic_file;

use super::StreamSpec;

/// How samples are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WavFormat {
    /// 16-bit integer, full scale 32768.
    S16,
    /// 32-bit float.
    F32,
}

impl WavFormat {
    /// The smaller one that holds every sample of a device exactly.
    #[must_use]
    pub(crate) fn exact_for(spec: &StreamSpec, channel: Channel) -> Self {
        // The mean of several 16-bit channels does not fit 16 bits.
        let one = spec.channels == 1 || matches!(channel, Channel::Pick(_));
        if spec.format == SampleFormat::S16 && one { Self::S16 } else { Self::F32 }
    }

    /// Bytes of one sample.
    #[must_use]
    pub const fn bytes(self) -> u16 {
        match self {
            Self::S16 => 2,
            Self::F32 => 4,
        }
    }
}

/// Most samples of one file: sizes in its header are 32-bit, and readers exist that take them as signed.
pub(crate) const MOST_SAMPLES: u64 = 500_000_000;

/// A WAV file being written. Without [`finish`](Self::finish) its header has the length 0.
pub(crate) struct WavWriter<W: Write + Seek> {
    to: W,
    format: WavFormat,
    rate: u32,
    samples: u64,
    bytes: Vec<u8>,
}

impl<W: Write + Seek> WavWriter<W> {
    /// Begins a file of mono sound with `rate` samples a second.
    ///
    /// # Errors
    /// The error of writing.
    pub(crate) fn new(mut to: W, format: WavFormat, rate: u32) -> io::Result<Self> {
        to.write_all(&header(format, rate, 0))?;
        Ok(Self { to, format, rate, samples: 0, bytes: Vec::new() })
    }

    /// Appends samples.
    ///
    /// # Errors
    /// The error of writing, or that the file would exceed [`MOST_SAMPLES`].
    pub(crate) fn write(&mut self, samples: &[f32]) -> io::Result<()> {
        self.samples += samples.len() as u64;
        if self.samples > MOST_SAMPLES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a WAV file holds at most 500 million samples"));
        }
        self.bytes.clear();
        for &sample in samples {
            match self.format {
                // `as` takes what is beyond full scale to full scale.
                WavFormat::S16 => self.bytes.extend(((sample * 32_768.0).round() as i16).to_le_bytes()),
                WavFormat::F32 => self.bytes.extend(sample.to_le_bytes()),
            }
        }
        self.to.write_all(&self.bytes)
    }

    /// Writes the header as it has become; returns how many samples the file holds.
    ///
    /// # Errors
    /// The error of writing.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.to.seek(SeekFrom::Start(0))?;
        self.to.write_all(&header(self.format, self.rate, self.samples))?;
        self.to.flush()?;
        Ok(self.samples)
    }
}

/// Writes a whole file of mono sound, which is there whole or not at all.
///
/// # Errors
/// The error of writing.
pub(crate) fn write_file<'a>(
    path: &Path,
    format: WavFormat,
    rate: u32,
    mut parts: impl Iterator<Item = &'a [f32]>,
) -> io::Result<()> {
    atomic_file::write_with(path, |file| {
        let mut writer = WavWriter::new(BufWriter::new(file), format, rate)?;
        parts.try_for_each(|samples| writer.write(samples))?;
        writer.finish().map(drop)
    })
}

/// RIFF, `fmt `, `fact` and the head of `data`: `fact` and the long `fmt ` are what the standard wants for floats.
fn header(format: WavFormat, rate: u32, samples: u64) -> Vec<u8> {
    let data = samples as u32 * u32::from(format.bytes());
    let mut out = Vec::with_capacity(58);
    let (tag, extra): (u16, &[u8]) = if format == WavFormat::F32 { (3, &[0, 0]) } else { (1, &[]) };
    let fact = if format == WavFormat::F32 { 12 } else { 0 };
    let fmt = 16 + extra.len() as u32;
    out.extend(b"RIFF");
    out.extend((4 + 8 + fmt + fact + 8 + data).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(fmt.to_le_bytes());
    out.extend(tag.to_le_bytes());
    out.extend(1u16.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend((rate * u32::from(format.bytes())).to_le_bytes());
    out.extend(format.bytes().to_le_bytes());
    out.extend((8 * format.bytes()).to_le_bytes());
    out.extend(extra);
    if fact > 0 {
        out.extend(b"fact");
        out.extend(4u32.to_le_bytes());
        out.extend((samples as u32).to_le_bytes());
    }
    out.extend(b"data");
    out.extend(data.to_le_bytes());
    out
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn file(format: WavFormat, samples: &[f32]) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut file, format, 48_000).unwrap();
        writer.write(samples).unwrap();
        assert_eq!(writer.finish().unwrap(), samples.len() as u64);
        file.into_inner()
    }

    #[test]
    fn a_16_bit_file_is_the_44_bytes_that_everyone_reads_and_the_samples() {
        let bytes = file(WavFormat::S16, &[0.0, 1.0 / 32_768.0, -1.0, 1.0]);
        assert_eq!(&bytes[..16], b"RIFF\x2c\0\0\0WAVEfmt ");
        assert_eq!(&bytes[16..36], b"\x10\0\0\0\x01\0\x01\0\x80\xbb\0\0\0\x77\x01\0\x02\0\x10\0");
        assert_eq!(&bytes[36..], b"data\x08\0\0\0\0\0\x01\0\0\x80\xff\x7f");
    }

    #[test]
    fn a_float_file_has_a_fact_chunk_and_sizes_that_agree() {
        let bytes = file(WavFormat::F32, &[0.5]);
        assert_eq!(u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize, bytes.len() - 8);
        assert_eq!(&bytes[38..50], b"fact\x04\0\0\0\x01\0\0\0");
        assert_eq!(&bytes[50..], [&b"data\x04\0\0\0"[..], &0.5f32.to_le_bytes()].concat());
    }

    #[test]
    fn what_is_written_is_read_back_bit_for_bit_by_what_training_reads_with() {
        for (format, samples) in [(WavFormat::S16, [0.5, -1.0, 3.0 / 32_768.0]), (WavFormat::F32, [0.1, -0.7, 1e-7])] {
            let mut reader = monitor_model::wav::WavReader::new(Cursor::new(file(format, &samples))).unwrap();
            let mut back = [9.0; 4];
            assert_eq!((reader.read(&mut back).unwrap(), reader.rate_hz()), (3, 48_000));
            assert_eq!(back[..3], samples);
        }
    }

    #[test]
    fn every_16_bit_sample_survives_the_way_through_float() {
        let samples: Vec<f32> = (i16::MIN..=i16::MAX).map(|sample| f32::from(sample) / 32_768.0).collect();
        let bytes = file(WavFormat::S16, &samples);
        let back = bytes[44..].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]));
        assert!(back.eq(i16::MIN..=i16::MAX));
    }
}
