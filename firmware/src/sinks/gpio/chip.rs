//! The interface to the GPIO character device, which tests replace by a fake chip.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gpiocdev::line::{Bias, EdgeDetection, Value, Values};

/// Name of the lines' user while they are requested, as `gpioinfo` shows it.
pub const CONSUMER: &str = "acoustic-monitor";

/// Lines with their levels; true is active.
pub type Levels = Vec<(u32, bool)>;

/// Requested lines. Dropping them gives them back to the kernel.
pub trait Lines: Send + Sync {
    /// Sets some of the lines, all in one call.
    ///
    /// # Errors
    /// When the chip refuses or is gone.
    fn set(&self, levels: &[(u32, bool)]) -> Result<(), Error>;
}

/// A requested input line.
pub trait Button: Send + Sync {
    /// Whether the line has become active since the last call, however briefly.
    ///
    /// # Errors
    /// When the chip is gone.
    fn pressed(&self) -> Result<bool, Error>;
}

/// How long a contact may bounce.
const DEBOUNCE: Duration = Duration::from_millis(20);

/// A chip with lines.
pub trait Chip {
    /// Requests lines as outputs that have these levels from the first moment.
    ///
    /// # Errors
    /// When the chip is not there, may not be opened, has no such line, or another program uses the line.
    fn request(&self, path: &Path, levels: &Levels, active_low: bool) -> Result<Arc<dyn Lines>, Error>;

    /// Requests a line as an input that is pulled to its inactive level.
    ///
    /// # Errors
    /// As [`request`](Self::request).
    fn button(&self, path: &Path, line: u32, active_low: bool) -> Result<Arc<dyn Button>, Error>;
}

/// Why the chip refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

impl From<gpiocdev::Error> for Error {
    fn from(error: gpiocdev::Error) -> Self {
        Self(error.to_string())
    }
}

/// The kernel's GPIO character device.
#[derive(Debug, Clone, Copy)]
pub struct CharacterDevice;

impl Chip for CharacterDevice {
    fn request(&self, path: &Path, levels: &Levels, active_low: bool) -> Result<Arc<dyn Lines>, Error> {
        Ok(Arc::new(request(path, levels, active_low).request()?))
    }

    fn button(&self, path: &Path, line: u32, active_low: bool) -> Result<Arc<dyn Button>, Error> {
        Ok(Arc::new(button(path, line, active_low).request()?))
    }
}

/// What the kernel is asked for.
fn button(path: &Path, line: u32, active_low: bool) -> gpiocdev::request::Builder {
    let mut request = gpiocdev::Request::builder();
    request.on_chip(path).with_consumer(CONSUMER).with_line(line).as_input();
    if active_low {
        request.as_active_low();
    }
    // The kernel keeps the edges until they are read: no press is too short to be found by polling.
    request
        .with_bias(if active_low { Bias::PullUp } else { Bias::PullDown })
        .with_edge_detection(EdgeDetection::RisingEdge)
        .with_debounce_period(DEBOUNCE);
    request
}

impl Button for gpiocdev::Request {
    fn pressed(&self) -> Result<bool, Error> {
        let mut pressed = false;
        while self.has_edge_event()? {
            self.read_edge_event()?;
            pressed = true;
        }
        Ok(pressed)
    }
}

/// What the kernel is asked for.
fn request(path: &Path, levels: &Levels, active_low: bool) -> gpiocdev::request::Builder {
    let mut request = gpiocdev::Request::builder();
    request.on_chip(path).with_consumer(CONSUMER);
    for (line, level) in levels {
        request.with_line(*line).as_output(value(*level));
        if active_low {
            request.as_active_low();
        }
    }
    request
}

impl Lines for gpiocdev::Request {
    fn set(&self, levels: &[(u32, bool)]) -> Result<(), Error> {
        let mut values = Values::default();
        for (line, level) in levels {
            values.set(*line, value(*level));
        }
        Ok(self.set_values(&values)?)
    }
}

fn value(active: bool) -> Value {
    if active { Value::Active } else { Value::Inactive }
}

#[cfg(test)]
mod tests {
    use gpiocdev::line::Direction;

    use super::*;

    #[test]
    fn a_button_is_pulled_to_its_inactive_level_and_its_edges_are_kept() {
        for (active_low, bias) in [(true, Bias::PullUp), (false, Bias::PullDown)] {
            let request = button(Path::new("/dev/gpiochip0"), 23, active_low);
            let config = request.config();
            let line = config.line_config(23).unwrap();
            assert_eq!((line.direction, line.active_low, line.bias), (Some(Direction::Input), active_low, Some(bias)));
            assert_eq!(line.edge_detection, Some(EdgeDetection::RisingEdge));
        }
    }

    #[test]
    fn active_low_is_asked_for_on_every_line_and_levels_stay_active_and_inactive() {
        let levels = vec![(27, true), (17, false), (22, false)];
        for active_low in [false, true] {
            let config = request(Path::new("/dev/gpiochip0"), &levels, active_low).config();
            assert_eq!(config.num_lines(), 3);
            for (line, level) in &levels {
                let line = config.line_config(*line).unwrap();
                // The kernel turns active into the low level: the value here is the meaning, not the voltage.
                assert_eq!((line.active_low, line.value), (active_low, Some(value(*level))));
                assert_eq!(line.direction, Some(Direction::Output));
            }
        }
    }
}
