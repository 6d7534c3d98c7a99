//! Levels on pins: a line per state, one for the alarm, one that beats as long as sound arrives.

use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::wire::{CaptureState, StateName};

use super::gpio_button::Acknowledge;
use super::gpio_chip::{Chip, Error, Levels, Lines};
use super::{Signs, safe, warn};
use crate::config::GpioConfig;
use crate::outbox::{Inbox, Received};
use crate::report::Report;

/// Time between two attempts to get lines that are not to be had.
const RETRY: Duration = Duration::from_secs(1);

/// What the pins are to say, and what they were last told.
pub struct Pins<'a> {
    config: &'a GpioConfig,
    lines: Option<Arc<dyn Lines>>,
    /// The reported state; `None` is unknown.
    state: Option<u16>,
    /// Class names, one per line.
    labels: String,
    /// No sound comes: the state is what it was, which says nothing of what it is.
    silent: bool,
    /// A bit for each cause of alarm that holds.
    alarms: u32,
    /// And for each that is yet to be acknowledged.
    unacknowledged: u32,
    beat: bool,
    beaten: Instant,
    frames: u64,
}

impl<'a> Pins<'a> {
    /// Pins that are not requested yet; the state is unknown.
    pub fn new(config: &'a GpioConfig) -> Self {
        Self {
            config,
            lines: None,
            state: None,
            labels: String::new(),
            silent: false,
            alarms: 0,
            unacknowledged: 0,
            beat: false,
            beaten: Instant::now(),
            frames: 0,
        }
    }

    /// Requests the lines: from the first moment they say what is so.
    ///
    /// # Errors
    /// When they are not to be had.
    pub fn request(&mut self, chip: &dyn Chip) -> Result<(), Error> {
        let lines = chip.request(&self.config.chip, &self.levels(), self.config.active_low)?;
        safe::remember(Arc::clone(&lines), self.safe_levels());
        self.lines = Some(lines);
        Ok(())
    }

    /// Takes what a report says of state and alarm. Every window tells the state and every health report the alarms, so
    /// that a report that was dropped is made up for within a second.
    ///
    /// # Errors
    /// When the chip refuses.
    pub fn report(&mut self, report: &Report) -> Result<(), Error> {
        let before = (self.state, self.silent, self.alarms, self.unacknowledged);
        match report {
            Report::Hello(who) if self.labels != who.labels => {
                self.labels.clone_from(&who.labels);
                return self.set();
            }
            Report::Window(window) => self.state = window.state,
            Report::StateChange(change) => self.state = change.state,
            Report::Alarm(alarm) => alarm.enter(&mut self.alarms, &mut self.unacknowledged),
            Report::Acknowledged(acknowledged) => self.unacknowledged &= !acknowledged.causes,
            Report::Health(health) => {
                (self.alarms, self.unacknowledged) = (health.alarms, health.unacknowledged);
                let heard = [CaptureState::Running as u8, CaptureState::Ended as u8];
                self.silent = !heard.contains(&health.capture);
            }
            Report::Hello(_) | Report::Gap(_) => {}
        }
        if before == (self.state, self.silent, self.alarms, self.unacknowledged) { Ok(()) } else { self.set() }
    }

    /// Beats if it is time and sound has arrived since the last beat.
    ///
    /// # Errors
    /// When the chip refuses.
    pub fn beat(&mut self, frames: u64, now: Instant) -> Result<(), Error> {
        let Some(line) = self.config.heartbeat else { return Ok(()) };
        let due = now.saturating_duration_since(self.beaten).as_secs_f32() >= self.config.heartbeat_s;
        if !due || frames == self.frames {
            return Ok(());
        }
        self.frames = frames;
        self.beaten = now;
        self.beat = !self.beat;
        match &self.lines {
            Some(lines) => lines.set(&[(line, self.beat)]),
            None => Ok(()),
        }
    }

    fn set(&self) -> Result<(), Error> {
        match &self.lines {
            Some(lines) => lines.set(&self.levels()),
            None => Ok(()),
        }
    }

    /// Gives the lines back, so that they can be requested anew.
    fn give_back(&mut self) {
        if let Some(lines) = self.lines.take() {
            safe::forget(&lines);
        }
    }

    /// Sets the safe levels, for good.
    fn end(&mut self) {
        if let Some(lines) = &self.lines {
            // There is nobody left to tell.
            let _ = lines.set(&self.safe_levels());
        }
        self.give_back();
    }

    /// What every line is to be.
    fn levels(&self) -> Levels {
        let now = StateName { labels: &self.labels, state: self.state.filter(|_| !self.silent) }.to_string();
        let states = self.config.states.iter().map(|(state, line)| (*line, *state == now));
        let alarm = self.config.alarm.map(|line| (line, self.alarms | self.unacknowledged != 0));
        let unacknowledged = self.config.unacknowledged.map(|line| (line, self.unacknowledged != 0));
        states.chain(alarm).chain(unacknowledged).chain(self.config.heartbeat.map(|line| (line, self.beat))).collect()
    }

