//! The state now, folded from events.
//!
//! Every window carries the state and every health event the alarms, so that the snapshot is right again within a second
//! after an event was dropped.

use std::sync::Arc;

use monitor_core::anomaly::Zone;
use monitor_model::line::StateName;
use monitor_wire::{AlarmCause, CaptureState, Explanation, Health, TextList, Trend};

use super::{DeviceInfo, Event, Item, TrendReport};

/// The newest of everything.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The model and the device, once reported.
    pub device: Option<Arc<DeviceInfo>>,
    /// The reported state; `None` is unknown.
    pub state: Option<u16>,
    /// Its smoothed probability.
    pub confidence: f32,
    /// Whether sound arrives or a recording has ended, once that is known; otherwise the state is out of date.
    pub sound: Option<bool>,
    /// Level of the newest window in dB of full scale.
    pub level_dbfs: Option<f32>,
    /// Anomaly score of the newest window, where the model has one.
    pub anomaly: Option<f32>,
    /// The zone of that score.
    pub zone: Option<Zone>,
    /// Whether the warning is raised.
    pub warning: bool,
    /// The days behind the score, once reported.
    pub trend: Option<Arc<TrendReport>>,
    /// Inference time of the newest window in microseconds.
    pub inference_us: u32,
    /// A bit for each active cause of alarm.
    pub alarms: u32,
    /// A bit for each cause that is not yet acknowledged.
    pub unacknowledged: u32,
    /// What moved in the sound when the newest warning or alarm by the anomaly score was raised; empty once it has ended.
    pub explanation: Explanation,
    /// The counters.
    pub health: Health,
    /// Health events so far, wrapping: a counter that stops when the program does.
    pub health_events: u16,
    /// Microseconds since the start, of the newest event.
    pub time_us: u64,
}

impl Snapshot {
    /// Applies an event.
    pub fn apply(&mut self, item: &Item) {
        self.time_us = item.time_us;
        match &item.event {
            Event::Hello(device) => self.device = Some(Arc::clone(device)),
            Event::Window(window) => {
                (self.state, self.confidence) = (window.state, window.confidence);
                (self.level_dbfs, self.anomaly) = (Some(window.level_dbfs), window.anomaly);
                self.zone = window.zone;
                self.inference_us = window.inference_us;
                self.sound.get_or_insert(true);
            }
            Event::StateChange(change) => {
                (self.state, self.confidence) = (change.state, change.confidence);
                self.sound.get_or_insert(true);
            }
            Event::Alarm(alarm) => {
                alarm.enter(&mut self.alarms, &mut self.unacknowledged);
                if alarm.active && alarm.cause == AlarmCause::Anomaly as u8 {
                    self.explanation = alarm.explanation;
                }
            }
            Event::Acknowledged(acknowledged) => self.unacknowledged &= !acknowledged.causes,
            Event::Health(health) => {
                self.health = *health;
                self.sound = Some([CaptureState::Running as u8, CaptureState::Ended as u8].contains(&health.capture));
                (self.alarms, self.unacknowledged) = (health.alarms, health.unacknowledged);
                self.warning = health.warning;
                self.health_events = self.health_events.wrapping_add(1);
            }
            // An alarm is a warning too, so that the end of a warning is also that of the alarm.
            Event::Warning(warning) => (self.warning, self.explanation) = (warning.active, warning.explanation),
            Event::Trend(report) => self.trend = Some(Arc::clone(report)),
            Event::Gap(_) => {}
        }
    }

    /// The result of the days behind the score; of none at the start.
    pub fn trend(&self) -> Trend {
        self.trend.as_ref().map_or_else(Trend::default, |report| report.summary)
    }

    /// Whether there is an alarm: a cause is active, or not yet acknowledged.
    pub fn is_alarm(&self) -> bool {
        self.alarms | self.unacknowledged != 0
    }

