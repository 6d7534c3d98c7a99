//! Blocks from the player, which has decoded them and keeps the pace.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::{AudioBlock, Current};
use crate::capture::CaptureStatus;
use crate::reporting::audio_tee::TeeReader;

/// Wait between two looks at an empty ring.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The ring that the player fills.
pub(super) struct PlayedSource {
    pub(super) reader: TeeReader,
    pub(super) status: Arc<CaptureStatus>,
    /// No more will be put into the ring.
    pub(super) ended: Arc<AtomicBool>,
    /// Blocks that have waited longer are dropped, as those of a device are.
    pub(super) backlog: Duration,
}

impl PlayedSource {
    /// Fetches a block into `current`.
    ///
    /// # Errors
    /// Whether the ring is only empty for now or no block will follow.
    pub(super) fn fetch(&mut self, current: &mut Current, timeout: Duration) -> Result<(), AudioBlock<'static>> {
        // Read before the ring: what was put in before the end is still found.
        let ended = self.ended.load(Relaxed);
        let until = Instant::now() + if ended { Duration::ZERO } else { timeout };
        while self.reader.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(if ended { AudioBlock::End } else { AudioBlock::Nothing });
            }
            std::thread::sleep(POLL_INTERVAL.min(left));
        }
        let mut lost = 0;
        loop {
            let waiting = self.reader.waiting();
            let Some((info, samples)) = self.reader.read() else { return Err(AudioBlock::Nothing) };
            let duration = |frames: usize| Duration::from_secs_f64(frames as f64 / f64::from(info.rate_hz.max(1)));
            if duration(waiting) > self.backlog {
                lost += info.lost_before + samples.len() as u64;
                self.status.counters.dropped_blocks.fetch_add(1, Relaxed);
                self.status.counters.dropped_frames.fetch_add(samples.len() as u64, Relaxed);
                continue;
            }
            if current.samples.len() < samples.len() {
                current.samples.resize(samples.len(), 0.0);
            }
            current.samples[..samples.len()].copy_from_slice(samples);
            current.len = samples.len();
            current.info = info;
            current.info.lost_before += lost;
            current.behind = duration(waiting.saturating_sub(current.len));
            return Ok(());
        }
    }
}
