//! Assigns a time to each frame, and computes how many were lost when the device does not report it.
//!
//! A restarted device starts with a new frame; only the clock gives the number of frames that it did not deliver. Between
//! two restarts the clock also reveals a silent loss, where a device continues after an interruption without an error.
//!
//! The clock and the device's crystal drift apart (some 100 ppm) and wake-ups come late, so the two are compared over
//! windows of [`WINDOW`]: the *minimum* delay of the frames in a window does not depend on late wake-ups, and drift changes
//! it by less than a millisecond from one window to the next. A larger change is lost sound.
//! Cost: a few integer operations a wake-up.

use core::time::Duration;

use super::pcm::StreamSpec;

/// Length of the windows in which frames are compared with the clock.
pub(crate) const WINDOW: Duration = Duration::from_secs(1);

/// Counts frames along the clock. Frame numbers go on over restarts and reopens; lost frames have numbers too.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    spec: Option<StreamSpec>,
    /// Number of the next frame that the device will deliver.
    next: u64,
    /// When the last delivered frame ended; `None` before the first start.
    last: Option<Duration>,
    /// Frames already counted as lost since then.
    counted: u64,
    /// Clock and frame number of the last start.
    origin: (Duration, u64),
    window_end: Duration,
    /// The least the frames were behind the clock, in frames: in the window before, and in this one so far.
    behind_before: Option<i64>,
    behind: Option<i64>,
}

impl Timeline {
    /// A time line on which nothing has happened.
    #[must_use]
    pub(crate) const fn new() -> Self {
        Self {
            spec: None,
            next: 0,
            last: None,
            counted: 0,
            origin: (Duration::ZERO, 0),
            window_end: Duration::ZERO,
            behind_before: None,
            behind: None,
        }
    }

    /// Number of the next frame.
    #[must_use]
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// The device has been started at `now`: returns how many frames of its rate were lost since the last one delivered,
    /// in addition to those returned by an earlier unsuccessful start.
    ///
    /// At least 1 between two delivered frames, so that two pieces of sound are never joined without a gap.
    pub(crate) fn started(&mut self, spec: StreamSpec, now: Duration) -> u64 {
        let last = *self.last.get_or_insert(now);
        let lost = match self.spec {
            None => 0,
            Some(_) => spec.frames(now.saturating_sub(last)).max(1).saturating_sub(self.counted),
        };
        self.counted += lost;
        self.next += lost;
        self.spec = Some(spec);
        self.origin = (now, self.next);
        self.window_end = now + WINDOW;
        (self.behind_before, self.behind) = (None, None);
        lost
    }

    /// `taken` frames were read at `now`, and `waiting` more can be: returns when the first of those taken was recorded.
    pub(crate) fn took(&mut self, taken: u64, waiting: u64, now: Duration) -> Duration {
        let Some(spec) = self.spec else { return now };
        self.next += taken;
        self.counted = 0;
        self.last = Some(now.saturating_sub(spec.duration(waiting)));
        now.saturating_sub(spec.duration(taken + waiting))
    }

    /// Whether the device delivers faster than real time: no hardware does, but a file or the null device. The loop must
    /// then throttle itself, or it would starve the machine.
    #[must_use]
    pub(crate) fn hurries(&self, now: Duration) -> bool {
        let Some(spec) = self.spec else { return false };
        // Compared with the window before, so that a fast crystal is not mistaken for it.
        let most = i64::from(spec.buffer_frames) + 4 * i64::from(spec.period_frames);
        self.behind(&spec, 0, now) < self.behind_before.unwrap_or(0) - most
    }

    /// How far the frames delivered, and `waiting` more, are behind the clock.
    fn behind(&self, spec: &StreamSpec, waiting: u64, now: Duration) -> i64 {
        let due = spec.frames(now.saturating_sub(self.origin.0)) as i64;
        due - (self.next - self.origin.1 + waiting) as i64
    }

    /// Call before reading frames; `waiting` can be read at `now`. Returns how many were lost without an error, mostly 0.
    pub(crate) fn lost_silently(&mut self, waiting: u64, now: Duration) -> u64 {
        let Some(spec) = self.spec else { return 0 };
        let behind = self.behind(&spec, waiting, now);
        let least = self.behind.map_or(behind, |least| least.min(behind));
        self.behind = Some(least);
        if now < self.window_end {
            return 0;
        }
        self.window_end = now + WINDOW;
        self.behind = None;
        // A device may deliver in whole periods, and its pointer may be one late: four are beyond measurement noise.
        let noise = 4 * i64::from(spec.period_frames);
        let lost = self.behind_before.map_or(0, |before| least - before);
        if lost > noise {
            self.next += lost as u64;
            self.behind_before = Some(least - lost);
            return lost as u64;
        }
        self.behind_before = Some(least);
        0
    }
}

