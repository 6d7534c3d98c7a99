//! Blocks of about 10 ms from a file, as fast as it can be read.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::{AudioBlock, AudioFile, Current};
use crate::capture::CaptureStatus;

/// The file, and where its frames are counted.
pub(super) struct FileSource {
    file: AudioFile,
    status: Arc<CaptureStatus>,
}

impl FileSource {
    pub(super) fn new(file: AudioFile, status: Arc<CaptureStatus>) -> Self {
        Self { file, status }
    }

    /// Reads a block into `current`.
    ///
    /// # Errors
    /// At the end of the file, or why it cannot be read.
    pub(super) fn fetch(&mut self, current: &mut Current) -> Result<(), AudioBlock<'static>> {
        let before = self.file.replaced();
        let read = self.file.rate().and_then(|rate| {
            current.info.rate_hz = rate;
            current.samples.resize((rate / 100).max(1) as usize, 0.0);
            self.file.read(&mut current.samples)
        });
        match read {
            Ok(0) => return Err(AudioBlock::End),
            Ok(len) => current.len = len,
            Err(error) => return Err(AudioBlock::Failed(format!("{error:#}"))),
        }
        current.info.non_finite = u32::try_from(self.file.replaced().saturating_sub(before)).unwrap_or(u32::MAX);
        self.status.counters.frames.fetch_add(current.len as u64, Relaxed);
        Ok(())
    }
}