    /// What every line is left at.
    fn safe_levels(&self) -> Levels {
        let alarm = (self.config.alarm, self.config.alarm_when_stopped);
        self.config.outputs().map(|line| (line, alarm == (Some(line), true))).collect()
    }
}

/// Shows reports on the pins until there will be no more, and then sets them to their safe levels. Lines that are not to
/// be had, or a chip that vanishes, are asked for again every second.
pub fn run(inbox: &Inbox, config: &GpioConfig, chip: &dyn Chip, signs: &Signs) {
    let mut pins = Pins::new(config);
    let mut button = Acknowledge::new(config, &signs.alarms);
    let mut next_try = Instant::now();
    let mut warned = false;
    let glance = Duration::from_secs_f32(config.heartbeat_s / 5.0).clamp(Duration::from_millis(5), RETRY / 5);
    loop {
        let mut outcome = Ok(());
        if pins.lines.is_none() && Instant::now() >= next_try {
            next_try = Instant::now() + RETRY;
            outcome = button.request(chip).and_then(|()| pins.request(chip));
        }
        match inbox.next(glance) {
            Received::Item(item) => outcome = outcome.and(pins.report(&item.report)),
            Received::Nothing => {}
            Received::End => break,
        }
        outcome = outcome.and(pins.beat(signs.frames(), Instant::now())).and_then(|()| button.look());
        match outcome {
            Ok(()) => {
                if pins.lines.is_some() && std::mem::replace(&mut warned, false) {
                    warn(format!("gpio {}: there again", config.chip.display()));
                }
            }
            Err(error) => {
                pins.give_back();
                button.give_back();
                if !std::mem::replace(&mut warned, true) {
                    warn(format!(
                        "gpio {}: {error}; trying again every second. Are the line numbers right and free (gpioinfo), and \
                         may this user open the chip (group gpio)?",
                        config.chip.display()
                    ));
                }
            }
        }
    }
    pins.end();
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::Mutex;

    use shared::wire::{Acknowledged, Alarm, Health, StateChange};

    use super::super::gpio_chip::Button;
    use super::*;
    use crate::outbox::Outboxes;
    use crate::report::Who;

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

    fn config() -> GpioConfig {
        GpioConfig {
            alarm: Some(27),
            heartbeat: Some(22),
            heartbeat_s: 0.05,
            alarm_when_stopped: true,
            states: [("on_state".to_string(), 17), ("off_state".into(), 18), ("unknown".into(), 19)].into(),
            ..GpioConfig::default()
        }
    }

    const LABELS: &str = "off_state\non_state";

    fn hello() -> Report {
        Report::Hello(Arc::new(Who {
            model: String::new(),
            model_sha256: [0; 32],
            labels: LABELS.into(),
            rate_hz: 0,
            hop_us: 0,
            not_used: String::new(),
        }))
    }

    fn window(state: Option<u16>) -> Report {
        Report::Window(crate::report::Window {
            index: 0,
            start_sample: 0,
            state,
            confidence: 1.0,
            level_dbfs: -30.0,
            spans_gap: false,
            inference_us: 1,
            anomaly: None,
            probabilities: heapless::Vec::new(),
        })
    }

    fn health(capture: CaptureState, alarms: u32) -> Report {
        Report::Health(Health { capture: capture as u8, alarms, ..Health::default() })
    }

    fn change(state: Option<u16>) -> Report {
        Report::StateChange(StateChange { index: 0, previous: None, state, confidence: 1.0 })
    }

    fn alarm(active: bool, cause: u8) -> Report {
        Report::Alarm(Alarm { active, cause, state: None, index: 0, unacknowledged: false })
    }

    fn active(fake: &Fake) -> Vec<u32> {
        fake.levels.lock().unwrap().iter().filter(|(_, level)| **level).map(|(line, _)| *line).collect()
    }

    #[test]
    fn at_the_start_the_state_is_unknown_and_nothing_else_is_active() {
        let (fake, config) = (Fake::default(), config());
        Pins::new(&config).request(&fake).unwrap();
        let first = fake.first.lock().unwrap().clone();
        assert_eq!(first.iter().filter(|(_, level)| *level).collect::<Vec<_>>(), [&(19, true)]);
        assert_eq!(first.len(), 5);
    }

    #[test]
    fn the_line_of_the_state_is_active_and_no_other() {
        let (fake, config) = (Fake::default(), config());
        let mut pins = Pins::new(&config);
        pins.request(&fake).unwrap();
        pins.report(&hello()).unwrap();
        for (state, line) in [(Some(1), 17), (Some(0), 18), (None, 19)] {
            pins.report(&change(state)).unwrap();
            assert_eq!(active(&fake), [line]);
        }
    }

    #[test]
    fn the_alarm_line_is_active_while_any_cause_holds() {
        let (fake, config) = (Fake::default(), config());
        let mut pins = Pins::new(&config);
        pins.request(&fake).unwrap();
        for (report, on) in
            [(alarm(true, 0), true), (alarm(true, 2), true), (alarm(false, 0), true), (alarm(false, 2), false)]
        {
            pins.report(&report).unwrap();
            assert_eq!(active(&fake).contains(&27), on);
        }
    }

    #[test]
    fn a_latched_alarm_keeps_its_line_until_it_is_acknowledged_and_the_horn_is_silent_from_then_on() {
        let (fake, config) = (Fake::default(), GpioConfig { unacknowledged: Some(24), ..config() });
        let mut pins = Pins::new(&config);
        pins.request(&fake).unwrap();
        let latched = |active| Report::Alarm(Alarm { active, cause: 1, state: None, index: 0, unacknowledged: true });
        let acknowledged = Report::Acknowledged(Acknowledged { causes: 1 << 1, by: 0, index: 0 });
        // Acknowledged while it holds, and after it has ended.
        let stories = [
            [(latched(true), [true, true]), (acknowledged.clone(), [true, false]), (alarm(false, 1), [false, false])],
            [(latched(true), [true, true]), (latched(false), [true, true]), (acknowledged, [false, false])],
        ];
        for (report, lines) in stories.into_iter().flatten() {
            pins.report(&report).unwrap();
            assert_eq!([27, 24].map(|line| active(&fake).contains(&line)), lines, "{report:?}");
        }
    }

    #[test]
    fn a_press_of_the_button_acknowledges_every_alarm() {
        let (fake, config) = (Fake::default(), GpioConfig { acknowledge: Some(23), ..config() });
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(8, false);
        let signs = Signs::default();
        signs.alarms.latch(true);
        signs.alarms.change(2, true, None, 0);
        let alarms = Arc::clone(&signs.alarms);
        let thread = {
            let fake = fake.clone();
            std::thread::spawn(move || run(&inbox, &config, &fake, &signs))
        };
        *fake.presses.lock().unwrap() += 1;
        let begun = Instant::now();
        let told = loop {
            let told: Vec<_> = alarms.acknowledged().collect();
            if !told.is_empty() {
                break told;
            }
            assert!(begun.elapsed() < Duration::from_secs(10));
            std::thread::sleep(Duration::from_millis(1));
        };
        assert_eq!(told, [(shared::wire::AcknowledgedBy::Gpio, 1 << 2)]);
        drop(outboxes);
        thread.join().unwrap();
    }

    #[test]
    fn a_change_and_an_alarm_that_were_dropped_are_made_up_for_by_the_next_window_and_health() {
        let (fake, config) = (Fake::default(), config());
        let mut pins = Pins::new(&config);
        pins.request(&fake).unwrap();
        pins.report(&hello()).unwrap();
        pins.report(&window(Some(1))).unwrap();
        assert_eq!(active(&fake), [17]);
        pins.report(&health(CaptureState::Running, 1 << 2)).unwrap();
        assert_eq!(active(&fake), [17, 27]);
        pins.report(&health(CaptureState::Running, 0)).unwrap();
        assert_eq!(active(&fake), [17]);
    }

    #[test]
    fn while_there_is_no_sound_the_state_is_unknown_and_then_what_it_was() {
        let (fake, config) = (Fake::default(), config());
        let mut pins = Pins::new(&config);
        pins.request(&fake).unwrap();
        pins.report(&hello()).unwrap();
        pins.report(&window(Some(1))).unwrap();
        for capture in [CaptureState::Absent, CaptureState::Recovering] {
            pins.report(&health(capture, 0)).unwrap();
            assert_eq!(active(&fake), [19]);
        }
        pins.report(&health(CaptureState::Running, 0)).unwrap();
        assert_eq!(active(&fake), [17]);
    }

    #[test]
    fn the_heartbeat_stands_still_when_no_sound_arrives() {
        let (fake, config) = (Fake::default(), config());
        let mut pins = Pins::new(&config);
        pins.request(&fake).unwrap();
        let start = Instant::now();
        for step in 1..100 {
            let frames = if step < 50 { step } else { 50 };
            pins.beat(frames, start + Duration::from_millis(20 * step)).unwrap();
        }
        // Every 60 ms (the first multiple of 20 that is 50 or more) for one second.
        assert!((15..=18).contains(&*fake.beats.lock().unwrap()), "{:?}", fake.beats);
    }

    #[test]
    fn a_chip_that_comes_late_says_what_is_so_and_the_end_sets_the_safe_levels() {
        let fake = Fake::default();
        *fake.broken.lock().unwrap() = true;
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(8, false);
        outboxes.send(&hello());
        outboxes.send(&change(Some(1)));
        let thread = {
            let fake = fake.clone();
            std::thread::spawn(move || run(&inbox, &config(), &fake, &Signs::default()))
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
}
