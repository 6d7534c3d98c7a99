//! The chunks before the samples.

use std::io::{self, Read};

use super::Error;
use super::container::Container;
use super::format::{Format, LONGEST};
use crate::file_kind::{self, FileKind};

/// Content of the chunks before the samples. The source is positioned at the first sample.
#[derive(Debug)]
pub(super) struct Header {
    pub container: Container,
    /// Position of the container in the source, in bytes: behind an ID3 tag, if there is one.
    pub base: u64,
    pub format: Format,
    /// Position of the first sample, in bytes.
    pub start: u64,
    /// Length of the samples in bytes; `None` if only the end of the source determines it.
    pub data_len: Option<u64>,
    /// Whether the declared length agrees with that of the source.
    pub end: End,
}

/// The declared length of the samples, compared with the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Within the source, as far as it is known.
    Declared,
    /// None is declared.
    Unknown,
    /// Beyond the end of the source: this many bytes.
    Beyond(u64),
    /// Less than the source has, by a multiple of 4 GiB.
    Overflow,
}

impl Header {
    /// Reads up to the first sample. `source_len` is the length of the source in bytes, if known.
    pub(super) fn read(source: &mut impl Read, source_len: Option<u64>) -> Result<Self, Error> {
        let mut source = Counted { source, position: 0 };
        let (start, base) = source.start()?;
        let (container, file_len) = Container::of(&start)?;
        let file_len = file_len.map(|len| base + len);
        source.skip(container.more_header() as u64)?;
        let mut format = None;
        let mut long_len = None;
        let mut padding = 0;
        loop {
            let (id, len) = chunk_header(&mut source, container, padding)?;
            padding = len.next_multiple_of(container.padding()) - len;
            match &id {
                b"fmt " => format = Some(read_format(&mut source, container, len)?),
                b"ds64" if container == Container::Rf64 => long_len = Some(read_ds64(&mut source, len)?),
                b"data" => {
                    let format = format.ok_or(Error::NoFormat)?;
                    let start = source.position;
                    let len = match long_len {
                        Some(long) if len == u64::from(u32::MAX) => long,
                        _ => len,
                    };
                    let (data_len, end) = data_len(container, len, file_len, start, source_len);
                    return Ok(Self { container, base, format, start, data_len, end });
                }
                _ => source.skip(len)?,
            }
        }
    }
}

impl Header {
    /// Whether the header declares no sample, while bytes follow.
    pub(super) fn is_doubtful(&self, source_len: u64) -> bool {
        self.data_len == Some(0) && source_len > self.start
    }
}

/// Reads the next chunk's name and length. A chunk of odd length should be followed by a pad byte of 0. Some programs omit it;
/// no chunk's name begins with 0, so both cases can be distinguished.
fn chunk_header(
    source: &mut Counted<'_, impl Read>,
    container: Container,
    padding: u64,
) -> Result<([u8; 4], u64), Error> {
    let mut bytes = [0; 24];
    let bytes = &mut bytes[..container.chunk_header()];
    if container == Container::Wave64 {
        source.skip(padding)?;
        source.fill(bytes)?;
    } else {
        source.fill(bytes)?;
        if padding == 1 && bytes[0] == 0 {
            bytes.rotate_left(1);
            source.fill(&mut bytes[7..])?;
        }
    }
    container.chunk(bytes).ok_or(Error::BadFormat("a chunk has no valid name"))
}

fn read_format(source: &mut Counted<'_, impl Read>, container: Container, len: u64) -> Result<Format, Error> {
    let order = match container {
        Container::Riff(order) => order,
        _ => super::container::Order::Little,
    };
    let mut chunk = [0; LONGEST];
    let kept = len.min(LONGEST as u64);
    source.fill(&mut chunk[..kept as usize])?;
    source.skip(len - kept)?;
    Format::parse(&chunk[..kept as usize], order)
}

/// Returns the length of the samples in the chunk `ds64`: file length, length of the samples, number of frames, table.
fn read_ds64(source: &mut Counted<'_, impl Read>, len: u64) -> Result<u64, Error> {
    let mut fields = [0; 16];
    let kept = len.min(16);
    source.fill(&mut fields[..kept as usize])?;
    source.skip(len - kept)?;
    let [.., a, b, c, d, e, f, g, h] = fields;
    Ok(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
}

/// Returns the length of the samples in bytes, from the declared lengths and the length of the source.
///
/// 2^32 - 1 means unknown, and so does 0 unless the file declares bytes after the samples: a recorder that was interrupted may
/// have written the length of the file alone, so [`Header::is_doubtful`] has the bytes themselves decide. Of a stream nothing
/// else is known, and 0 is unknown. A length beyond the end occurs in interrupted recordings and in the output of streaming
/// programs; one that is short by a multiple of 2^32 in files that have outgrown their header.
fn data_len(
    container: Container,
    declared: u64,
    file_len: Option<u64>,
    start: u64,
    source_len: Option<u64>,
) -> (Option<u64>, End) {
    let more_declared = file_len.is_some_and(|end| end > start && source_len.is_some_and(|len| end <= len));
    let unknown = declared == u64::from(u32::MAX) || declared == u64::MAX || (declared == 0 && !more_declared);
    match source_len.map(|len| len.saturating_sub(start)) {
        there if unknown => (there, End::Unknown),
        None => (Some(declared), End::Declared),
        Some(there) if declared > there => (Some(there), End::Beyond(declared)),
        Some(there)
            if matches!(container, Container::Riff(_))
                && there > declared
                && (there - declared).is_multiple_of(1 << 32) =>
        {
            (Some(there), End::Overflow)
        }
        Some(_) => (Some(declared), End::Declared),
    }
}

/// A source that counts its position.
struct Counted<'a, R> {
    source: &'a mut R,
    position: u64,
}

impl<R: Read> Counted<'_, R> {
    /// The first 12 bytes and, where they are no WAVE, all that identify the kind of file; and their position, behind an ID3 tag if
    /// there is one.
    fn start(&mut self) -> Result<(Vec<u8>, u64), Error> {
        let mut start = Vec::with_capacity(12);
        self.source.by_ref().take(10).read_to_end(&mut start)?;
        let tag = file_kind::id3_len(&start);
        if let Some(len) = tag {
            self.skip(len - start.len() as u64).map_err(|error| match error {
                Error::Truncated => Error::NotWav(FileKind::Mp3),
                error => error,
            })?;
            start.clear();
        }
        let rest = 12 - start.len() as u64;
        self.source.by_ref().take(rest).read_to_end(&mut start)?;
        if Container::of(&start).is_err() {
            let more = file_kind::FIRST_BYTES as u64 - 12;
            self.source.by_ref().take(more).read_to_end(&mut start)?;
            if tag.is_some() {
                return Err(Error::NotWav(FileKind::from_bytes_behind_id3(&start)));
            }
        }
        let base = tag.unwrap_or(0);
        self.position = base + start.len() as u64;
        Ok((start, base))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.source.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Error::Truncated,
            _ => error.into(),
        })?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn skip(&mut self, len: u64) -> Result<(), Error> {
        let skipped = io::copy(&mut self.source.by_ref().take(len), &mut io::sink())?;
        self.position += skipped;
        if skipped == len { Ok(()) } else { Err(Error::Truncated) }
    }
}
