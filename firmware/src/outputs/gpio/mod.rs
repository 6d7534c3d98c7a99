//! Levels on pins: a line per state, one for the alarm, one that beats as long as sound arrives.

mod button;
pub mod chip;
mod pins;
#[cfg(test)]
mod tests;

pub use pins::Pins;

use std::time::{Duration, Instant};

use button::Acknowledge;
use chip::Chip;

use super::{Signs, warn};
use crate::config::GpioConfig;
use crate::outbox::{Inbox, Received};

/// Time between two attempts to get lines that are not to be had.
const RETRY: Duration = Duration::from_secs(1);

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
        if !pins.have_lines() && Instant::now() >= next_try {
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
                if pins.have_lines() && std::mem::replace(&mut warned, false) {
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
