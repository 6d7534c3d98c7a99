//! The alarms: which causes are active, and which are not yet acknowledged. The terms are those of ANSI/ISA-18.2.
//!
//! Each cause has its own alarm. Without latching it is *normal* or *active*. With latching it is also *unacknowledged* from
//! the moment it is raised until it is acknowledged: *unacknowledged* (active), *acknowledged* (active), *returned to normal
//! unacknowledged* (ended, and still an alarm), and *normal*. Acknowledging an alarm that has ended resets it.
//!
//! Inference and the main thread raise and end alarms; sinks only request acknowledgements, which the main thread performs,
//! so that one thread reports them. Everything is atomic: no call waits.

pub mod latch_store;
pub mod sensitivity;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use monitor_wire::{AcknowledgedBy, Alarm};
use sensitivity::Sensitivity;

/// All causes.
pub const ALL: u32 = u32::MAX;

/// The state of all alarms; a bit for each cause, by its number in [`monitor_wire::AlarmCause`].
#[derive(Debug, Default)]
pub struct Alarms {
    active: AtomicU32,
    unacknowledged: AtomicU32,
    latch: AtomicBool,
    /// Requested acknowledgements, by their source.
    requested: [AtomicU32; AcknowledgedBy::ALL.len()],
    /// How easily the anomaly score raises its alarm.
    pub sensitivity: Sensitivity,
}

impl Alarms {
    /// Sets whether alarms raised from now on need an acknowledgement. Without latching none does.
    pub fn latch(&self, latch: bool) {
        self.latch.store(latch, Relaxed);
        if !latch {
            self.unacknowledged.store(0, Relaxed);
        }
    }

    /// Restores alarms that were unacknowledged when the program ended last; they count as ended until they are raised.
    pub fn restore(&self, unacknowledged: u32) {
        if self.latch.load(Relaxed) {
            self.unacknowledged.fetch_or(unacknowledged, Relaxed);
        }
    }

    /// The events to send at the start: alarms that are unacknowledged from before.
    pub fn left(&self) -> impl Iterator<Item = Alarm> + use<> {
        let left = self.unacknowledged();
        (0..32).filter(move |cause| left & Alarm::bit(*cause) != 0).map(|cause| Alarm {
            active: false,
            cause,
            state: None,
            index: 0,
            unacknowledged: true,
            ..Alarm::default()
        })
    }

    /// The active causes.
    pub fn active(&self) -> u32 {
        self.active.load(Relaxed)
    }

    /// The causes that are not yet acknowledged, active or ended.
    pub fn unacknowledged(&self) -> u32 {
        self.unacknowledged.load(Relaxed)
    }

    /// Raises or ends the alarm of this cause; returns the event to send.
    pub fn change(&self, cause: u8, active: bool, state: Option<u16>, index: u64) -> Alarm {
        let bit = Alarm::bit(cause);
        if active {
            if self.latch.load(Relaxed) {
                self.unacknowledged.fetch_or(bit, Relaxed);
            }
            self.active.fetch_or(bit, Relaxed);
        } else {
            self.active.fetch_and(!bit, Relaxed);
        }
        Alarm { active, cause, state, index, unacknowledged: self.unacknowledged() & bit != 0, ..Alarm::default() }
    }

    /// Requests to acknowledge these causes.
    pub fn acknowledge(&self, by: AcknowledgedBy, causes: u32) {
        self.requested[by as usize].fetch_or(causes, Relaxed);
    }

