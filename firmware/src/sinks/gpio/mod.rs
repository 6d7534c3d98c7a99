//! Levels on pins: a line per state, one for the alarm, one that changes as long as sound arrives.

mod button;
pub mod chip;
mod config;
mod pins;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use button::Acknowledge;
use chip::Chip;
pub use config::Config;
use pins::Pins;

use super::Sink;
use crate::reporting::{Item, OutputContext};
use crate::system::messages::warn;

/// Time between two attempts to request lines that are not available.
const RETRY: Duration = Duration::from_secs(1);

/// Shows the state on the pins, and sets them to their safe levels at the end. Lines that are not available, or a chip that
/// vanishes, are requested again every second.
pub struct GpioSink<C> {
    chip: C,
    pins: Pins,
    button: Acknowledge,
    next_try: Instant,
    warned: bool,
}

impl<C: Chip> GpioSink<C> {
    /// A sink for the lines of `chip`, none of which is requested yet.
    pub fn new(config: Config, chip: C) -> Self {
        let (pins, button) = (Pins::new(config), Acknowledge::default());
        Self { chip, pins, button, next_try: Instant::now(), warned: false }
    }

    fn update(&mut self, context: &OutputContext) -> Result<(), chip::Error> {
        if !self.pins.have_lines() && Instant::now() >= self.next_try {
            self.next_try = Instant::now() + RETRY;
            self.button.request(self.pins.config(), &self.chip)?;
            self.pins.request(&self.chip)?;
        }
        self.pins.show(&context.snapshot)?;
        self.pins.beat(context.frames(), Instant::now())?;
        self.button.poll(&context.alarms)
    }
}

impl<C: Chip> Sink for GpioSink<C> {
    fn poll_interval(&self) -> Duration {
        let heartbeat = Duration::from_secs_f32(self.pins.config().heartbeat_s / 5.0);
        heartbeat.clamp(Duration::from_millis(5), RETRY / 5)
    }

    fn poll(&mut self, context: &OutputContext) {
        match self.update(context) {
            Ok(()) => {
                if self.pins.have_lines() && std::mem::replace(&mut self.warned, false) {
                    warn(format!("gpio {}: there again", self.pins.config().chip.display()));
                }
            }
            Err(error) => {
                self.pins.release();
                self.button.release();
                if !std::mem::replace(&mut self.warned, true) {
                    warn(format!(
                        "gpio {}: {error}; trying again every second. Are the line numbers right and free (gpioinfo), and \
                         may this user open the chip (group gpio)?",
                        self.pins.config().chip.display()
                    ));
                }
            }
        }
    }

    fn handle(&mut self, _: &Item, context: &OutputContext) {
        self.poll(context);
    }

    fn finish(&mut self, _: &OutputContext) {
        self.pins.end();
    }
}
