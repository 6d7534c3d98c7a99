//! A file or bytes in memory, for both readers.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use symphonia::core::io::MediaSource;

use crate::Error;

/// Where a recording's bytes are.
#[derive(Debug)]
pub(crate) struct Source {
    bytes: Bytes,
    /// Stands before the bytes from `start` on; empty for a file as it is.
    header: Vec<u8>,
    start: u64,
    /// Whether the bytes are samples of 8 bits with a sign, which are read without one, as those of WAV.
    is_signed: bool,
    /// Position, and length with the header.
    at: u64,
    len: u64,
    is_seekable: bool,
}

#[derive(Debug)]
enum Bytes {
    File(BufReader<File>),
    Memory(Cursor<Vec<u8>>),
}

impl Source {
    /// Opens a regular file; anything else could block for ever.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        // Looked at before it is opened: opening a FIFO waits for its writer.
        if !std::fs::metadata(path)?.is_file() {
            return Err(Error::NotAFile);
        }
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Ok(Self::new(Bytes::File(BufReader::with_capacity(1 << 16, file)), len))
    }

    pub(crate) fn memory(bytes: Vec<u8>) -> Self {
        let len = bytes.len() as u64;
        Self::new(Bytes::Memory(Cursor::new(bytes)), len)
    }

    fn new(bytes: Bytes, len: u64) -> Self {
        Self { bytes, header: Vec::new(), start: 0, is_signed: false, at: 0, len, is_seekable: true }
    }

    /// The same bytes, which symphonia then reads from start to end only.
    pub(crate) fn unseekable(self) -> Self {
        Self { is_seekable: false, ..self }
    }

    /// The bytes in `range`, as far as there are such, behind `header`; `is_signed` if they are samples of 8 bits with a sign. The
    /// source has no header of its own yet.
    ///
    /// # Errors
    /// If seeking fails.
    pub(crate) fn behind(self, header: Vec<u8>, range: Range<u64>, is_signed: bool) -> io::Result<Self> {
        let samples = range.end.min(self.len).saturating_sub(range.start);
        let len = header.len() as u64 + samples;
        let mut source = Self { header, start: self.start + range.start, is_signed, len, ..self };
        source.rewind()?;
        Ok(source)
    }

    /// The same bytes without the first `start`.
    ///
    /// # Errors
    /// If seeking fails.
    pub(crate) fn without(self, start: u64) -> io::Result<Self> {
        if start == 0 { Ok(self) } else { self.behind(Vec::new(), start..u64::MAX, false) }
    }

    /// The bytes at `start`, up to `most`; the position is the start of the source afterwards.
    pub(crate) fn first(&mut self, start: u64, most: usize) -> io::Result<Vec<u8>> {
        let mut first = Vec::with_capacity(most);
        self.seek(SeekFrom::Start(start))?;
        self.by_ref().take(most as u64).read_to_end(&mut first)?;
        self.rewind()?;
        Ok(first)
    }
}

impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let header = usize::try_from(self.at).ok().and_then(|at| self.header.get(at..)).unwrap_or_default();
        let read = if header.is_empty() {
            let room = usize::try_from(self.len.saturating_sub(self.at)).unwrap_or(usize::MAX).min(out.len());
            let out = &mut out[..room];
            let read = match &mut self.bytes {
                Bytes::File(file) => file.read(out)?,
                Bytes::Memory(bytes) => bytes.read(out)?,
            };
            if self.is_signed {
                out[..read].iter_mut().for_each(|byte| *byte ^= 0x80);
            }
            read
        } else {
            let read = header.len().min(out.len());
            out[..read].copy_from_slice(&header[..read]);
            read
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        let at = at.ok_or(io::ErrorKind::InvalidInput)?;
        let within = SeekFrom::Start(self.start.saturating_add(at.saturating_sub(self.header.len() as u64)));
        match &mut self.bytes {
            Bytes::File(file) => file.seek(within)?,
            Bytes::Memory(bytes) => bytes.seek(within)?,
        };
        self.at = at;
        Ok(at)
    }
}

impl MediaSource for Source {
    fn is_seekable(&self) -> bool {
        self.is_seekable
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.len)
    }
}
