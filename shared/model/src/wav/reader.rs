//! Reads blocks of samples from a WAV file.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::Error;
use super::convert::to_device;
use super::format::Format;
use super::header::{End, Header};
use super::remark::Remark;
use super::scan::Scan;
use super::trailer::{self, Segment};
use monitor_core::pcm::{Channel, Decoder};

/// Size of the read buffer in bytes.
const BUFFER: usize = 1 << 16;

/// Share of samples that are no numbers from which a file is refused: it says nothing then.
const REFUSED_SHARE: f64 = 0.5;

/// Reads a WAV file in blocks of samples at the file's own rate.
#[derive(Debug)]
pub struct WavReader<R> {
    source: R,
    format: Format,
    decoder: Decoder,
    /// Decodes the samples of all channels.
    all: Decoder,
    /// Length of the samples in bytes; `None` if only the end of the source determines it.
    len: Option<u64>,
    /// Bytes of the present segment not yet read; `None` likewise.
    left: Option<u64>,
    /// Further segments.
    segments: VecDeque<Segment>,
    /// Factor for all samples.
    factor: Option<f32>,
    remarks: Vec<Remark>,
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

    /// Opens a file and selects `channel`. A regular file is examined as in [`examined`](Self::examined).
    ///
    /// # Errors
    /// If the file cannot be read, is not a supported WAV file, has no such channel, or at least half of its samples are not
    /// numbers.
    pub fn open_channel(path: impl AsRef<Path>, channel: Channel) -> Result<Self, Error> {
        let file = File::open(path)?;
        // A pipe has no length.
        let len = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len());
        let source = BufReader::with_capacity(BUFFER, file);
        match len {
            Some(len) => Self::with_examination(source, len, channel),
            None => Self::with_len(source, None, channel).map(|(reader, _)| reader),
        }
    }
}

impl<R: Read + Seek> WavReader<R> {
    /// Examines the whole source before it is read: whether the samples lie in the bits that the header states, floats have
    /// full scale 1, and more samples follow the first. [`remarks`](Self::remarks) lists what was found.
    ///
    /// # Errors
    /// As [`WavReader::open_channel`].
    pub fn examined(mut source: R, channel: Channel) -> Result<Self, Error> {
        let len = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(0))?;
        Self::with_examination(source, len, channel)
    }

    fn with_examination(source: R, source_len: u64, channel: Channel) -> Result<Self, Error> {
        let (mut reader, mut header) = Self::with_len(source, Some(source_len), channel)?;
        if header.is_doubtful(source_len) && !trailer::begins_with_chunk(&mut reader.source, &header, source_len)? {
            (header.data_len, header.end) = (Some(source_len - header.start), End::Unknown);
            (reader.len, reader.left) = (header.data_len, header.data_len);
        }
        let format = header.format;
        let frame = format.frame_bytes() as u64;
        let seconds = |bytes: u64| (bytes / frame) as f64 / f64::from(format.rate_hz);
        let len = header.data_len.unwrap_or_default();
        reader.remarks.extend(match header.end {
            End::Declared => None,
            End::Unknown => Some(Remark::NoLength),
            End::Beyond(declared) => Some(Remark::Truncated { declared_s: seconds(declared), found_s: seconds(len) }),
            End::Overflow => Some(Remark::LengthOverflow { found_s: seconds(len) }),
        });
        let whole = len / frame * frame;
        let source = &mut reader.source;
        let (segments, remark) = trailer::walk(source, &header, header.start + len, source_len)?;
        reader.remarks.extend(remark);
        source.seek(SeekFrom::Start(header.start))?;
        // Further segments are of the same program.
        let mut scan = Scan::of(&mut source.by_ref().take(whole), &format)?;
        source.seek(SeekFrom::Start(header.start))?;
        if scan.not_numbers >= REFUSED_SHARE {
            return Err(Error::NotNumbers((100.0 * scan.not_numbers) as u32));
        }
        if let Some(coding) = scan.coding {
            reader.set_format(Format { coding, ..format }, channel)?;
        }
        reader.factor = scan.factor;
        reader.remarks.append(&mut scan.remarks);
        if !segments.is_empty() {
            let more: u64 = segments.iter().map(|segment| segment.len).sum();
            // The gap of the first segment counts from the end of the chunk, which may have an incomplete frame.
            reader.segments = segments.into();
            if let Some(first) = reader.segments.front_mut() {
                first.gap += len - whole;
            }
            (reader.len, reader.left) = (Some(whole + more), Some(whole));
        }
        Ok(reader)
    }

    /// Skips the next `frames` frames, or all that remain.
    ///
    /// # Errors
    /// [`Error::Io`] if seeking fails.
    pub fn skip(&mut self, frames: u64) -> Result<(), Error> {
        let mut bytes = frames.saturating_mul(self.format.frame_bytes() as u64);
        loop {
            let here = self.left.map_or(bytes, |left| left.min(bytes));
            self.left = self.left.map(|left| left - here);
            self.source.seek(SeekFrom::Current(here.min(i64::MAX as u64) as i64))?;
            bytes -= here;
            if bytes == 0 || !self.next_segment()? {
                return Ok(());
            }
        }
    }
}

