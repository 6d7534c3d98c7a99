//! What is looked at many times a second: does sound come, is the device there, what is there to tell.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use monitor_model::line::Refused;
use monitor_wire::{Acknowledged, AlarmCause, Health};

use super::{HEALTH, Supervisor};
use crate::capture::DeviceState;
use crate::outputs::warn;
use crate::report::Report;
use crate::run::health::health;

impl Supervisor<'_> {
    /// Follows the progress of the sound.
    pub(super) fn look(&mut self) {
        let frames = self.signs.frames();
        // Sound that is not asked for because nobody reads what was said of the last is not missing.
        if frames != self.heard.0 || self.progress.held.load(Relaxed) {
            self.heard = (frames, Instant::now());
        }
        // Captured *and* listened to: a pipeline that is stuck anywhere does not count as alive.
        self.notify.progress(self.progress.pieces.load(Relaxed));
        self.look_at_device();
        let patience = self.config.alarm.no_sound_s;
        let silent = patience > 0.0 && self.heard.1.elapsed().as_secs_f32() >= patience;
        if silent != self.silent && !self.source.ended.load(Relaxed) {
            self.silent = silent;
            let index = self.progress.next_index.load(Relaxed);
            let alarm = self.progress.alarms.change(AlarmCause::NoSound as u8, silent, None, index);
            self.outboxes.send(&Report::Alarm(alarm));
        }
        self.acknowledge();
    }

    /// Takes the acknowledgements that were asked for, tells of them, and keeps what is left to acknowledge.
    fn acknowledge(&mut self) {
        let index = self.progress.next_index.load(Relaxed);
        for (by, causes) in self.progress.alarms.acknowledged() {
            self.outboxes.send(&Report::Acknowledged(Acknowledged { causes, by: by as u8, index }));
        }
        if let Some(keeper) = &mut self.keeper {
            keeper.keep(self.progress.alarms.unacknowledged());
        }
    }

    /// Says, once each time, why the device is not there, and that it is there again.
    fn look_at_device(&mut self) {
        let device = self.source.status.device();
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
        let moving = self.heard.0 > 0 && self.heard.1.elapsed() < HEALTH;
        let over = self.inference.is_finished() || self.source.ended.load(Relaxed);
        health(&self.source.status, &self.progress, &self.outboxes, moving, over)
    }

    pub(super) fn tell_health(&self) {
        let health = self.health();
        self.outboxes.send(&Report::Health(health));
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
