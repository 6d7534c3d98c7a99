//! How the sound of a clip is stored.

use crate::capture::wav_writer::WavFormat;
use crate::reporting::audio_tee::BlockInfo;

/// Rate and encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sinks) struct SoundFormat {
    pub(in crate::sinks) rate_hz: u32,
    pub(in crate::sinks) format: WavFormat,
}

impl SoundFormat {
    /// That of a block.
    pub(in crate::sinks) fn of(block: BlockInfo) -> Self {
        Self { rate_hz: block.rate_hz, format: block.format }
    }

    /// Samples of so many seconds.
    pub(in crate::sinks) fn count(self, seconds: f32) -> usize {
        (f64::from(seconds) * f64::from(self.rate_hz)) as usize
    }

    /// Largest size of a WAV file of so many samples, in bytes.
    pub(in crate::sinks) fn bytes(self, samples: usize) -> u64 {
        samples as u64 * u64::from(self.format.bytes()) + monitor_model::wav::MAX_HEADER_LEN
    }
}
