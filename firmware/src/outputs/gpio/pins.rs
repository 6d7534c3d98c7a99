//! What every line is to be, by what was reported.

use std::sync::Arc;
use std::time::Instant;

use monitor_model::line::StateName;
use monitor_wire::CaptureState;

use super::super::safe;
use super::chip::{Chip, Error, Levels, Lines};
use crate::config::GpioConfig;
use crate::report::Report;

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

    /// Whether the lines are to be had.
    pub(super) fn have_lines(&self) -> bool {
        self.lines.is_some()
    }

    /// Gives the lines back, so that they can be requested anew.
    pub(super) fn give_back(&mut self) {
        if let Some(lines) = self.lines.take() {
            safe::forget(&lines);
        }
    }

    /// Sets the safe levels, for good.
    pub(super) fn end(&mut self) {
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
