//! Tests on files built byte by byte: each supported form, each rejected form, and damaged files.

mod containers;
mod contradicted;
mod damaged;
mod forms;
mod lengths;
mod refused;
mod written;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Error, WavReader};

pub(super) const PCM: u16 = 1;
pub(super) const FLOAT: u16 = 3;
pub(super) const EXTENSIBLE: u16 = 0xfffe;

/// Parts of a WAV file, each of which can be made invalid.
#[derive(Clone)]
pub(super) struct Parts {
    pub(crate) tag: u16,
    pub(crate) channels: u16,
    pub(crate) rate: u32,
    pub(crate) container: u16,
    pub(crate) bits: u16,
    /// Bytes after the first 16 of the `fmt ` chunk.
    pub(crate) extension: Vec<u8>,
    /// Whole chunks before and after the samples.
    pub(crate) before: Vec<u8>,
    pub(crate) after: Vec<u8>,
    pub(crate) data: Vec<u8>,
    pub(crate) data_len: Option<u32>,
    pub(crate) riff_len: Option<u32>,
}

impl Parts {
    pub(crate) fn new(tag: u16, container: u16, bits: u16, data: &[u8]) -> Self {
        Self {
            tag,
            channels: 1,
            rate: 48_000,
            container,
            bits,
            extension: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            data: data.to_vec(),
            data_len: None,
            riff_len: None,
        }
    }

    /// Returns the EXTENSIBLE form.
    pub(crate) fn extensible(mut self, valid_bits: u16) -> Self {
        let tag = std::mem::replace(&mut self.tag, EXTENSIBLE);
        self.extension = 22_u16.to_le_bytes().to_vec();
        self.extension.extend(valid_bits.to_le_bytes());
        self.extension.extend(3_u32.to_le_bytes());
        self.extension.extend(tag.to_le_bytes());
        self.extension.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let frame = self.container * self.channels;
        let mut fmt = self.tag.to_le_bytes().to_vec();
        fmt.extend(self.channels.to_le_bytes());
        fmt.extend(self.rate.to_le_bytes());
        fmt.extend((self.rate * u32::from(frame)).to_le_bytes());
        fmt.extend(frame.to_le_bytes());
        fmt.extend(self.bits.to_le_bytes());
        fmt.extend(&self.extension);
        let mut body = b"WAVE".to_vec();
        body.extend(&self.before);
        body.extend(b"fmt ");
        body.extend((fmt.len() as u32).to_le_bytes());
        body.extend(fmt);
        body.extend(b"data");
        body.extend(self.data_len.unwrap_or(self.data.len() as u32).to_le_bytes());
        body.extend(&self.data);
        body.extend(&self.after);
        let mut file = b"RIFF".to_vec();
        file.extend(self.riff_len.unwrap_or(body.len() as u32).to_le_bytes());
        file.extend(body);
        file
    }
}

/// Returns the mono samples of a file read from disk.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Vec<f32>, Error> {
    let path = store(name, bytes);
    let samples = WavReader::open(&path).and_then(|mut reader| {
        let frames = reader.frames();
        let samples = all(&mut reader)?;
        assert_eq!(frames, Some(samples.len() as u64), "the announced length is the length read");
        Ok(samples)
    });
    std::fs::remove_file(path).unwrap();
    samples
}

/// Returns the mono samples of a stream of unknown length.
pub(super) fn stream(bytes: &[u8]) -> Result<Vec<f32>, Error> {
    all(&mut WavReader::new(bytes)?)
}

pub(super) fn all<R: std::io::Read>(reader: &mut WavReader<R>) -> Result<Vec<f32>, Error> {
    let mut samples = Vec::new();
    // A block size that divides nothing.
    let mut block = [0.0; 1009];
    loop {
        match reader.read(&mut block)? {
            0 => return Ok(samples),
            read => samples.extend(&block[..read]),
        }
    }
}

pub(super) fn store(name: &str, bytes: &[u8]) -> PathBuf {
    // Tests run in parallel.
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("wav_{}_{name}_{number}.wav", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    path
}
