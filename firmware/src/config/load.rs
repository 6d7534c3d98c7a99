//! From a file to a checked configuration.

use std::path::{Path, PathBuf};

use super::Config;
use crate::setting::InvalidSetting;

/// Where the configuration is read from without `--config`; it may be absent.
pub const DEFAULT_PATH: &str = "/etc/monitor/monitor.toml";

impl Config {
    /// Reads the file `path`, or without one [`DEFAULT_PATH`] where it exists, or the defaults.
    ///
    /// # Errors
    /// When a named file cannot be read, or is no configuration.
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

/// Why there is no configuration. All of it is for a person to correct.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The cause, with the file it is in.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: Box<Error>,
    },
    /// The file cannot be read.
    #[error("the configuration cannot be read: {0}")]
    Read(String),
    /// No TOML, an unknown key, or a value of the wrong type; the text has line and column.
    #[error("{}", .0.trim_end())]
    Parse(String),
    /// A setting that cannot be used.
    #[error("{0}")]
    Setting(#[from] InvalidSetting),
    /// A value of `[decision]` outside its range.
    #[error("{0}")]
    Decision(#[from] monitor_core::decision::Error),
    /// Signatures are required, but no key is configured.
    #[error("listen.require_signature needs listen.public_key: name the .pub file")]
    NoPublicKey,
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
    fn a_typing_error_is_shown_with_its_line() {
        let message = Config::parse("[listen]\nhop_s = \"fast\"").unwrap_err().to_string();
        assert!(message.contains("line 2"), "{message}");
    }
}
