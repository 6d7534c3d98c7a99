//! Reads blocks of mono samples from a WAV file.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::Error;
use super::format::{Coding, Format};
use super::header::Header;
use monitor_core::pcm::{Channel, Decoder, SampleFormat};

/// Size of the read buffer in bytes.
const BUFFER: usize = 1 << 16;

/// Reads a WAV file in blocks of mono samples at the file's own rate.
#[derive(Debug)]
pub struct WavReader<R> {
    source: R,
    format: Format,
    decoder: Decoder,
    /// Length of the samples in bytes; `None` if only the end of the source determines it.
    len: Option<u64>,
    /// Bytes not yet read; `None` likewise.
    left: Option<u64>,
    bytes: Vec<u8>,
}

impl WavReader<BufReader<File>> {
    /// Opens a file. Several channels are averaged.
    ///
    /// # Errors
    /// If the file cannot be read or is not a supported WAV file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_channel(path, Channel::Average)
    }

    /// Opens a file and selects `channel`.
    ///
    /// # Errors
    /// If the file cannot be read, is not a supported WAV file, or has no such channel.
    pub fn open_channel(path: impl AsRef<Path>, channel: Channel) -> Result<Self, Error> {
        let file = File::open(path)?;
        // A pipe has no length.
        let len = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len());
        Self::with_len(BufReader::with_capacity(BUFFER, file), len, channel)
    }
}

impl<R: Read> WavReader<R> {
    /// Reads from a stream, such as a pipe or bytes in memory. Several channels are averaged.
    ///
    /// # Errors
    /// If the stream cannot be read or is not a supported WAV file.
    pub fn new(source: R) -> Result<Self, Error> {
        Self::with_len(source, None, Channel::Average)
    }

    /// Reads from a stream and selects `channel`.
    ///
    /// # Errors
    /// If the stream cannot be read, is not a supported WAV file, or has no such channel.
    pub fn new_channel(source: R, channel: Channel) -> Result<Self, Error> {
        Self::with_len(source, None, channel)
    }

    fn with_len(mut source: R, source_len: Option<u64>, channel: Channel) -> Result<Self, Error> {
        let Header { format, data_len } = Header::read(&mut source, source_len)?;
        // 8-bit samples are widened to 16 bits before decoding.
        let device = match format.coding {
            Coding::U8 => SampleFormat::S16,
            Coding::Device(format) => format,
        };
        let decoder = Decoder::new(device, format.channels, channel).map_err(Error::Channel)?;
        let frame = decoder.frame_bytes();
        let bytes = vec![0; (BUFFER / frame).max(1) * frame];
        Ok(Self { source, format, decoder, len: data_len, left: data_len, bytes })
    }

    /// Returns the sample rate in Hz, within [`RATES_HZ`](super::RATES_HZ).
    pub fn rate_hz(&self) -> u32 {
        self.format.rate_hz
    }

    /// Returns the number of channels in the file.
    pub fn channels(&self) -> u16 {
        self.format.channels
    }

    /// Returns the number of frames in the whole file; `None` for a stream of unknown length. An incomplete frame is not
    /// counted.
    pub fn frames(&self) -> Option<u64> {
        self.len.map(|len| len / self.format.frame_bytes() as u64)
    }

    /// Returns the duration of the whole file in seconds; `None` for a stream of unknown length.
    pub fn seconds(&self) -> Option<f64> {
        self.frames().map(|frames| frames as f64 / f64::from(self.rate_hz()))
    }

    /// Returns the number of float samples replaced by 0 so far: NaN, infinite, or above the accepted magnitude.
    pub fn replaced(&self) -> u64 {
        self.decoder.replaced()
    }

    /// Fills `out` with the next mono samples and returns their number: less than `out.len()` only at the end of the samples, 0
    /// after it. An incomplete frame is ignored.
    ///
    /// # Errors
    /// [`Error::Io`] if reading fails.
    pub fn read(&mut self, out: &mut [f32]) -> Result<usize, Error> {
        let frame = self.format.frame_bytes();
        let mut done = 0;
        while done < out.len() {
            let room = (self.bytes.len() / self.decoder.frame_bytes()).min(out.len() - done) * frame;
            let wanted = self.left.map_or(room, |left| (left / frame as u64 * frame as u64).min(room as u64) as usize);
            let read = read_full(&mut self.source, &mut self.bytes[..wanted])?;
            self.left = self.left.map(|left| left - read as u64);
            let whole = read - read % frame;
            if let Coding::U8 = self.format.coding {
                widen(&mut self.bytes, whole);
            }
            let len = whole / frame * self.decoder.frame_bytes();
            done += self.decoder.decode(&self.bytes[..len], &mut out[done..]);
            if read < room {
                // End of the samples, according to the header or the source.
                self.left = Some(0);
                break;
            }
        }
        Ok(done)
    }
}

impl<R: Read + Seek> WavReader<R> {
    /// Skips the next `frames` frames, or all that remain.
    ///
    /// # Errors
    /// [`Error::Io`] if seeking fails.
    pub fn skip(&mut self, frames: u64) -> Result<(), Error> {
        let mut bytes = frames.saturating_mul(self.format.frame_bytes() as u64);
        if let Some(left) = &mut self.left {
            bytes = bytes.min(*left);
            *left -= bytes;
        }
        self.source.seek(SeekFrom::Current(bytes.min(i64::MAX as u64) as i64))?;
        Ok(())
    }
}

/// Reads until `bytes` is full or the source ends.
fn read_full(source: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < bytes.len() {
        match source.read(&mut bytes[done..]) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Converts the first `len` bytes, unsigned samples, to S16 in place, from last to first.
fn widen(bytes: &mut [u8], len: usize) {
    for at in (0..len).rev() {
        let sample = (i16::from(bytes[at]) - 128) << 8;
        bytes[2 * at..2 * at + 2].copy_from_slice(&sample.to_le_bytes());
    }
}
