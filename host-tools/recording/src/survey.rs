//! Reads a recording once from start to end and measures it.

use std::path::Path;

use crate::{Error, Facts, Format, Measure, RecordingReader, Remark};

/// What a recording is and shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// Its format.
    pub format: Format,
    /// Sample rate in Hz.
    pub rate_hz: u32,
    /// Number of channels.
    pub channels: u16,
    /// Decoded frames.
    pub frames: u64,
    /// Length in seconds.
    pub seconds: f64,
    /// What its samples show.
    pub facts: Facts,
    /// What the user should know of the file and its format; [`Facts::remarks`] has what its samples show.
    pub remarks: Vec<Remark>,
}

/// Decodes the recording at `path` to its end and measures all its channels. Cost: one pass over the file, two for float WAV.
///
/// # Errors
/// If the recording cannot be read; see [`Error`].
pub fn survey(path: &Path) -> Result<Survey, Error> {
    of(RecordingReader::open(path)?)
}

pub(crate) fn of(mut reader: RecordingReader) -> Result<Survey, Error> {
    let (rate_hz, channels) = (reader.rate_hz(), reader.channels());
    let mut measure = Measure::new(rate_hz, channels);
    let mut block = vec![0.0; (1 << 14) * usize::from(channels).min(8)];
    if block.len() < usize::from(channels) {
        block.resize(usize::from(channels), 0.0);
    }
    let mut frames = 0;
    loop {
        let before = reader.replaced();
        let read = reader.read_all_channels(&mut block)?;
        if read == 0 {
            break;
        }
        measure.push(&block[..read * usize::from(channels)], reader.replaced() - before);
        frames += read as u64;
    }
    let facts = measure.facts();
    let remarks = reader.remarks();
    let seconds = frames as f64 / f64::from(rate_hz);
    Ok(Survey { format: reader.format(), rate_hz, channels, frames, seconds, facts, remarks })
}
