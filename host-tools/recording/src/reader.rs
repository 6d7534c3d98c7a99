//! One reader over all formats.

use std::io;
use std::path::Path;

use monitor_core::pcm::Channel;
use monitor_model::file_kind::{FIRST_BYTES, FileKind, id3_len};
use monitor_model::wav::{self, WavReader};

use crate::compressed::Compressed;
use crate::facts::average;
use crate::source::Source;
use crate::{Error, Measure, Remark, ogg, panics, plain};

/// Container and encoding of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// Name, such as `WAV`, `FLAC` or `MP3`.
    pub name: &'static str,
    /// Whether the encoding discards sound.
    pub lossy: bool,
}

/// Reads a recording of any format in blocks of samples at its own rate.
pub struct RecordingReader {
    decoder: Decoder,
    format: Format,
    channel: Channel,
    /// Interleaved samples of compressed formats.
    frames: Vec<f32>,
}

/// What a file is, and the length in bytes of the ID3 tag to pass over. Such a tag may stand before any stream; the decoders of MP3 and
/// AAC pass over it by themselves.
fn identify(source: &mut Source) -> io::Result<(FileKind, u64)> {
    let first = source.first(0, FIRST_BYTES)?;
    let Some(tag) = id3_len(&first) else { return Ok((FileKind::from_first_bytes(&first), 0)) };
    Ok(match FileKind::from_bytes_behind_id3(&source.first(tag, FIRST_BYTES)?) {
        kind @ (FileKind::Mp3 | FileKind::Adts) => (kind, 0),
        kind => (kind, tag),
    })
}

enum Decoder {
    Wav(Box<WavReader<Source>>),
    Compressed(Box<Compressed>),
}

impl std::fmt::Debug for RecordingReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordingReader").field("format", &self.format).finish_non_exhaustive()
    }
}

