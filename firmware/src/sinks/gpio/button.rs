//! A button on a GPIO line that acknowledges alarms.

use std::sync::Arc;

use monitor_wire::AcknowledgedBy;

use super::Config;
use super::chip::{Button, Chip, Error};
use crate::alarms::{ALL, Alarms};

/// The button, requested when it can be had.
#[derive(Default)]
pub(super) struct Acknowledge {
    button: Option<Arc<dyn Button>>,
}

impl Acknowledge {
    /// Requests the line, if the configuration has a button.
    ///
    /// # Errors
    /// When the line is not available.
    pub(super) fn request(&mut self, config: &Config, chip: &dyn Chip) -> Result<(), Error> {
        if let Some(line) = config.acknowledge {
            self.button = Some(chip.button(&config.chip, line, config.acknowledge_active_low)?);
        }
        Ok(())
    }

    /// Gives the line back.
    pub(super) fn release(&mut self) {
        self.button = None;
    }

    /// Acknowledges every alarm if the button was pressed since the last call. One that is held down, or stuck, counts once.
    ///
    /// # Errors
    /// When the chip refuses.
    pub(super) fn poll(&self, alarms: &Alarms) -> Result<(), Error> {
        if let Some(button) = &self.button
            && button.pressed()?
        {
            alarms.acknowledge(AcknowledgedBy::Gpio, ALL);
        }
        Ok(())
    }
}