    /// Performs the acknowledgements requested since the last call; returns the causes that were unacknowledged, by source.
    pub fn acknowledged(&self) -> impl Iterator<Item = (AcknowledgedBy, u32)> + '_ {
        AcknowledgedBy::ALL.into_iter().filter_map(|by| {
            let requested = self.requested[by as usize].swap(0, Relaxed);
            let acknowledged = requested & self.unacknowledged.fetch_and(!requested, Relaxed);
            (acknowledged != 0).then_some((by, acknowledged))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether cause 0 is active and unacknowledged.
    fn state(alarms: &Alarms) -> (bool, bool) {
        (alarms.active() & 1 != 0, alarms.unacknowledged() & 1 != 0)
    }

    #[test]
    fn without_latching_an_alarm_ends_with_its_cause_and_there_is_nothing_to_acknowledge() {
        let alarms = Alarms::default();
        alarms.change(0, true, None, 0);
        assert_eq!(state(&alarms), (true, false));
        alarms.acknowledge(AcknowledgedBy::Gpio, ALL);
        assert_eq!(alarms.acknowledged().count(), 0);
        assert!(!alarms.change(0, false, None, 0).unacknowledged);
        assert_eq!(state(&alarms), (false, false));
    }

    #[test]
    fn a_latched_alarm_that_is_acknowledged_while_it_holds_ends_with_its_cause() {
        let alarms = Alarms::default();
        alarms.latch(true);
        assert!(alarms.change(0, true, None, 0).unacknowledged);
        assert_eq!(state(&alarms), (true, true));
        alarms.acknowledge(AcknowledgedBy::Mqtt, 1);
        assert_eq!(alarms.acknowledged().collect::<Vec<_>>(), [(AcknowledgedBy::Mqtt, 1)]);
        assert_eq!(state(&alarms), (true, false));
        assert!(!alarms.change(0, false, None, 0).unacknowledged);
        assert_eq!(state(&alarms), (false, false));
        // Raised once more it is a new one.
        alarms.change(0, true, None, 0);
        assert_eq!(state(&alarms), (true, true));
    }

    #[test]
    fn a_latched_alarm_that_ends_first_stays_until_it_is_acknowledged() {
        let alarms = Alarms::default();
        alarms.latch(true);
        alarms.change(0, true, None, 0);
        assert!(alarms.change(0, false, None, 0).unacknowledged);
        assert_eq!(state(&alarms), (false, true));
        alarms.acknowledge(AcknowledgedBy::Modbus, ALL);
        assert_eq!(alarms.acknowledged().collect::<Vec<_>>(), [(AcknowledgedBy::Modbus, 1)]);
        assert_eq!(state(&alarms), (false, false));
        // A request is performed once.
        alarms.change(0, true, None, 0);
        assert_eq!((alarms.acknowledged().count(), state(&alarms)), (0, (true, true)));
    }

    #[test]
    fn one_cause_is_acknowledged_without_the_others_and_by_the_first_source_that_requested_it() {
        let alarms = Alarms::default();
        alarms.latch(true);
        for cause in [0, 2, 3] {
            alarms.change(cause, true, None, 0);
        }
        alarms.acknowledge(AcknowledgedBy::Modbus, 0b101);
        alarms.acknowledge(AcknowledgedBy::Gpio, 0b100);
        let reported: Vec<_> = alarms.acknowledged().collect();
        assert_eq!(reported, [(AcknowledgedBy::Gpio, 0b100), (AcknowledgedBy::Modbus, 0b001)]);
        assert_eq!(alarms.unacknowledged(), 0b1000);
    }

    #[test]
    fn restored_alarms_are_reported_as_ended_and_unacknowledged_and_only_with_latching() {
        let alarms = Alarms::default();
        alarms.restore(0b1001);
        assert_eq!(alarms.left().count(), 0);
        alarms.latch(true);
        alarms.restore(0b1001);
        assert_eq!(state(&alarms), (false, true));
        let reported: Vec<_> = alarms.left().map(|alarm| (alarm.cause, alarm.active, alarm.unacknowledged)).collect();
        assert_eq!(reported, [(0, false, true), (3, false, true)]);
        // Raised again it is the same alarm.
        assert!(alarms.change(0, true, None, 0).unacknowledged);
        alarms.acknowledge(AcknowledgedBy::Signal, ALL);
        assert_eq!(alarms.acknowledged().collect::<Vec<_>>(), [(AcknowledgedBy::Signal, 0b1001)]);
    }

    #[test]
    fn when_latching_is_switched_off_nothing_is_left_to_acknowledge() {
        let alarms = Alarms::default();
        alarms.latch(true);
        alarms.change(0, true, None, 0);
        alarms.latch(false);
        assert_eq!(state(&alarms), (true, false));
    }
}
