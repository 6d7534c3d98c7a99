//! The counters of all threads put together, once a second.

use std::path::Path;

use core::sync::atomic::Ordering::Relaxed;
use monitor_wire::{CaptureState, Health, refused};

use super::Progress;
use crate::capture::{CaptureStatus, DeviceState};
use crate::clock;
use crate::outbox::Outboxes;
use crate::rt::{Grant, RealTime};

/// Where the kernel lists its thermometers.
pub const THERMAL: &str = "/sys/class/thermal";

/// What is so now. `moving`: frames have come since the last time; `ended`: the recording is over.
pub fn health(capture: &CaptureStatus, progress: &Progress, outboxes: &Outboxes, moving: bool, ended: bool) -> Health {
    let counted = capture.counters.values();
    let times = progress.times();
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
        gaps: progress.gaps.load(Relaxed),
        lost_frames: progress.lost_frames.load(Relaxed),
        windows: progress.windows.load(Relaxed),
        dropped_windows: progress.dropped_windows.load(Relaxed),
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
        microphone: progress.microphone.load(Relaxed),
        unacknowledged: progress.alarms.unacknowledged(),
        clock: clock::state() as u8,
    }
}

fn refused_bits(real_time: &RealTime) -> u8 {
    let RealTime { scheduling, memory, pinning } = real_time;
    [(scheduling, refused::SCHEDULING), (memory, refused::MEMORY), (pinning, refused::CORE)]
        .iter()
        .filter(|(grant, _)| grant.refused())
        .fold(0, |bits, (_, bit)| bits | bit)
}

/// The processor's temperature in thousandths of a degree Celsius: of the zone whose type names the CPU, else of the first.
pub fn cpu_millidegrees(thermal: &Path) -> Option<i32> {
    let mut zones: Vec<_> = std::fs::read_dir(thermal).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    zones.retain(|zone| zone.file_name().is_some_and(|name| name.to_string_lossy().starts_with("thermal_zone")));
    zones.sort();
    let is_cpu = |zone: &Path| {
        let kind = std::fs::read_to_string(zone.join("type")).unwrap_or_default().to_lowercase();
        kind.contains("cpu") || kind.contains("pkg") || kind.contains("soc")
    };
    let zone = zones.iter().find(|zone| is_cpu(zone)).or(zones.first())?;
    std::fs::read_to_string(zone.join("temp")).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(folder: &Path, name: &str, kind: &str, temperature: &str) {
        let zone = folder.join(name);
        std::fs::create_dir(&zone).unwrap();
        std::fs::write(zone.join("type"), kind).unwrap();
        std::fs::write(zone.join("temp"), temperature).unwrap();
    }

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
    fn health_says_which_alarms_are_raised_and_which_are_yet_to_be_acknowledged() {
        let progress = Progress::default();
        progress.alarms.latch(true);
        for (cause, active) in [(0, true), (2, true), (0, false)] {
            progress.alarms.change(cause, active, None, 0);
        }
        let health = of(&CaptureStatus::default(), &progress);
        assert_eq!((health.alarms, health.unacknowledged), (1 << 2, 1 | 1 << 2));
    }

    #[test]
    fn the_temperature_is_that_of_the_cpu_zone() {
        let folder = tempfile::tempdir().unwrap();
        zone(folder.path(), "thermal_zone0", "acpitz\n", "20000\n");
        zone(folder.path(), "thermal_zone1", "cpu-thermal\n", "48312\n");
        std::fs::create_dir(folder.path().join("cooling_device0")).unwrap();
        assert_eq!(cpu_millidegrees(folder.path()), Some(48_312));
    }

    #[test]
    fn without_a_thermometer_there_is_no_temperature() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(cpu_millidegrees(folder.path()), None);
        assert_eq!(cpu_millidegrees(Path::new("/nowhere")), None);
        zone(folder.path(), "thermal_zone0", "cpu-thermal\n", "hot\n");
        assert_eq!(cpu_millidegrees(folder.path()), None);
    }
}