impl Default for Timeline {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use monitor_core::pcm::SampleFormat;

    use super::*;

    const SPEC: StreamSpec =
        StreamSpec { format: SampleFormat::S16, channels: 1, rate: 48_000, period_frames: 480, buffer_frames: 9600 };
    const PERIOD: Duration = Duration::from_millis(10);

    /// Plays periods of `frames` for `time`, from `now`; returns the clock and what was reported lost.
    fn play(line: &mut Timeline, mut now: Duration, time: Duration, frames: u64) -> (Duration, u64) {
        let (end, mut lost) = (now + time, 0);
        while now < end {
            now += PERIOD;
            lost += line.lost_silently(frames, now);
            line.took(frames, 0, now);
        }
        (now, lost)
    }

    #[test]
    fn the_first_start_loses_nothing() {
        assert_eq!(Timeline::new().started(SPEC, Duration::from_secs(1000)), 0);
    }

    #[test]
    fn after_a_year_and_beyond_32_bits_of_frames_nothing_is_lost_and_a_gap_is_as_long_as_it_was() {
        let year = Duration::from_secs(365 * 24 * 3600);
        let mut line = Timeline::new();
        line.started(SPEC, Duration::ZERO);
        // A gap of a year has its exact length; sound then continues normally.
        line.took(480, 0, PERIOD);
        assert_eq!(line.started(SPEC, PERIOD + year), 365 * 24 * 3600 * 48_000);
        assert!(line.next() > u64::from(u32::MAX));
        let (now, lost) = play(&mut line, PERIOD + year, Duration::from_secs(30), 480);
        assert_eq!((lost, line.hurries(now)), (0, false));
        line.started(SPEC, now + Duration::from_millis(500));
        let before = line.next();
        assert_eq!(line.started(SPEC, now + Duration::from_secs(1)), 24_000);
        assert_eq!(line.next(), before + 24_000);
    }

    #[test]
    fn a_restart_loses_the_frames_measured_by_the_clock() {
        let mut line = Timeline::new();
        line.started(SPEC, Duration::ZERO);
        line.took(480, 0, PERIOD);
        assert_eq!(line.started(SPEC, Duration::from_millis(510)), 24_000);
        assert_eq!(line.next(), 24_480);
    }

    #[test]
    fn unsuccessful_starts_count_no_loss_twice() {
        let mut line = Timeline::new();
        line.started(SPEC, Duration::ZERO);
        line.took(480, 0, PERIOD);
        assert_eq!(line.started(SPEC, PERIOD), 1);
        assert_eq!(line.started(SPEC, PERIOD), 0);
        assert_eq!(line.started(SPEC, 2 * PERIOD), 479);
    }

    #[test]
    fn a_crystal_that_drifts_loses_nothing() {
        let mut line = Timeline::new();
        line.started(SPEC, Duration::ZERO);
        // 479 of 480 is 2000 ppm, far worse than any crystal.
        assert_eq!(play(&mut line, Duration::ZERO, Duration::from_secs(60), 479).1, 0);
    }

    #[test]
    fn sound_that_never_came_is_found_by_the_clock() {
        let mut line = Timeline::new();
        line.started(SPEC, Duration::ZERO);
        let (now, _) = play(&mut line, Duration::ZERO, Duration::from_secs(3), 480);
        let (_, lost) = play(&mut line, now + Duration::from_millis(100), Duration::from_secs(3), 480);
        assert_eq!(lost, 4800);
    }

    #[test]
    fn sound_that_only_came_late_is_not_lost() {
        let mut line = Timeline::new();
        line.started(SPEC, Duration::ZERO);
        let (mut now, _) = play(&mut line, Duration::ZERO, Duration::from_secs(3), 480);
        now += Duration::from_millis(100);
        assert_eq!(line.lost_silently(4800, now), 0);
        line.took(4800, 0, now);
        assert_eq!(play(&mut line, now, Duration::from_secs(3), 480).1, 0);
    }

    #[test]
    fn a_frame_is_stamped_with_the_time_it_was_recorded() {
        let mut line = Timeline::new();
        line.started(SPEC, Duration::ZERO);
        assert_eq!(line.took(480, 480, Duration::from_millis(100)), Duration::from_millis(80));
    }
}
