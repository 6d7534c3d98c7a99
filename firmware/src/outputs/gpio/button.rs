//! A button on a GPIO line that acknowledges alarms.

use std::sync::Arc;

use monitor_wire::AcknowledgedBy;

use super::chip::{Button, Chip, Error};
use crate::alarms::{ALL, Alarms};
use crate::config::GpioConfig;

/// The button, requested when it can be had.
pub struct Acknowledge<'a> {
    config: &'a GpioConfig,
    alarms: &'a Alarms,
    button: Option<Arc<dyn Button>>,
}

impl<'a> Acknowledge<'a> {
    /// A button that is not requested yet.
    pub fn new(config: &'a GpioConfig, alarms: &'a Alarms) -> Self {
        Self { config, alarms, button: None }
    }

    /// Requests the line, if there is to be a button.
    ///
    /// # Errors
    /// When it is not to be had.
    pub fn request(&mut self, chip: &dyn Chip) -> Result<(), Error> {
        if let Some(line) = self.config.acknowledge {
            self.button = Some(chip.button(&self.config.chip, line, self.config.acknowledge_active_low)?);
        }
        Ok(())
    }

    /// Gives the line back.
    pub fn give_back(&mut self) {
        self.button = None;
    }

    /// Acknowledges every alarm if the button was pressed since the last time. One that is held down, or stuck, does so once.
    ///
    /// # Errors
    /// When the chip refuses.
    pub fn look(&self) -> Result<(), Error> {
        if let Some(button) = &self.button
            && button.pressed()?
        {
            self.alarms.acknowledge(AcknowledgedBy::Gpio, ALL);
        }
        Ok(())
    }
}
