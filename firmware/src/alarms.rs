//! The alarms: which causes hold, and which are yet to be acknowledged. States and words are those of ANSI/ISA-18.2.
//!
//! Each cause has its own alarm. Without latching it is *normal* or active, as its cause does not hold or does. With latching it
//! is also *unacknowledged* from the moment that it is raised until somebody acknowledges it: *unacknowledged* (active),
//! *acknowledged* (active), *returned to normal unacknowledged* (ended, and still an alarm), and *normal*. An acknowledgement
//! of one that has ended is its reset as well.
//!
//! Inference and the main thread raise and end alarms; outputs only ask for acknowledgements, which the main thread takes,
//! so that one thread tells of them. All of it is atomic: nobody waits here.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use monitor_wire::{AcknowledgedBy, Alarm};

/// All causes.
pub const ALL: u32 = u32::MAX;

/// What is so now; a bit for each cause, by its number in [`monitor_wire::AlarmCause`].
#[derive(Debug, Default)]
pub struct Alarms {
    active: AtomicU32,
    unacknowledged: AtomicU32,
    latch: AtomicBool,
    /// What is asked to be acknowledged, by way.
    asked: [AtomicU32; AcknowledgedBy::ALL.len()],
}

impl Alarms {
    /// Whether alarms raised from now on are to be acknowledged. Without, none is.
    pub fn latch(&self, latch: bool) {
        self.latch.store(latch, Relaxed);
        if !latch {
            self.unacknowledged.store(0, Relaxed);
        }
    }

    /// Takes over what a program before left unacknowledged; its causes have ended until they are raised.
    pub fn restore(&self, unacknowledged: u32) {
        if self.latch.load(Relaxed) {
            self.unacknowledged.fetch_or(unacknowledged, Relaxed);
        }
    }

    /// What there is to tell at the start: alarms that were left unacknowledged.
    pub fn left(&self) -> impl Iterator<Item = Alarm> + use<> {
        let left = self.unacknowledged();
        (0..32).filter(move |cause| left & Alarm::bit(*cause) != 0).map(|cause| Alarm {
            active: false,
            cause,
            state: None,
            index: 0,
            unacknowledged: true,
        })
    }

    /// The causes that hold.
    pub fn active(&self) -> u32 {
        self.active.load(Relaxed)
    }

    /// The causes that are yet to be acknowledged, whether they hold or not.
    pub fn unacknowledged(&self) -> u32 {
        self.unacknowledged.load(Relaxed)
    }

    /// Notes that the alarm of this cause is raised, or has ended; returns what is to be told of it.
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
        Alarm { active, cause, state, index, unacknowledged: self.unacknowledged() & bit != 0 }
    }

    /// Asks to acknowledge these causes.
    pub fn acknowledge(&self, by: AcknowledgedBy, causes: u32) {
        self.asked[by as usize].fetch_or(causes, Relaxed);
    }

    /// Acknowledges what was asked since the last time; returns the causes that were unacknowledged until now, by way.
    pub fn acknowledged(&self) -> impl Iterator<Item = (AcknowledgedBy, u32)> + '_ {
        AcknowledgedBy::ALL.into_iter().filter_map(|by| {
            let asked = self.asked[by as usize].swap(0, Relaxed);
            let acknowledged = asked & self.unacknowledged.fetch_and(!asked, Relaxed);
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
        // What was asked is asked no more.
        alarms.change(0, true, None, 0);
        assert_eq!((alarms.acknowledged().count(), state(&alarms)), (0, (true, true)));
    }

    #[test]
    fn one_cause_is_acknowledged_without_the_others_and_by_the_first_who_asked() {
        let alarms = Alarms::default();
        alarms.latch(true);
        for cause in [0, 2, 3] {
            alarms.change(cause, true, None, 0);
        }
        alarms.acknowledge(AcknowledgedBy::Modbus, 0b101);
        alarms.acknowledge(AcknowledgedBy::Gpio, 0b100);
        let told: Vec<_> = alarms.acknowledged().collect();
        assert_eq!(told, [(AcknowledgedBy::Gpio, 0b100), (AcknowledgedBy::Modbus, 0b001)]);
        assert_eq!(alarms.unacknowledged(), 0b1000);
    }

    #[test]
    fn what_was_left_is_told_as_ended_and_unacknowledged_and_only_where_alarms_are_latched() {
        let alarms = Alarms::default();
        alarms.restore(0b1001);
        assert_eq!(alarms.left().count(), 0);
        alarms.latch(true);
        alarms.restore(0b1001);
        assert_eq!(state(&alarms), (false, true));
        let told: Vec<_> = alarms.left().map(|alarm| (alarm.cause, alarm.active, alarm.unacknowledged)).collect();
        assert_eq!(told, [(0, false, true), (3, false, true)]);
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
