use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use monitor_wire::{Acknowledged, Alarm, CaptureState, Health, StateChange};

use super::chip::{Button, Error, Levels, Lines};
use super::*;
use crate::reporting::{DeviceInfo, Event, Outboxes, Probabilities, Snapshot, Window};
use crate::sinks::run;

/// A chip that remembers the level of each line, and every level the heartbeat has had.
#[derive(Debug, Clone, Default)]
struct Fake {
    levels: Arc<Mutex<BTreeMap<u32, bool>>>,
    first: Arc<Mutex<Levels>>,
    beats: Arc<Mutex<u32>>,
    broken: Arc<Mutex<bool>>,
    presses: Arc<Mutex<u32>>,
}

impl Chip for Fake {
    fn request(&self, _: &Path, levels: &Levels, _: bool) -> Result<Arc<dyn Lines>, Error> {
        if *self.broken.lock().unwrap() {
            return Err(Error("broken".into()));
        }
        self.first.lock().unwrap().clone_from(levels);
        self.set(levels)?;
        Ok(Arc::new(self.clone()))
    }

    fn button(&self, _: &Path, line: u32, active_low: bool) -> Result<Arc<dyn Button>, Error> {
        assert_eq!((line, active_low), (23, true));
        Ok(Arc::new(self.clone()))
    }
}

impl Button for Fake {
    fn pressed(&self) -> Result<bool, Error> {
        Ok(std::mem::take(&mut *self.presses.lock().unwrap()) > 0)
    }
}

impl Lines for Fake {
    fn set(&self, levels: &[(u32, bool)]) -> Result<(), Error> {
        if *self.broken.lock().unwrap() {
            return Err(Error("broken".into()));
        }
        if let [(22, _)] = levels {
            *self.beats.lock().unwrap() += 1;
        }
        self.levels.lock().unwrap().extend(levels.iter().copied());
        Ok(())
    }
}

fn config() -> Config {
    Config {
        alarm: Some(27),
        heartbeat: Some(22),
        heartbeat_s: 0.05,
        alarm_when_stopped: true,
        states: [("on_state".to_string(), 17), ("off_state".into(), 18), ("unknown".into(), 19)].into(),
        ..Config::default()
    }
}

fn hello() -> Event<'static> {
    let labels = ["off_state", "on_state"].into_iter().collect();
    Event::Hello(Arc::new(DeviceInfo { labels, ..DeviceInfo::default() }))
}

/// Pins driven by events.
struct Shown {
    pins: Pins,
    now: Snapshot,
}

impl Shown {
    fn new(config: Config, fake: &Fake) -> Self {
        let mut pins = Pins::new(config);
        pins.request(fake).unwrap();
        Self { pins, now: Snapshot::default() }
    }

    fn take(&mut self, event: &Event<'static>) {
        self.now.apply(&Item { sequence: 0, time_us: 0, event: event.clone() });
        self.pins.show(&self.now).unwrap();
    }
}

fn window(state: Option<u16>) -> Event<'static> {
    Event::Window(Window {
        index: 0,
        start_sample: 0,
        state,
        confidence: 1.0,
        level_dbfs: -30.0,
        spans_gap: false,
        inference_us: 1,
        anomaly: None,
        zone: None,
        probabilities: Probabilities::Borrowed(&[]),
    })
}

fn health(capture: CaptureState, alarms: u32) -> Event<'static> {
    Event::Health(Health { capture: capture as u8, alarms, ..Health::default() })
}

fn change(state: Option<u16>) -> Event<'static> {
    Event::StateChange(StateChange { index: 0, previous: None, state, confidence: 1.0 })
}

fn alarm(active: bool, cause: u8) -> Event<'static> {
    Event::Alarm(Alarm { active, cause, state: None, index: 0, unacknowledged: false, ..Alarm::default() })
}

fn active(fake: &Fake) -> Vec<u32> {
    fake.levels.lock().unwrap().iter().filter(|(_, level)| **level).map(|(line, _)| *line).collect()
}

#[test]
fn at_the_start_the_state_is_unknown_and_nothing_else_is_active() {
    let fake = Fake::default();
    Pins::new(config()).request(&fake).unwrap();
    let first = fake.first.lock().unwrap().clone();
    assert_eq!(first.iter().filter(|(_, level)| *level).collect::<Vec<_>>(), [&(19, true)]);
    assert_eq!(first.len(), 5);
}

#[test]
fn the_line_of_the_state_is_active_and_no_other() {
    let fake = Fake::default();
    let mut pins = Shown::new(config(), &fake);
    pins.take(&hello());
    for (state, line) in [(Some(1), 17), (Some(0), 18), (None, 19)] {
        pins.take(&change(state));
        assert_eq!(active(&fake), [line]);
    }
}

