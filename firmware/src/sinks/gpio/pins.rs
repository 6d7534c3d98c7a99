//! The level of every line.

use std::sync::Arc;
use std::time::Instant;

use super::Config;
use super::chip::{Chip, Error, Levels, Lines};
use crate::reporting::Snapshot;
use crate::system::safe::{self, SafeState};

/// The requested lines, and the levels that they are left at.
struct Requested {
    lines: Arc<dyn Lines>,
    safe_levels: Levels,
}

impl SafeState for Requested {
    fn apply(&self) {
        // An error cannot be reported any more.
        let _ = self.lines.set(&self.safe_levels);
    }
}

/// The pins, and what they show.
pub(super) struct Pins {
    config: Config,
    lines: Option<(Arc<dyn Lines>, Arc<dyn SafeState>)>,
    /// The levels of all lines but the heartbeat's.
    levels: Levels,
    heartbeat: bool,
    last_beat: Instant,
    frames: u64,
}

impl Pins {
    /// Pins that are not requested yet; the state is unknown.
    pub(super) fn new(config: Config) -> Self {
        let levels = levels(&config, &Snapshot::default());
        Self { config, lines: None, levels, heartbeat: false, last_beat: Instant::now(), frames: 0 }
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Requests the lines: they show the state from the first moment.
    ///
    /// # Errors
    /// When they are not available.
    pub(super) fn request(&mut self, chip: &dyn Chip) -> Result<(), Error> {
        let lines = chip.request(&self.config.chip, &self.all_levels(), self.config.active_low)?;
        let safe: Arc<dyn SafeState> =
            Arc::new(Requested { lines: Arc::clone(&lines), safe_levels: self.safe_levels() });
        safe::register(Arc::clone(&safe));
        self.lines = Some((lines, safe));
        Ok(())
    }

    /// Shows the state now.
    ///
    /// # Errors
    /// When the chip refuses.
    pub(super) fn show(&mut self, now: &Snapshot) -> Result<(), Error> {
        let levels = levels(&self.config, now);
        if std::mem::replace(&mut self.levels, levels) == self.levels {
            return Ok(());
        }
        self.set(&self.all_levels())
    }

    /// Changes the heartbeat's level if it is time and sound has arrived since the last change.
    ///
    /// # Errors
    /// When the chip refuses.
    pub(super) fn beat(&mut self, frames: u64, now: Instant) -> Result<(), Error> {
        let Some(line) = self.config.heartbeat else { return Ok(()) };
        let due = now.saturating_duration_since(self.last_beat).as_secs_f32() >= self.config.heartbeat_s;
        if !due || frames == self.frames {
            return Ok(());
        }
        (self.frames, self.last_beat, self.heartbeat) = (frames, now, !self.heartbeat);
        self.set(&[(line, self.heartbeat)])
    }

    fn set(&self, levels: &[(u32, bool)]) -> Result<(), Error> {
        self.lines.as_ref().map_or(Ok(()), |(lines, _)| lines.set(levels))
    }

    /// Whether the lines are requested.
    pub(super) fn have_lines(&self) -> bool {
        self.lines.is_some()
    }

    /// Gives the lines back, so that they can be requested again.
    pub(super) fn release(&mut self) {
        if let Some((_, safe)) = self.lines.take() {
            safe::withdraw(&safe);
        }
    }

    /// Sets the safe levels, for good.
    pub(super) fn end(&mut self) {
        if let Some((_, safe)) = &self.lines {
            safe.apply();
        }
        self.release();
    }

    fn all_levels(&self) -> Levels {
        self.levels.iter().copied().chain(self.config.heartbeat.map(|line| (line, self.heartbeat))).collect()
    }

    /// The level that every line is left at.
    fn safe_levels(&self) -> Levels {
        let alarm = (self.config.alarm, self.config.alarm_when_stopped);
        self.config.outputs().map(|line| (line, alarm == (Some(line), true))).collect()
    }
}

/// The level of every line but the heartbeat's.
fn levels(config: &Config, now: &Snapshot) -> Levels {
    let state = now.state_name();
    let states = config.states.iter().map(|(name, line)| (*line, *name == state));
    let alarm = config.alarm.map(|line| (line, now.is_alarm()));
    let unacknowledged = config.unacknowledged.map(|line| (line, now.unacknowledged != 0));
    states.chain(alarm).chain(unacknowledged).collect()
}
