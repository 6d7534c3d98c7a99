//! What is checked many times a second: whether sound arrives, whether the device is there, acknowledgements.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use monitor_model::line::Refused;
use monitor_wire::{Acknowledged, AlarmCause, Health};

use super::supervisor::{HEALTH_INTERVAL, Supervisor};
use crate::capture::DeviceState;
use crate::inference::health::health;
use crate::reporting::Event;
use crate::system::messages::warn;
use crate::trend::Limits;

impl Supervisor<'_> {
    /// Follows the progress of the sound.
    pub(super) fn check(&mut self) {
        let frames = self.context.frames();
        // While inference waits for the reader of standard output, no sound is requested, and none is missing.
        if frames != self.last_frames.0 || self.progress.control.held.load(Relaxed) {
            self.last_frames = (frames, Instant::now());
        }
        // Captured *and* processed: a pipeline that is stuck anywhere does not count as alive.
        self.notify.progress(self.progress.counters.blocks.load(Relaxed));
        self.report_device();
        let limit_s = self.config.alarm.no_sound_s;
        let silent = limit_s > 0.0 && self.last_frames.1.elapsed().as_secs_f32() >= limit_s;
        if silent != self.silent && !self.producer.ended.load(Relaxed) {
            self.silent = silent;
            let index = self.progress.counters.next_index.load(Relaxed);
            let alarm = self.progress.alarms.change(AlarmCause::NoSound as u8, silent, None, index);
            self.outboxes.send(&Event::Alarm(alarm));
        }
        self.acknowledge();
        self.follow_trend();
    }

    /// Reports the course of the daily medians when it has changed.
    fn follow_trend(&mut self) {
        let limits = self.progress.alarms.sensitivity.now().map(|[alarm, _, warning]| Limits { warning, alarm });
        let report = self.trend.as_mut().and_then(|trend| trend.update(&self.progress.trend, limits));
        if let Some(report) = report {
            self.outboxes.send(&Event::Trend(report));
        }
    }

    /// Performs and reports the requested acknowledgements, and stores the alarms that are left.
    fn acknowledge(&mut self) {
        let index = self.progress.counters.next_index.load(Relaxed);
        for (by, causes) in self.progress.alarms.acknowledged() {
            self.outboxes.send(&Event::Acknowledged(Acknowledged { causes, by: by as u8, index }));
        }
        if let Some(store) = &mut self.latch_store {
            store.store(self.progress.alarms.unacknowledged());
        }
    }

    /// Reports, once each time, why the device is absent, and that it is there again.
    fn report_device(&mut self) {
        let device = self.producer.status.device();
        if device == self.device {
            return;
        }
        let name = &self.config.capture.device;
        match (&self.device, &device) {
            (DeviceState::Absent { error: before, .. }, DeviceState::Absent { error, .. }) if before == error => {}
            (_, DeviceState::Absent { .. }) => warn(format!("{name}: {device}; trying again until it is there")),
            (DeviceState::Absent { .. }, DeviceState::Open(spec)) => warn(format!("{name}: there again, {spec}")),
            _ => {}
        }
        self.device = device;
    }

    pub(super) fn health(&self) -> Health {
        let moving = self.last_frames.0 > 0 && self.last_frames.1.elapsed() < HEALTH_INTERVAL;
        let over = self.inference.is_finished() || self.producer.ended.load(Relaxed);
        health(&self.producer.status, &self.progress, &self.outboxes, moving, over)
    }

    pub(super) fn send_health(&self) {
        let health = self.health();
        self.outboxes.send(&Event::Health(health));
        let mut line = format!(
            "capture {}, {} windows, {} gaps",
            monitor_model::line::capture_name(health.capture),
            health.windows,
            health.gaps
        );
        for privilege in (Refused { bits: health.refused }).names() {
            line += &format!(", without {privilege}");
        }
        self.notify.status(&line);
    }
}
