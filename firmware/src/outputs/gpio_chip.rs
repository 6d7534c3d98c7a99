//! The seam to the GPIO character device: what the pins' logic needs of a chip, so that tests can hold a fake one.

use core::fmt;
use std::path::Path;
use std::sync::Arc;

use gpiocdev::line::{Value, Values};

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

/// Where lines come from.
pub trait Chip {
    /// Requests lines as outputs that have these levels from the first moment.
    ///
    /// # Errors
    /// When the chip is not there, may not be opened, has no such line, or the line is used by somebody else.
    fn request(&self, path: &Path, levels: &Levels, active_low: bool) -> Result<Arc<dyn Lines>, Error>;
}

/// What the chip says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(pub String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Error {}

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
        let mut request = gpiocdev::Request::builder();
        request.on_chip(path).with_consumer("acoustic-monitor");
        for (line, level) in levels {
            request.with_line(*line).as_output(value(*level));
            if active_low {
                request.as_active_low();
            }
        }
        Ok(Arc::new(request.request()?))
    }
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