#[test]
fn the_alarm_line_is_active_while_any_cause_holds() {
    let fake = Fake::default();
    let mut pins = Shown::new(config(), &fake);
    for (report, on) in
        [(alarm(true, 0), true), (alarm(true, 2), true), (alarm(false, 0), true), (alarm(false, 2), false)]
    {
        pins.take(&report);
        assert_eq!(active(&fake).contains(&27), on);
    }
}

#[test]
fn a_latched_alarm_keeps_its_line_until_it_is_acknowledged_and_the_horn_is_silent_from_then_on() {
    let fake = Fake::default();
    let mut pins = Shown::new(Config { unacknowledged: Some(24), ..config() }, &fake);
    let latched = |active| {
        Event::Alarm(Alarm { active, cause: 1, state: None, index: 0, unacknowledged: true, ..Alarm::default() })
    };
    let acknowledged = Event::Acknowledged(Acknowledged { causes: 1 << 1, by: 0, index: 0 });
    // Acknowledged while it holds, and after it has ended.
    let stories = [
        [(latched(true), [true, true]), (acknowledged.clone(), [true, false]), (alarm(false, 1), [false, false])],
        [(latched(true), [true, true]), (latched(false), [true, true]), (acknowledged, [false, false])],
    ];
    for (report, lines) in stories.into_iter().flatten() {
        pins.take(&report);
        assert_eq!([27, 24].map(|line| active(&fake).contains(&line)), lines, "{report:?}");
    }
}

#[test]
fn a_press_of_the_button_acknowledges_every_alarm() {
    let (fake, config) = (Fake::default(), Config { acknowledge: Some(23), ..config() });
    let mut outboxes = Outboxes::new(Instant::now());
    let inbox = outboxes.open(8, false);
    let context = OutputContext::default();
    context.alarms.latch(true);
    context.alarms.change(2, true, None, 0);
    let alarms = Arc::clone(&context.alarms);
    let thread = {
        let fake = fake.clone();
        std::thread::spawn(move || run(&mut GpioSink::new(config, fake), &inbox, &context))
    };
    *fake.presses.lock().unwrap() += 1;
    let begun = Instant::now();
    let acknowledged = loop {
        let acknowledged: Vec<_> = alarms.acknowledged().collect();
        if !acknowledged.is_empty() {
            break acknowledged;
        }
        assert!(begun.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(1));
    };
    assert_eq!(acknowledged, [(monitor_wire::AcknowledgedBy::Gpio, 1 << 2)]);
    drop(outboxes);
    thread.join().unwrap();
}

#[test]
fn a_change_and_an_alarm_that_were_dropped_are_made_up_for_by_the_next_window_and_health() {
    let fake = Fake::default();
    let mut pins = Shown::new(config(), &fake);
    pins.take(&hello());
    pins.take(&window(Some(1)));
    assert_eq!(active(&fake), [17]);
    pins.take(&health(CaptureState::Running, 1 << 2));
    assert_eq!(active(&fake), [17, 27]);
    pins.take(&health(CaptureState::Running, 0));
    assert_eq!(active(&fake), [17]);
}

#[test]
fn while_there_is_no_sound_the_state_is_unknown_and_then_what_it_was() {
    let fake = Fake::default();
    let mut pins = Shown::new(config(), &fake);
    pins.take(&hello());
    pins.take(&window(Some(1)));
    for capture in [CaptureState::Absent, CaptureState::Recovering] {
        pins.take(&health(capture, 0));
        assert_eq!(active(&fake), [19]);
    }
    pins.take(&health(CaptureState::Running, 0));
    assert_eq!(active(&fake), [17]);
}

#[test]
fn the_heartbeat_stands_still_when_no_sound_arrives() {
    let fake = Fake::default();
    let mut pins = Shown::new(config(), &fake);
    let start = Instant::now();
    for step in 1..100 {
        let frames = if step < 50 { step } else { 50 };
        pins.pins.beat(frames, start + Duration::from_millis(20 * step)).unwrap();
    }
    // Every 60 ms (the first multiple of 20 that is 50 or more) for one second.
    assert!((15..=18).contains(&*fake.beats.lock().unwrap()), "{:?}", fake.beats);
}

#[test]
fn a_chip_available_late_shows_the_current_state_and_the_end_sets_the_safe_levels() {
    let fake = Fake::default();
    *fake.broken.lock().unwrap() = true;
    let mut outboxes = Outboxes::new(Instant::now());
    let inbox = outboxes.open(8, false);
    outboxes.send(&hello());
    outboxes.send(&change(Some(1)));
    let thread = {
        let fake = fake.clone();
        std::thread::spawn(move || run(&mut GpioSink::new(config(), fake), &inbox, &OutputContext::default()))
    };
    std::thread::sleep(Duration::from_millis(100));
    *fake.broken.lock().unwrap() = false;
    while !active(&fake).contains(&17) {
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(outboxes);
    thread.join().unwrap();
    // Inactive all, but for the alarm, which this configuration wants active when nothing runs.
    assert_eq!(active(&fake), [27]);
}
