//! A file or bytes in memory, for both readers.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use symphonia::core::io::MediaSource;

use crate::Error;

/// Where a recording's bytes are.
#[derive(Debug)]
pub(crate) struct Source {
    bytes: Bytes,
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
        Ok(Self { bytes: Bytes::File(BufReader::with_capacity(1 << 16, file)), len, is_seekable: true })
    }

    pub(crate) fn memory(bytes: Vec<u8>) -> Self {
        let len = bytes.len() as u64;
        Self { bytes: Bytes::Memory(Cursor::new(bytes)), len, is_seekable: true }
    }

    /// The same bytes, which symphonia then reads from start to end only.
    pub(crate) fn unseekable(self) -> Self {
        Self { is_seekable: false, ..self }
    }

    /// The first bytes, up to `most`; the position is the start afterwards.
    pub(crate) fn first(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut first = Vec::with_capacity(most);
        self.rewind()?;
        self.by_ref().take(most as u64).read_to_end(&mut first)?;
        self.rewind()?;
        Ok(first)
    }
}

impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.bytes {
            Bytes::File(file) => file.read(out),
            Bytes::Memory(bytes) => bytes.read(out),
        }
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.bytes {
            Bytes::File(file) => file.seek(to),
            Bytes::Memory(bytes) => bytes.seek(to),
        }
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
