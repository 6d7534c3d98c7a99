//! What is so now, put together from the reports: every window tells the state and every health report the alarms, so that
//! a report that was dropped is made up for within a second.

use std::sync::Arc;

use monitor_model::line::StateName;
use monitor_wire::{CaptureState, Health};

use crate::outbox::Item;
use crate::report::{Report, Who};

/// The newest of everything.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Who speaks, once it has been said.
    pub who: Option<Arc<Who>>,
    /// The reported state; `None` is unknown.
    pub state: Option<u16>,
    /// Its smoothed probability.
    pub confidence: f32,
    /// Level of the newest window in dB of full scale.
    pub level_dbfs: Option<f32>,
    /// How unlike normal sound the newest window is, where the model has such a measure.
    pub anomaly: Option<f32>,
    /// A bit for each cause of alarm that holds.
    pub alarms: u32,
    /// A bit for each cause that is yet to be acknowledged.
    pub unacknowledged: u32,
    /// The counters.
    pub health: Health,
    /// Health reports so far, wrapping: stands still when nothing is told any more.
    pub beats: u16,
    /// Microseconds since the start, of the newest report.
    pub time_us: u64,
}

impl Snapshot {
    /// Takes what a report says.
    pub fn take(&mut self, item: &Item) {
        self.time_us = item.time_us;
        match &item.report {
            Report::Hello(who) => self.who = Some(Arc::clone(who)),
            Report::Window(window) => {
                (self.state, self.confidence) = (window.state, window.confidence);
                (self.level_dbfs, self.anomaly) = (Some(window.level_dbfs), window.anomaly);
            }
            Report::StateChange(change) => (self.state, self.confidence) = (change.state, change.confidence),
            Report::Alarm(alarm) => alarm.enter(&mut self.alarms, &mut self.unacknowledged),
            Report::Acknowledged(acknowledged) => self.unacknowledged &= !acknowledged.causes,
            Report::Health(health) => {
                self.health = *health;
                (self.alarms, self.unacknowledged) = (health.alarms, health.unacknowledged);
                self.beats = self.beats.wrapping_add(1);
            }
            Report::Gap(_) => {}
        }
    }

    /// Whether there is an alarm: a cause holds, or is yet to be acknowledged.
    pub fn is_alarm(&self) -> bool {
        self.alarms | self.unacknowledged != 0
    }

    /// Class names, one per line; empty before it was said who speaks.
    pub fn labels(&self) -> &str {
        self.who.as_ref().map_or("", |who| &who.labels)
    }

    /// What was offered and is not used, one reason per line.
    pub fn not_used(&self) -> &str {
        self.who.as_ref().map_or("", |who| &who.not_used)
    }

    /// Whether sound arrives, or a recording has ended: else the state is what it was, which says nothing of what it is.
    pub fn heard(&self) -> bool {
        [CaptureState::Running as u8, CaptureState::Ended as u8].contains(&self.health.capture)
    }

    /// The state; unknown while no sound arrives.
    pub fn heard_state(&self) -> Option<u16> {
        self.state.filter(|_| self.heard())
    }

    /// The same by its name.
    pub fn state_name(&self) -> String {
        StateName { labels: self.labels(), state: self.heard_state() }.to_string()
    }
}
