//! From a file to a checked configuration, and why not.

use core::fmt;
use std::path::{Path, PathBuf};

use super::{Config, OutOfRange};
use crate::capture;

/// Where the configuration is looked for when `--config` does not say; it may be absent.
pub const DEFAULT_PATH: &str = "/etc/monitor/monitor.toml";

impl Config {
    /// Reads the file `path`, or without one [`DEFAULT_PATH`] where it exists, or the defaults.
    ///
    /// # Errors
    /// When a named file cannot be read, or what it says is not a configuration.
    pub fn load(path: Option<&Path>) -> Result<Self, Error> {
        let (path, required) = path.map_or((Path::new(DEFAULT_PATH), false), |path| (path, true));
        let in_file = |error| Error::File { path: path.into(), error: Box::new(error) };
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text).map_err(in_file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => Ok(Self::default()),
            Err(error) => Err(in_file(Error::Read(error.to_string()))),
        }
    }

    /// Reads and checks the text of a configuration.
    ///
    /// # Errors
    /// When it is no TOML, has unknown keys or values of the wrong type or out of range.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let config: Self = toml::from_str(text).map_err(|error| Error::Parse(error.to_string()))?;
        config.validate()?;
        Ok(config)
    }
}

/// Why there is no configuration. All of it is for a person to mend.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The cause, with the file it is in.
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: Box<Error>,
    },
    /// The file cannot be read.
    Read(String),
    /// No TOML, an unknown key, or a value of the wrong type; the text says line and column.
    Parse(String),
    /// A value of `[capture]` outside its range.
    Capture(capture::config::OutOfRange),
    /// A value outside its range.
    OutOfRange(OutOfRange),
    /// A value of `[decision]` outside its range.
    Decision(monitor_core::decision::Error),
    /// Signatures are required, but by no key.
    NoPublicKey,
    /// A text that cannot be used.
    Text {
        /// The key, with its table.
        key: &'static str,
        /// What it was set to.
        value: String,
        /// What can be.
        remedy: &'static str,
    },
    /// A GPIO line that has two meanings.
    LineTwice {
        /// The line.
        line: u32,
    },
    /// More GPIO lines than one request takes.
    TooManyLines {
        /// How many.
        lines: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Read(error) => write!(f, "the configuration cannot be read: {error}"),
            Self::Parse(error) => write!(f, "{}", error.trim_end()),
            Self::Capture(error) => write!(f, "{error}"),
            Self::OutOfRange(error) => write!(f, "{error}"),
            Self::Decision(error) => write!(f, "{error}"),
            Self::NoPublicKey => write!(f, "listen.require_signature needs listen.public_key: name the .pub file"),
            Self::Text { key, value, remedy } => write!(f, "{key} = \"{value}\" cannot be used: {remedy}"),
            Self::LineTwice { line } => write!(f, "gpio: line {line} has two meanings; give each its own"),
            Self::TooManyLines { lines } => write!(f, "gpio: {lines} lines; at most 64 can be used"),
        }
    }
}

impl core::error::Error for Error {}

impl From<capture::config::OutOfRange> for Error {
    fn from(error: capture::config::OutOfRange) -> Self {
        Self::Capture(error)
    }
}

impl From<OutOfRange> for Error {
    fn from(error: OutOfRange) -> Self {
        Self::OutOfRange(error)
    }
}

impl From<monitor_core::decision::Error> for Error {
    fn from(error: monitor_core::decision::Error) -> Self {
        Self::Decision(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_file_that_is_absent_is_an_error_that_names_it() {
        let message = Config::load(Some(Path::new("/nowhere/monitor.toml"))).unwrap_err().to_string();
        assert!(message.starts_with("/nowhere/monitor.toml: "), "{message}");
    }

    #[test]
    fn a_slip_is_shown_with_its_line() {
        let message = Config::parse("[listen]\nhop_s = \"fast\"").unwrap_err().to_string();
        assert!(message.contains("line 2"), "{message}");
    }
}