impl<R: Read> WavReader<R> {
    /// Reads from a stream, such as a pipe or bytes in memory. Several channels are averaged.
    ///
    /// # Errors
    /// If the stream cannot be read or is not a supported WAV file.
    pub fn new(source: R) -> Result<Self, Error> {
        Self::new_channel(source, Channel::Average)
    }

    /// Reads from a stream and selects `channel`. The header alone determines how samples are read.
    ///
    /// # Errors
    /// If the stream cannot be read, is not a supported WAV file, or has no such channel.
    pub fn new_channel(source: R, channel: Channel) -> Result<Self, Error> {
        Self::with_len(source, None, channel).map(|(reader, _)| reader)
    }

    fn with_len(mut source: R, source_len: Option<u64>, channel: Channel) -> Result<(Self, Header), Error> {
        let header = Header::read(&mut source, source_len)?;
        let (format, len) = (header.format, header.data_len);
        let (decoder, all) = decoders(&format, channel)?;
        let bytes = buffer(&format, &decoder);
        let (segments, remarks) = (VecDeque::new(), Vec::new());
        let reader = Self { source, format, decoder, all, len, left: len, segments, factor: None, remarks, bytes };
        Ok((reader, header))
    }

    fn set_format(&mut self, format: Format, channel: Channel) -> Result<(), Error> {
        (self.decoder, self.all) = decoders(&format, channel)?;
        self.bytes = buffer(&format, &self.decoder);
        self.format = format;
        Ok(())
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

    /// Returns what the user should know of the file; nothing for a stream.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// Returns the number of float samples replaced by 0 so far: NaN, infinite, or above the accepted magnitude.
    pub fn replaced(&self) -> u64 {
        self.decoder.replaced() + self.all.replaced()
    }

    /// Fills `out` with the next mono samples and returns their number: less than `out.len()` only at the end of the samples, 0
    /// after it. An incomplete frame is ignored.
    ///
    /// # Errors
    /// [`Error::Io`] if reading fails.
    pub fn read(&mut self, out: &mut [f32]) -> Result<usize, Error> {
        self.fill(out, 1)
    }

    /// As [`read`](Self::read), with the samples of all channels, interleaved. Returns the number of whole frames, for each of
    /// which `out` has [`channels`](Self::channels) samples.
    ///
    /// # Errors
    /// [`Error::Io`] if reading fails.
    pub fn read_all_channels(&mut self, out: &mut [f32]) -> Result<usize, Error> {
        self.fill(out, usize::from(self.format.channels))
    }

    /// Fills `out` with frames of `per_frame` samples, 1 or all, and returns the number of frames.
    fn fill(&mut self, out: &mut [f32], per_frame: usize) -> Result<usize, Error> {
        let frame = self.format.frame_bytes();
        let wanted_frames = out.len() / per_frame;
        let mut done = 0;
        while done < wanted_frames {
            let most = self.bytes.len() / self.decoder.frame_bytes().max(frame);
            let room = most.min(wanted_frames - done) * frame;
            let wanted = self.left.map_or(room, |left| (left / frame as u64 * frame as u64).min(room as u64) as usize);
            let read = read_full(&mut self.source, &mut self.bytes[..wanted])?;
            self.left = self.left.map(|left| left - read as u64);
            let len = to_device(&self.format, &mut self.bytes, read - read % frame);
            let out = &mut out[done * per_frame..wanted_frames * per_frame];
            let samples = if per_frame == 1 {
                self.decoder.decode(&self.bytes[..len], out)
            } else {
                self.all.decode(&self.bytes[..len], out)
            };
            if let Some(factor) = self.factor {
                out[..samples].iter_mut().for_each(|sample| *sample *= factor);
            }
            done += samples / per_frame;
            if read < room && (read < wanted || !self.next_segment()?) {
                // End of the samples, according to the header or the source.
                self.left = Some(0);
                self.segments.clear();
                break;
            }
        }
        Ok(done)
    }

    /// Moves to the next segment, if there is one.
    fn next_segment(&mut self) -> Result<bool, Error> {
        let Some(Segment { gap, len }) = self.segments.pop_front() else { return Ok(false) };
        io::copy(&mut self.source.by_ref().take(gap), &mut io::sink())?;
        self.left = Some(len);
        Ok(true)
    }
}

/// The decoder of one channel or the average, and that of all.
fn decoders(format: &Format, channel: Channel) -> Result<(Decoder, Decoder), Error> {
    let device = format.coding.device();
    Ok((Decoder::new(device, format.channels, channel)?, Decoder::new(device, 1, Channel::Average)?))
}

/// A buffer with room for whole frames before and after their conversion.
fn buffer(format: &Format, decoder: &Decoder) -> Vec<u8> {
    let frame = decoder.frame_bytes().max(format.frame_bytes());
    vec![0; (BUFFER / frame).max(1) * frame]
}

/// Reads until `bytes` is full or the source ends.
pub(super) fn read_full(source: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
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
