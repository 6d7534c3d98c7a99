//! A simulated year: counters keep counting, and results at the end equal those at the beginning. A 32-bit counter that would
//! not wrap within a year starts shortly before it wraps.
#![allow(clippy::unwrap_used)] // A panic is how a test fails; an overflow is one in this build.

use firmware::reporting::{Event, Item, Snapshot};
use firmware::sinks::modbus::map;
use monitor_core::anomaly::{Alarm, AlarmRules, Change, Input, Interval, Levels, Persistence, SPANS};
use monitor_core::decision::{Decision, DecisionConfig, State};
use monitor_core::microphone::{Limits, Microphone, SILENT};
use monitor_wire::{self as wire, Health};

const SECONDS: u64 = 365 * 24 * 3600;

/// Counts the frames that arrive, and those that the sequence numbers show as lost.
#[derive(Default)]
struct Reader {
    next: Option<u32>,
    frames: u64,
    damaged: u64,
    lost: u64,
}

impl Reader {
    fn push(&mut self, bytes: &[u8]) {
        let mut buffer = [0; 512];
        wire::Decoder::new(&mut buffer).push(bytes, |frame| match frame {
            Ok(frame) => {
                self.frames += 1;
                self.lost += self.next.map_or(0, |next| u64::from(frame.sequence.wrapping_sub(next)));
                self.next = Some(frame.sequence.wrapping_add(1));
            }
            Err(_) => self.damaged += 1,
        });
    }
}

/// A year of health reports, one a second, of a program that has run for years: registers and heartbeat for a PLC, and frames on the
/// serial line.
#[test]
fn a_simulated_year_of_seconds_wraps_the_heartbeat_and_the_sequence_and_loses_none() {
    let (mut now, mut reader) = (Snapshot::default(), Reader::default());
    let mut before = now.health_events;
    for second in 1..=SECONDS {
        let health = Health {
            frames: second * 48_000,
            windows: second * 10,
            gaps: (u32::MAX - 1000).wrapping_add(second as u32),
            ..Health::default()
        };
        // The report of each hour goes over the line too; the numbers turn in the middle of the year.
        let sequence = (u32::MAX - 4000).wrapping_add((second / 3600) as u32);
        let item = Item { sequence, time_us: second * 1_000_000, event: Event::Health(health) };
        now.apply(&item);
        assert_eq!(now.health_events, before.wrapping_add(1));
        before = now.health_events;
        if second % 3600 == 0 {
            let registers = map::image(&now).inputs;
            let long = |address: usize, count: usize| {
                registers[address..address + count].iter().fold(0, |value, part| value << 16 | u64::from(*part))
            };
            assert_eq!((u64::from(registers[10]), long(20, 2)), (second % 65_536, second));
            assert_eq!((long(28, 4), long(32, 4)), (health.frames, health.windows));
            assert_eq!(long(40, 2), u64::from(health.gaps));
            let frame = item.frame();
            let mut buffer = [0; 512];
            let bytes = wire::encode(&mut buffer, frame.sequence, frame.time_us, &frame.message).unwrap();
            reader.push(bytes);
        }
    }
    assert_eq!((reader.frames, reader.damaged, reader.lost), (8760, 0, 0));
}

/// A year of windows, one every 0.48 s, of a machine that runs for an hour and stands for an hour, and sounds unlike itself in the last
/// minute of each day.
#[test]
fn a_simulated_year_of_windows_has_a_change_every_hour_and_an_alarm_every_day() {
    const HOP_S: f32 = 0.48;
    let (hour, day) = (7500u64, 180_000u64);
    let config = DecisionConfig::default();
    let mut decision = Decision::new(config.per_window(HOP_S).unwrap(), 2).unwrap();
    let mut intervals = [None; Input::ALL.len()];
    intervals[Input::Tap as usize] = Some([Interval { typical: 0.0, alarm: 1.0 }; SPANS]);
    let levels = Levels { intervals, warning: 0.6 };
    let mut alarm = Alarm::new(&AlarmRules { levels, alarm: 1.0, persistence: Persistence::default() }, HOP_S);
    let (mut changes, mut raised, mut ended) = (0, 0, 0);
    for window in 0..365 * day {
        let runs = window / hour % 2 == 1;
        let decided = decision.update(if runs { &[0.1, 0.9] } else { &[0.9, 0.1] });
        changes += u64::from(decided.changed);
        let unlike = window % day >= day - 125;
        let z = Input::ALL.map(|input| (input == Input::Tap).then_some(if unlike { 2.0 } else { -1.0 }));
        match alarm.update(window, &z, decided.steady).alarm {
            Some(Change::Raised) => raised += 1,
            Some(Change::Ended) => ended += 1,
            None => {}
        }
    }
    assert_eq!((changes, decision.state()), (365 * 24, State::Class(1)));
    // The last one is yet to end.
    assert_eq!((raised, ended), (365, 364));
}

/// A year of digital silence, looked at in quarters of a second, and the first sound after it.
#[test]
fn a_simulated_year_of_silence_is_one_fault_and_ends_with_the_first_sound() {
    // Two samples a block: the year would be five hundred thousand million samples at 16 kHz.
    const RATE: u32 = 8;
    let mut microphone = Microphone::new(Limits::default());
    let silence = [0.0; 3600 * RATE as usize];
    for _ in 0..SECONDS / 3600 {
        assert_eq!(microphone.push(&silence, 0, RATE), SILENT);
    }
    assert_eq!(microphone.push(&[0.1, -0.1].repeat(8), 0, RATE), 0);
}
