//! The capture loop: waits, copies, stamps and counts; applies the remedy on an error; reopens an absent device without limit.
//!
//! While sound flows it allocates nothing, locks nothing, logs nothing and makes no system call but the device's own.
//! The loop cannot spin, not even on a device that is a file: every round without a frame has waited, slept or counted as a
//! failure, and rounds that deliver frames faster than real time are throttled.

use core::time::Duration;
use std::sync::Arc;

use nix::errno::Errno;

use super::CaptureConfig;
use super::counters::add;
use super::pcm::{Clock, Pcm, PcmError, PcmState, Source, StreamSpec};
use super::recovery::{MAX_FAILURES, Remedy, remedy};
use super::ring::{MAX_BLOCK_BYTES, Writer};
use super::status::{CaptureStatus, DeviceState};
use super::timeline::Timeline;

/// Pause before the first new attempt to open a device; it doubles from one failure to the next.
pub const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Longest wait without a check of the stop flag.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Everything the capture thread owns.
pub struct CaptureLoop<S: Source, C: Clock> {
    source: S,
    clock: C,
    writer: Writer,
    status: Arc<CaptureStatus>,
    stall_periods: u32,
    longest_pause: Duration,
    timeline: Timeline,
    /// Frames received so far.
    captured: u64,
    /// When the last frames were received, or the device was last started.
    progress: Duration,
    /// Remedies since the last frame.
    failures: u32,
    /// The device has been started before.
    begun: bool,
    /// Frames were lost since the last block.
    interrupted: bool,
}

impl<S: Source, C: Clock> CaptureLoop<S, C> {
    /// A loop that reads from the device that `source` opens and writes to `writer`.
    pub fn new(config: &CaptureConfig, source: S, clock: C, writer: Writer, status: Arc<CaptureStatus>) -> Self {
        Self {
            source,
            clock,
            writer,
            status,
            stall_periods: config.stall_periods,
            longest_pause: Duration::from_millis(config.reopen_max_ms.into()),
            timeline: Timeline::new(),
            captured: 0,
            progress: Duration::ZERO,
            failures: 0,
            begun: false,
            interrupted: false,
        }
    }

    /// Captures until a stop is requested.
    pub fn run(&mut self) {
        let mut pause = FIRST_PAUSE.min(self.longest_pause);
        let mut opened = false;
        while !self.status.stopping() {
            let captured = self.captured;
            let error = match self.source.open() {
                Ok(mut pcm) => {
                    add(&self.status.counters.reopens, opened.into());
                    opened = true;
                    self.status.set_device(DeviceState::Open(pcm.spec()));
                    let Err(error) = self.listen(&mut pcm) else { break };
                    error
                }
                Err(error) => {
                    add(&self.status.counters.failed_opens, 1);
                    error
                }
            };
            self.status.set_device(DeviceState::Absent { error, detail: self.source.detail() });
            if self.captured != captured {
                pause = FIRST_PAUSE.min(self.longest_pause);
            }
            self.sleep(pause);
            pause = (pause * 2).min(self.longest_pause);
        }
        self.status.set_device(DeviceState::Stopped);
    }

    /// Reads frames until a stop is requested. It returns an error that only reopening may clear.
    fn listen(&mut self, pcm: &mut S::Pcm) -> Result<(), PcmError> {
        let spec = pcm.spec();
        let period = spec.duration(spec.period_frames.into());
        let stall = period * self.stall_periods;
        self.failures = 0;
        pcm.start()?;
        self.started(spec);
        while !self.status.stopping() {
            let error = match self.fetch(pcm, spec, period) {
                Ok(()) if self.clock.now().saturating_sub(self.progress) < stall => continue,
                Ok(()) => PcmError::new("capture", Errno::ETIMEDOUT),
                Err(error) => error,
            };
            let state = pcm.state();
            let remedy = remedy(error, state);
            if remedy == Remedy::Wait {
                self.clock.sleep(period / 4);
                if self.clock.now().saturating_sub(self.progress) < stall {
                    continue;
                }
            }
            self.count(if remedy == Remedy::Wait { Errno::ETIMEDOUT } else { error.errno }, state);
            self.failures += 1;
            if remedy == Remedy::Reopen || self.failures > MAX_FAILURES {
                return Err(error);
            }
            match self.recover(pcm, remedy, period) {
                Ok(()) => self.started(spec),
                // A failure is counted; the cause shows in the next round.
                Err(_) => self.clock.sleep(period),
            }
        }
        let _ = pcm.stop();
        Ok(())
    }

