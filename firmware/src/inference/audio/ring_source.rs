//! Blocks of raw frames from the ring of capture, decoded to mono.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use monitor_core::pcm::{Channel, Decoder};

use super::{AudioBlock, Current};
use crate::capture::wav_writer::WavFormat;
use crate::capture::{CaptureStatus, Reader, StreamSpec};
use crate::reporting::audio_tee::BlockInfo;
use crate::system::messages::warn;

/// The ring, and what decodes its blocks.
pub(super) struct RingSource {
    reader: Reader,
    status: Arc<CaptureStatus>,
    ended: Arc<AtomicBool>,
    channel: Channel,
    decoder: Option<Decoding>,
}

/// The decoder of one stream format.
struct Decoding {
    spec: StreamSpec,
    decoder: Decoder,
    /// For clips.
    format: WavFormat,
}

impl Decoding {
    fn new(spec: StreamSpec, channel: Channel) -> Result<Self, monitor_core::pcm::Error> {
        let decoder = Decoder::new(spec.format, spec.channels, channel)?;
        Ok(Self { spec, decoder, format: WavFormat::exact_for(&spec, channel) })
    }
}

impl RingSource {
    pub(super) fn new(reader: Reader, status: Arc<CaptureStatus>, ended: Arc<AtomicBool>, channel: Channel) -> Self {
        Self { reader, status, ended, channel, decoder: None }
    }

    /// Fetches a block into `current`.
    ///
    /// # Errors
    /// Whether the ring is only empty for now or no block will follow.
    pub(super) fn fetch(&mut self, current: &mut Current, timeout: Duration) -> Result<(), AudioBlock<'static>> {
        // Read before the ring: what was put in before the end is still found.
        let ended = self.ended.load(Relaxed);
        if !self.reader.wait(if ended { Duration::ZERO } else { timeout }) {
            return Err(if ended { AudioBlock::End } else { AudioBlock::Nothing });
        }
        let Some(block) = self.reader.read() else { return Err(AudioBlock::Nothing) };
        if self.decoder.as_ref().is_none_or(|decoding| decoding.spec != block.spec) {
            let made = Decoding::new(block.spec, self.channel).or_else(|error| {
                warn(format!("capture.channel: {error}; listening to the average of all"));
                Decoding::new(block.spec, Channel::Average)
            });
            self.decoder = made.ok();
        }
        let Some(Decoding { spec, decoder, format }) = &mut self.decoder else { return Err(AudioBlock::Nothing) };
        let frames = block.bytes.len() / spec.frame_bytes().max(1);
        if current.samples.len() < frames {
            // Room for the longest block there can be, so that this happens once.
            let most = crate::capture::ring::MAX_BLOCK_BYTES / spec.frame_bytes().max(1);
            current.samples.resize(most.max(frames), 0.0);
        }
        let before = decoder.replaced();
        current.len = decoder.decode(block.bytes, &mut current.samples);
        current.info = BlockInfo {
            rate_hz: spec.rate,
            lost_before: block.lost_before,
            non_finite: u32::try_from(decoder.replaced().saturating_sub(before)).unwrap_or(u32::MAX),
            format: *format,
        };
        let end = block.first_frame + frames as u64;
        current.behind = spec.duration(self.status.end.load(Relaxed).saturating_sub(end));
        Ok(())
    }
}
