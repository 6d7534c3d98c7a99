//! Which sample is which: positions at 16 kHz since the start of the stream, gaps included.

use crate::log_mel::RATE_HZ;

/// Position of the stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    rate_hz: u32,
    /// Frames at the input rate since the start, lost ones included.
    frames: u64,
    /// Position at 16 kHz where the stream last began anew.
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

    /// `frames` more frames have come in.
    pub(super) fn heard(&mut self, frames: u64) {
        self.frames = self.frames.saturating_add(frames);
    }

    /// `samples` more 16 kHz samples have been made of them.
    pub(super) fn made(&mut self, samples: u64) {
        self.since = self.since.saturating_add(samples);
    }

    /// `frames` frames are lost; the stream begins anew after them.
    pub(super) fn lost(&mut self, frames: u64) {
        self.heard(frames);
        let position = u128::from(self.frames) * u128::from(RATE_HZ) / u128::from(self.rate_hz.max(1));
        self.base = u64::try_from(position).unwrap_or(u64::MAX);
        self.since = 0;
    }

    /// Position of the sample that comes next, at 16 kHz.
    pub(super) fn position(&self) -> u64 {
        self.base.saturating_add(self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_gap_positions_go_on_from_where_the_lost_frames_end() {
        let mut clock = Clock::new(48_000);
        clock.heard(48_000);
        clock.made(15_990);
        clock.lost(24_000);
        clock.made(5);
        assert_eq!(clock.position(), 24_005);
    }

    #[test]
    fn numbers_beyond_all_time_do_not_overflow() {
        let mut clock = Clock::new(8_000);
        clock.lost(u64::MAX);
        clock.lost(u64::MAX);
        clock.made(u64::MAX);
        assert_eq!(clock.position(), u64::MAX);
    }
}
