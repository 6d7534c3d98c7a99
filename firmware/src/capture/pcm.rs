//! The interface between the capture loop and a sound device: its calls and their errors.
//!
//! Two implementations: [`super::alsa_pcm`] is the real one, [`super::scripted`] plays every fault for tests. The loop
//! depends on neither, nor on the system's clock: it reads time through [`Clock`], so that a test of a minute's stall does
//! not take a minute.

use core::fmt;
use core::time::Duration;

use monitor_core::pcm::SampleFormat;
use nix::errno::Errno;

/// The format of an open device, which may differ from the requested one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamSpec {
    /// How a sample lies in memory.
    pub format: SampleFormat,
    /// Samples a frame, interleaved.
    pub channels: u16,
    /// Frames a second.
    pub rate: u32,
    /// Frames between two wake-ups.
    pub period_frames: u32,
    /// Frames the device holds before it overruns.
    pub buffer_frames: u32,
}

impl StreamSpec {
    /// Bytes of one frame.
    #[must_use]
    pub const fn frame_bytes(&self) -> usize {
        self.format.bytes_per_sample() * self.channels as usize
    }

    /// How long `frames` last.
    #[must_use]
    pub const fn duration(&self, frames: u64) -> Duration {
        Duration::from_nanos((frames as u128 * 1_000_000_000 / self.rate as u128) as u64)
    }

    /// How many frames `time` holds, rounded to the nearest.
    #[must_use]
    pub const fn frames(&self, time: Duration) -> u64 {
        ((time.as_nanos() * self.rate as u128 + 500_000_000) / 1_000_000_000) as u64
    }
}

impl fmt::Display for StreamSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { format, channels, rate, period_frames, buffer_frames } = self;
        write!(f, "{format}, {rate} Hz, {channels} ch, period {period_frames}, buffer {buffer_frames} frames")
    }
}

/// A failed call of the device. [`super::recovery::remedy`] decides whether it is transient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PcmError {
    /// The name of the call.
    pub call: &'static str,
    /// Its error.
    pub errno: Errno,
}

impl PcmError {
    /// The error `errno` of `call`.
    #[must_use]
    pub const fn new(call: &'static str, errno: Errno) -> Self {
        Self { call, errno }
    }
}

impl fmt::Display for PcmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meaning = match self.errno {
            Errno::EPIPE => "overrun: sound came faster than it was fetched",
            Errno::ESTRPIPE => "the system was suspended",
            Errno::EAGAIN => "the device has nothing yet",
            Errno::ENODEV | Errno::ENXIO => {
                "the device is gone: is it plugged in? `firmware devices` lists what is there"
            }
            Errno::ENOENT => {
                "no such device: is it plugged in, is the name right? `firmware devices` lists what is there"
            }
            Errno::EBUSY => "another program has the device: `fuser -v /dev/snd/*` names it",
            Errno::EACCES | Errno::EPERM => {
                "not allowed: add the user to the group `audio`, or give the container /dev/snd"
            }
            Errno::EIO => "the driver reports an error without a reason: cable, hub or power?",
            Errno::ETIMEDOUT => "no sound arrived: the device stalled",
            Errno::EINVAL => "the device cannot do what was asked: `firmware devices` lists formats and rates",
            other => other.desc(),
        };
        write!(f, "{}: {meaning} ({:?})", self.call, self.errno)
    }
}

impl core::error::Error for PcmError {}

/// The state that a device reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PcmState {
    /// Ready to be started.
    Prepared,
    /// Recording.
    Running,
    /// Stopped, because the sound was not read in time.
    Overrun,
    /// Stopped with the system.
    Suspended,
    /// Unplugged.
    Gone,
    /// Anything else.
    Other,
}

/// An open device. All calls return at once but [`wait`](Self::wait).
pub trait Pcm {
    /// What the device gives.
    fn spec(&self) -> StreamSpec;

    /// Waits until a period's worth of frames is available; returns `false` after `timeout`.
    ///
    /// # Errors
    /// The device's error.
    fn wait(&mut self, timeout: Duration) -> Result<bool, PcmError>;

    /// How many frames can be read now.
    ///
    /// # Errors
    /// The device's error.
    fn available(&mut self) -> Result<usize, PcmError>;

    /// Lends the oldest at most `frames` frames to `sink`, once, and then gives them back to the device; may be fewer
    /// than were asked, or none. Returns how many frames were taken: `sink` may have seen more.
    ///
    /// # Errors
    /// The device's error. `sink` may have been called; its bytes are then not valid.
    fn read(&mut self, frames: usize, sink: &mut dyn FnMut(&[u8])) -> Result<usize, PcmError>;

    /// Starts to record.
    ///
    /// # Errors
    /// The device's error.
    fn start(&mut self) -> Result<(), PcmError>;

    /// Stops at once; unread frames are thrown away.
    ///
    /// # Errors
    /// The device's error.
    fn stop(&mut self) -> Result<(), PcmError>;

    /// Makes a stopped device ready to start again.
    ///
    /// # Errors
    /// The device's error.
    fn prepare(&mut self) -> Result<(), PcmError>;

    /// Wakes a suspended device where it left off.
    ///
    /// # Errors
    /// `EAGAIN` while it is not yet awake, `ENOSYS` if it must be prepared instead, or the device's error.
    fn resume(&mut self) -> Result<(), PcmError>;

    /// What the device is doing.
    fn state(&mut self) -> PcmState;
}

/// Opens the same device by name, as often as necessary.
pub trait Source {
    /// The device.
    type Pcm: Pcm;

    /// Opens the device, ready to start.
    ///
    /// # Errors
    /// Why the device cannot be opened now; a later attempt may succeed.
    fn open(&mut self) -> Result<Self::Pcm, PcmError>;

    /// The driver's message about the last failure, beyond its errno; may be empty.
    fn detail(&self) -> String {
        String::new()
    }
}

/// Time, as the capture loop sees it.
pub trait Clock {
    /// Since an arbitrary start, never backwards, going on while the system is suspended.
    fn now(&self) -> Duration;

    /// Lets `time` pass.
    fn sleep(&self, time: Duration);
}

/// The system's clock, `CLOCK_BOOTTIME`: unlike `CLOCK_MONOTONIC` it counts the time in which the system was suspended,
/// and so the frames that were lost by it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        // No kernel since 2.6.39 rejects this clock.
        nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}