impl RecordingReader {
    /// Opens a recording. Several channels are averaged.
    ///
    /// # Errors
    /// If it cannot be read; see [`Error`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::open_channel(path, Channel::Average)
    }

    /// Opens a recording and selects `channel`.
    ///
    /// # Errors
    /// If it cannot be read; see [`Error`].
    pub fn open_channel(path: &Path, channel: Channel) -> Result<Self, Error> {
        panics::note(path);
        Self::of(Source::open(path)?, channel, &|| Source::open(path))
    }

    /// Reads a recording in memory. Several channels are averaged.
    ///
    /// # Errors
    /// If it cannot be read; see [`Error`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let source = || Ok(Source::memory(bytes.to_vec()));
        Self::of(source()?, Channel::Average, &source)
    }

    /// Reads from `source`; `again` opens it a second time.
    fn of(mut source: Source, channel: Channel, again: &dyn Fn() -> Result<Source, Error>) -> Result<Self, Error> {
        let (kind, tag) = identify(&mut source)?;
        let source = source.without(tag)?;
        let again = &|| -> Result<Source, Error> { Ok(again()?.without(tag)?) };
        if let Some((samples, name)) = Self::plain(kind, again)? {
            let reader = WavReader::examined(samples, channel).map_err(|error| match error {
                wav::Error::BadFormat(reason) => Error::Undecodable { kind, reason: reason.into() },
                error => error.into(),
            })?;
            let (decoder, format) = (Decoder::Wav(Box::new(reader)), Format { name, lossy: false });
            return Ok(Self { decoder, format, channel, frames: Vec::new() });
        }
        let (decoder, format) = match kind {
            FileKind::Wav => match WavReader::examined(source, channel) {
                Ok(reader) => (Decoder::Wav(Box::new(reader)), Format { name: "WAV", lossy: false }),
                Err(wav::Error::Unsupported(codec)) => {
                    // symphonia reads some of them.
                    let opened = again().and_then(|source| Compressed::new(source, kind, channel));
                    let (compressed, format) = opened.map_err(|_| wav::Error::Unsupported(codec))?;
                    (Decoder::Compressed(Box::new(compressed)), format)
                }
                Err(error) => return Err(error.into()),
            },
            FileKind::Empty => return Err(wav::Error::Empty.into()),
            FileKind::OggOpus | FileKind::Foreign(_) | FileKind::Unknown => return Err(Error::Foreign(kind)),
            _ => {
                // The length of MPEG frames without a header would be estimated, and the sound cut there.
                let is_mpeg = matches!(kind, FileKind::Mp3 | FileKind::Adts);
                let source = if is_mpeg { source.unseekable() } else { source };
                let (mut compressed, format) = match Compressed::new(source, kind, channel) {
                    // Some readers look for the end first, which a truncated file does not have.
                    Err(error @ Error::Undecodable { .. }) => {
                        Compressed::new(again()?.unseekable(), kind, channel).map_err(|_| error)?
                    }
                    opened => opened?,
                };
                // MPEG frames by themselves state no length; CAF counts whole packets; Ogg states the length
                // of the first stream.
                let is_ogg = matches!(kind, FileKind::OggVorbis | FileKind::Ogg);
                if compressed.frames().is_none()
                    || is_mpeg
                    || kind == FileKind::Caf
                    || (is_ogg && ogg::is_chained(&mut again()?)?)
                {
                    let (mut other, _) = Compressed::new(again()?.unseekable(), kind, channel)?;
                    other.skip(u64::MAX)?;
                    if kind == FileKind::Mp3 {
                        compressed.keep_declared();
                    }
                    compressed.set_frames(other.returned());
                }
                (Decoder::Compressed(Box::new(compressed)), format)
            }
        };
        Ok(Self { decoder, format, channel, frames: Vec::new() })
    }

    /// The plain samples of an AIFF or CAF file behind a WAV header, and the format's name; `None` for any other kind.
    fn plain(
        kind: FileKind,
        again: &dyn Fn() -> Result<Source, Error>,
    ) -> Result<Option<(Source, &'static str)>, Error> {
        Ok(match kind {
            FileKind::Aiff => plain::aiff(again()?)?.map(|source| (source, "AIFF")),
            FileKind::Caf => plain::caf(again()?)?.map(|source| (source, "CAF")),
            _ => None,
        })
    }

    /// Container and encoding.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Sample rate in Hz, within [`RATES_HZ`](wav::RATES_HZ).
    #[must_use]
    pub fn rate_hz(&self) -> u32 {
        match &self.decoder {
            Decoder::Wav(reader) => reader.rate_hz(),
            Decoder::Compressed(reader) => reader.rate_hz(),
        }
    }

    /// Number of channels.
    #[must_use]
    pub fn channels(&self) -> u16 {
        match &self.decoder {
            Decoder::Wav(reader) => reader.channels(),
            Decoder::Compressed(reader) => reader.channels(),
        }
    }

    /// Number of frames. Files that do not state it are decoded once when they are opened. A truncated compressed file ends
    /// earlier than it states.
    #[must_use]
    pub fn frames(&self) -> u64 {
        match &self.decoder {
            Decoder::Wav(reader) => reader.frames(),
            Decoder::Compressed(reader) => reader.frames(),
        }
        .unwrap_or_default()
    }

    /// Length in seconds, from [`frames`](Self::frames).
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.frames() as f64 / f64::from(self.rate_hz())
    }

    /// Samples replaced by 0 so far: NaN, infinite, or above 2^31.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        match &self.decoder {
            Decoder::Wav(reader) => reader.replaced(),
            Decoder::Compressed(reader) => reader.replaced(),
        }
    }

    /// What the user should know of the file and its format. Damage within compressed sound is included once it has been read.
    #[must_use]
    pub fn remarks(&self) -> Vec<Remark> {
        let mut remarks: Vec<Remark> = match &self.decoder {
            Decoder::Wav(reader) => reader.remarks().iter().map(Remark::from).collect(),
            Decoder::Compressed(reader) => reader.remarks(),
        };
        if self.format.lossy {
            remarks.push(Remark::new(
                "lossy",
                format!(
                    "{} discards quiet sound and, at usual bit rates, what is above 16 kHz; record WAV or FLAC where faults \
                     may be heard there",
                    self.format.name
                ),
            ));
        }
        remarks
    }

    /// Fills `out` with the next mono samples and returns their number: less than `out.len()` only at the end, 0 after it.
    ///
    /// # Errors
    /// If reading fails. Damaged parts of compressed sound are passed over and remarked.
    pub fn read(&mut self, out: &mut [f32]) -> Result<usize, Error> {
        let reader = match &mut self.decoder {
            Decoder::Wav(reader) => return Ok(reader.read(out)?),
            Decoder::Compressed(reader) => reader,
        };
        let count = usize::from(reader.channels());
        self.frames.resize(out.len() * count, 0.0);
        let read = reader.read(&mut self.frames)?;
        for (frame, out) in self.frames.chunks_exact(count).zip(&mut out[..read]) {
            *out = match self.channel {
                Channel::Average => average(frame),
                Channel::Pick(channel) => frame[usize::from(channel)],
            };
        }
        Ok(read)
    }

    /// As [`read`](Self::read), of the average of all channels, and adds the samples of all channels to `measure`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_measured(&mut self, out: &mut [f32], measure: &mut Measure) -> Result<usize, Error> {
        let count = usize::from(self.channels());
        let mut frames = std::mem::take(&mut self.frames);
        frames.resize(out.len() * count, 0.0);
        let before = self.replaced();
        let read = self.read_all_channels(&mut frames);
        let samples = &frames[..count * *read.as_ref().unwrap_or(&0)];
        measure.push(samples, self.replaced() - before);
        samples.chunks_exact(count).zip(out).for_each(|(frame, out)| *out = average(frame));
        self.frames = frames;
        read
    }

    /// As [`read`](Self::read), with the samples of all channels, interleaved. Returns the number of whole frames.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_all_channels(&mut self, out: &mut [f32]) -> Result<usize, Error> {
        match &mut self.decoder {
            Decoder::Wav(reader) => Ok(reader.read_all_channels(out)?),
            Decoder::Compressed(reader) => reader.read(out),
        }
    }

    /// Skips the next `frames` frames, or all that remain. Compressed sound is decoded to be skipped, which is exact.
    ///
    /// # Errors
    /// If reading fails.
    pub fn skip(&mut self, frames: u64) -> Result<(), Error> {
        match &mut self.decoder {
            Decoder::Wav(reader) => Ok(reader.skip(frames)?),
            Decoder::Compressed(reader) => reader.skip(frames),
        }
    }
}
