//! The chunks before the samples.

use std::io::{self, Read};

use super::format::{Format, LONGEST};
use super::{Error, format};

/// Content of the chunks before the samples. The source is positioned at the first sample.
#[derive(Debug)]
pub(super) struct Header {
    pub format: Format,
    /// Length of the samples in bytes; `None` if only the end of the source determines it.
    pub data_len: Option<u64>,
}

impl Header {
    /// Reads up to the first sample. `source_len` is the length of the source in bytes, if known.
    pub(super) fn read(source: &mut impl Read, source_len: Option<u64>) -> Result<Self, Error> {
        let mut source = Counted { source, position: 0 };
        let riff_len = riff(&mut source)?;
        let mut format = None;
        let mut padded = false;
        loop {
            let (id, len) = chunk_header(&mut source, padded)?;
            padded = len % 2 == 1;
            match &id {
                b"fmt " => format = Some(read_format(&mut source, len)?),
                b"data" => {
                    let format = format.ok_or(Error::NoFormat)?;
                    return Ok(Self { format, data_len: data_len(len, riff_len, source.position, source_len) });
                }
                _ => source.skip(u64::from(len))?,
            }
        }
    }
}

/// Checks the first 12 bytes and returns the length that they declare.
fn riff(source: &mut Counted<'_, impl Read>) -> Result<u32, Error> {
    let mut start = [0; 12];
    let mut len = 0;
    while len < start.len() {
        match source.source.read(&mut start[len..]) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    source.position = len as u64;
    let start = &start[..len];
    let begins = |magic: &[u8]| start.starts_with(magic);
    match start {
        [] => Err(Error::Empty),
        [b'R', b'I', b'F', b'F', a, b, c, d, b'W', b'A', b'V', b'E'] => Ok(u32::from_le_bytes([*a, *b, *c, *d])),
        _ if begins(b"RF64") || begins(b"BW64") => Err(Error::Rf64),
        _ if begins(b"RIFX") => Err(Error::BigEndian),
        _ if begins(b"riff") => Err(Error::NotWav(Some("a Wave64 file"))),
        _ if begins(b"fLaC") => Err(Error::NotWav(Some("a FLAC file"))),
        _ if begins(b"OggS") => Err(Error::NotWav(Some("an Ogg file"))),
        _ if begins(b"FORM") => Err(Error::NotWav(Some("an AIFF file"))),
        _ if begins(b"ID3") => Err(Error::NotWav(Some("an MP3 file"))),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Err(Error::NotWav(Some("an MP4 file"))),
        _ if begins(b"RIFF") && len < 12 => Err(Error::Truncated),
        _ => Err(Error::NotWav(None)),
    }
}

/// Reads the next chunk's name and length. A chunk of odd length should be followed by a pad byte of 0. Some programs omit it;
/// no chunk's name begins with 0, so both cases can be distinguished.
fn chunk_header(source: &mut Counted<'_, impl Read>, padded: bool) -> Result<([u8; 4], u32), Error> {
    let mut bytes = [0; 8];
    source.fill(&mut bytes)?;
    if padded && bytes[0] == 0 {
        bytes.rotate_left(1);
        source.fill(&mut bytes[7..])?;
    }
    let [i, j, k, l, a, b, c, d] = bytes;
    Ok(([i, j, k, l], u32::from_le_bytes([a, b, c, d])))
}

fn read_format(source: &mut Counted<'_, impl Read>, len: u32) -> Result<Format, Error> {
    let mut chunk = [0; LONGEST];
    let kept = LONGEST.min(len as usize);
    source.fill(&mut chunk[..kept])?;
    source.skip(u64::from(len) - kept as u64)?;
    format::Format::parse(&chunk[..kept])
}

/// Returns the length of the samples in bytes, from the declared lengths and the length of the source.
///
/// 2^32 - 1 means unknown, and so does 0 unless the file declares chunks after the samples, in which case it is empty. A
/// length beyond the end occurs in interrupted recordings and in the output of streaming programs.
fn data_len(declared: u32, riff_len: u32, start: u64, source_len: Option<u64>) -> Option<u64> {
    let end = u64::from(riff_len) + 8;
    let more_declared = riff_len != u32::MAX && end > start && source_len.is_none_or(|len| end <= len);
    let unknown = declared == u32::MAX || (declared == 0 && !more_declared);
    let there = source_len.map(|len| len.saturating_sub(start));
    if unknown { there } else { Some(there.map_or(u64::from(declared), |there| there.min(u64::from(declared)))) }
}

/// A source that counts its position.
struct Counted<'a, R> {
    source: &'a mut R,
    position: u64,
}

impl<R: Read> Counted<'_, R> {
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