    /// Class names; empty before the first hello.
    pub fn labels(&self) -> TextList<'_> {
        self.device.as_ref().map_or(TextList::EMPTY, |device| device.labels.list())
    }

    /// Updates that were rejected, one reason each.
    pub fn rejected_updates(&self) -> &[String] {
        self.device.as_ref().map_or(&[], |device| &device.rejected_updates)
    }

    /// Whether the state is that of the sound now.
    pub fn is_current(&self) -> bool {
        self.sound == Some(true)
    }

    /// The state; unknown while no sound arrives.
    pub fn current_state(&self) -> Option<u16> {
        self.state.filter(|_| self.is_current())
    }

    /// The name of a state.
    pub fn name(&self, state: Option<u16>) -> String {
        StateName { labels: self.labels(), state }.to_string()
    }

    /// The name of [`current_state`](Self::current_state).
    pub fn state_name(&self) -> String {
        self.name(self.current_state())
    }
}

#[cfg(test)]
mod tests {
    use monitor_wire::{Acknowledged, Alarm, StateChange, Warning};

    use super::*;

    fn fold(events: &[Event<'static>]) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for (sequence, event) in (0..).zip(events) {
            snapshot.apply(&Item { sequence, time_us: u64::from(sequence) * 1000, event: event.clone() });
        }
        snapshot
    }

    #[test]
    fn health_corrects_alarms_that_were_dropped_and_an_acknowledgement_clears_only_its_causes() {
        let alarm = |cause| Event::Alarm(Alarm { active: true, cause, unacknowledged: true, ..Alarm::default() });
        let acknowledged = Event::Acknowledged(Acknowledged { causes: 1, by: 0, index: 0 });
        let now = fold(&[alarm(0), alarm(2), acknowledged]);
        assert_eq!((now.alarms, now.unacknowledged, now.is_alarm()), (0b101, 0b100, true));
        let now = fold(&[alarm(0), Event::Health(Health { alarms: 0b1000, ..Health::default() })]);
        assert_eq!((now.alarms, now.unacknowledged, now.health_events), (0b1000, 0, 1));
    }

    #[test]
    fn health_corrects_a_warning_that_was_dropped() {
        let raised = Event::Warning(Warning { active: true, ..Warning::default() });
        assert!(fold(std::slice::from_ref(&raised)).warning);
        assert!(!fold(&[raised, Event::Health(Health::default())]).warning);
        assert!(fold(&[Event::Health(Health { warning: true, ..Health::default() })]).warning);
    }

    #[test]
    fn an_explanation_stays_until_the_warning_ends() {
        let warning = |active, level_tenths_db| {
            let explanation = Explanation { level_tenths_db, ..Explanation::default() };
            Event::Warning(Warning { active, explanation, ..Warning::default() })
        };
        let explanation = Explanation { level_tenths_db: 70, ..Explanation::default() };
        let alarm = |active, cause: AlarmCause| {
            let explanation = if active { explanation } else { Explanation::default() };
            Event::Alarm(Alarm { active, cause: cause as u8, explanation, ..Alarm::default() })
        };
        let events = [
            warning(true, 50),
            alarm(true, AlarmCause::Anomaly),
            alarm(false, AlarmCause::NoSound),
            alarm(false, AlarmCause::Anomaly),
            warning(false, 0),
        ];
        let levels: Vec<i16> = (1..=5).map(|count| fold(&events[..count]).explanation.level_tenths_db).collect();
        assert_eq!(levels, [50, 70, 70, 70, 0]);
    }

    #[test]
    fn without_sound_the_state_is_kept_and_reported_as_unknown() {
        let device = DeviceInfo { labels: ["off", "on"].into_iter().collect(), ..DeviceInfo::default() };
        let change = StateChange { index: 0, previous: None, state: Some(1), confidence: 0.9 };
        let health = |capture: CaptureState| Event::Health(Health { capture: capture as u8, ..Health::default() });
        let events = [Event::Hello(Arc::new(device)), Event::StateChange(change), health(CaptureState::Running)];
        assert_eq!(fold(&events).state_name(), "on");
        let gone = fold(&[&events[..], &[health(CaptureState::Absent)]].concat());
        assert_eq!((gone.state_name(), gone.name(gone.state)), ("unknown".into(), "on".into()));
    }
}
