//! The counters of all threads as one message, once a second.

use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use monitor_wire::{CaptureState, Health, refused};

use super::Progress;
use crate::capture::{CaptureStatus, DeviceState};
use crate::reporting::Outboxes;
use crate::system::clock;
use crate::system::real_time::{Grant, RealTime};
use crate::system::thermal::{THERMAL, cpu_millidegrees};

/// The counters now. `moving`: frames have come since the last time; `ended`: the recording is over.
pub(crate) fn health(
    capture: &CaptureStatus,
    progress: &Progress,
    outboxes: &Outboxes,
    moving: bool,
    ended: bool,
) -> Health {
    let counters = &progress.counters;
    let counted = capture.counters.values();
    let times = progress.times.percentiles();
    let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let state = match capture.device() {
        _ if ended => CaptureState::Ended,
        DeviceState::Absent { .. } => CaptureState::Absent,
        _ if moving => CaptureState::Running,
        DeviceState::Opening => CaptureState::Opening,
        DeviceState::Open(_) | DeviceState::Stopped => CaptureState::Recovering,
    };
    Health {
        frames: counted.frames,
        xruns: narrow(counted.xruns),
        // Reopening is one of them.
        recoveries: narrow(counted.recoveries),
        gaps: counters.gaps.load(Relaxed),
        lost_frames: counters.lost_frames.load(Relaxed),
        windows: counters.windows.load(Relaxed),
        dropped_windows: counters.dropped_windows.load(Relaxed),
        dropped_reports: outboxes.dropped(),
        queue_depth: outboxes.waiting(),
        inference_p50_us: times.p50,
        inference_p99_us: times.p99,
        inference_max_us: times.max,
        cpu_millidegrees: cpu_millidegrees(Path::new(THERMAL)),
        realtime: capture.real_time().is_some_and(|real_time| real_time.scheduling == Grant::Granted),
        capture: state as u8,
        alarms: progress.alarms.active(),
        refused: capture.real_time().map_or(0, refused_bits),
        dropped_blocks: narrow(counted.dropped_blocks),
        late: narrow(counted.late),
        stalls: narrow(counted.stalls),
        suspends: narrow(counted.suspends),
        microphone: counters.microphone.load(Relaxed),
        unacknowledged: progress.alarms.unacknowledged(),
        clock: clock::state() as u8,
        warning: counters.warning.load(Relaxed),
    }
}

fn refused_bits(real_time: &RealTime) -> u8 {
    let RealTime { scheduling, memory, pinning } = real_time;
    [(scheduling, refused::SCHEDULING), (memory, refused::MEMORY), (pinning, refused::CORE)]
        .iter()
        .filter(|(grant, _)| grant.refused())
        .fold(0, |bits, (_, bit)| bits | bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: &CaptureStatus, progress: &Progress) -> Health {
        health(status, progress, &Outboxes::new(std::time::Instant::now()), true, false)
    }

    #[test]
    fn an_unplug_is_one_recovery() {
        let status = CaptureStatus::default();
        // As capture counts it.
        status.counters.recoveries.fetch_add(1, Relaxed);
        status.counters.reopens.fetch_add(1, Relaxed);
        assert_eq!(of(&status, &Progress::default()).recoveries, 1);
    }

    #[test]
    fn real_time_is_a_granted_priority_and_nothing_else() {
        for (scheduling, memory, expected) in [
            (Grant::NotAsked, Grant::Granted, (false, 0)),
            (Grant::Granted, Grant::Refused("no".into()), (true, refused::MEMORY)),
            (Grant::Refused("no".into()), Grant::Granted, (false, refused::SCHEDULING)),
        ] {
            let status = CaptureStatus::default();
            status.real_time.set(RealTime { scheduling, memory, pinning: Grant::NotAsked }).unwrap();
            let health = of(&status, &Progress::default());
            assert_eq!((health.realtime, health.refused), expected);
        }
    }

    #[test]
    fn health_has_the_active_and_the_unacknowledged_alarms() {
        let progress = Progress::default();
        progress.alarms.latch(true);
        for (cause, active) in [(0, true), (2, true), (0, false)] {
            progress.alarms.change(cause, active, None, 0);
        }
        let health = of(&CaptureStatus::default(), &progress);
        assert_eq!((health.alarms, health.unacknowledged), (1 << 2, 1 | 1 << 2));
    }
}