    /// Waits for a period's worth of frames, then reads all that are available.
    fn fetch(&mut self, pcm: &mut S::Pcm, spec: StreamSpec, period: Duration) -> Result<(), PcmError> {
        let ready = pcm.wait((2 * period).min(POLL_INTERVAL))?;
        let mut waiting = pcm.available()? as u64;
        let now = self.clock.now();
        if waiting == 0 {
            if ready {
                self.clock.sleep(period / 4);
            }
            return Ok(());
        }
        add(&self.status.counters.late, (waiting > 2 * u64::from(spec.period_frames)).into());
        let lost = self.timeline.lost_silently(waiting, now);
        if lost > 0 {
            add(&self.status.counters.device_errors, 1);
            self.record_loss(lost);
        }
        let most = (MAX_BLOCK_BYTES / spec.frame_bytes()) as u64;
        while waiting > 0 {
            let writer = &mut self.writer;
            let taken = match pcm.read(waiting.min(most) as usize, &mut |bytes| writer.stage(bytes)) {
                Ok(taken) if taken > 0 => taken as u64,
                nothing => {
                    self.writer.void(spec);
                    if nothing.is_ok() {
                        // The device reported frames but delivered none: without a pause the loop would spin.
                        self.clock.sleep(period / 4);
                    }
                    return nothing.map(drop);
                }
            };
            waiting = waiting.saturating_sub(taken);
            let first_frame = self.timeline.next();
            let recorded = self.timeline.took(taken, waiting, now);
            self.writer.commit(spec, first_frame, recorded, taken as u32);
            self.captured += taken;
            add(&self.status.counters.frames, taken);
            add(&self.status.counters.gaps, core::mem::take(&mut self.interrupted).into());
            self.progress = now;
            self.failures = 0;
        }
        if self.timeline.hurries(now) {
            self.clock.sleep(period);
        }
        Ok(())
    }

    fn recover(&mut self, pcm: &mut S::Pcm, remedy: Remedy, period: Duration) -> Result<(), PcmError> {
        if remedy == Remedy::Resume {
            let mut result = pcm.resume();
            // Waking up takes a device up to a second or two.
            for _ in 0..200 {
                if self.status.stopping() || !matches!(result, Err(PcmError { errno: Errno::EAGAIN, .. })) {
                    break;
                }
                self.clock.sleep(period.max(Duration::from_millis(10)));
                result = pcm.resume();
            }
            match (result, pcm.state()) {
                (Ok(()), PcmState::Running) => return Ok(()),
                (Ok(()), PcmState::Prepared) => return pcm.start(),
                // The device cannot resume: restart as after an overrun.
                _ => {}
            }
        }
        if pcm.state() == PcmState::Running {
            // A running device cannot be prepared.
            let _ = pcm.stop();
        }
        pcm.prepare()?;
        // Without this a device stays silent after an overrun.
        pcm.start()
    }

    fn started(&mut self, spec: StreamSpec) {
        let now = self.clock.now();
        let lost = self.timeline.started(spec, now);
        self.progress = now;
        add(&self.status.counters.recoveries, core::mem::replace(&mut self.begun, true).into());
        if lost > 0 {
            self.record_loss(lost);
        }
    }

    fn record_loss(&mut self, frames: u64) {
        add(&self.status.counters.lost_frames, frames);
        self.interrupted = true;
    }

    fn count(&self, errno: Errno, state: PcmState) {
        let counters = &self.status.counters;
        let counter = match (errno, state) {
            (Errno::EPIPE, _) | (Errno::EIO, PcmState::Overrun) => &counters.xruns,
            (Errno::ESTRPIPE, _) | (Errno::EIO, PcmState::Suspended) => &counters.suspends,
            (Errno::ETIMEDOUT, _) => &counters.stalls,
            _ => &counters.device_errors,
        };
        add(counter, 1);
    }

    /// Sleeps in short intervals, so that a stop request is seen in time.
    fn sleep(&self, time: Duration) {
        let end = self.clock.now() + time;
        while !self.status.stopping() {
            let left = end.saturating_sub(self.clock.now());
            if left.is_zero() {
                break;
            }
            self.clock.sleep(left.min(POLL_INTERVAL));
        }
    }
}
