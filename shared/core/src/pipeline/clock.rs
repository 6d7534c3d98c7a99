//! Positions of samples at 16 kHz since the start of the stream, gaps included.

use crate::log_mel::RATE_HZ;

/// Position of the stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    rate_hz: u32,
    /// Frames at the input rate since the start, lost ones included.
    frames: u64,
    /// Position at 16 kHz at which the stream last restarted.
    base: u64,
    /// 16 kHz samples since then.
    since: u64,
}

impl Clock {
    /// The start of a stream of `rate_hz` frames per second (at least 1).
    pub(super) const fn new(rate_hz: u32) -> Self {
        Self { rate_hz, frames: 0, base: 0, since: 0 }
    }

    /// A stream of `rate_hz` frames per second that begins at `position`.
    pub(super) fn starting_at(rate_hz: u32, position: u64) -> Self {
        let frames = u128::from(position) * u128::from(rate_hz) / u128::from(RATE_HZ);
        Self { rate_hz, frames: u64::try_from(frames).unwrap_or(u64::MAX), base: position, since: 0 }
    }

    /// Counts `frames` more input frames.
    pub(super) fn advance(&mut self, frames: u64) {
        self.frames = self.frames.saturating_add(frames);
    }

    /// Counts `samples` more samples at 16 kHz, made from them.
    pub(super) fn resampled(&mut self, samples: u64) {
        self.since = self.since.saturating_add(samples);
    }

    /// Skips `frames` lost frames; the stream restarts after them.
    pub(super) fn skip(&mut self, frames: u64) {
        self.advance(frames);
        let position = u128::from(self.frames) * u128::from(RATE_HZ) / u128::from(self.rate_hz.max(1));
        self.base = u64::try_from(position).unwrap_or(u64::MAX);
        self.since = 0;
    }

    /// Position of the next sample at 16 kHz.
    pub(super) fn position(&self) -> u64 {
        self.base.saturating_add(self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_continue_after_the_lost_frames() {
        let mut clock = Clock::new(48_000);
        clock.advance(48_000);
        clock.resampled(15_990);
        clock.skip(24_000);
        clock.resampled(5);
        assert_eq!(clock.position(), 24_005);
    }

    #[test]
    fn positions_saturate() {
        let mut clock = Clock::new(8_000);
        clock.skip(u64::MAX);
        clock.skip(u64::MAX);
        clock.resampled(u64::MAX);
        assert_eq!(clock.position(), u64::MAX);
    }
}
