//! What this device has learned of its machine's normal sound (`firmware learn`): a file beside the model, never in it.
//!
//! It is bound to the model's bytes by their CRC-32, so that it goes out of use with the model. It is not signed: with
//! `listen.require_signature` it is taken only where `listen.allow_enrolment` says so, as whoever can write to the state
//! directory could otherwise silence the alarm.

use core::fmt;
use std::path::{Path, PathBuf};

use monitor_model::anomaly::enrol;

use crate::config::ListenConfig;

/// Name of the file in the state directory.
pub const NAME: &str = "anomaly.enrolment";

/// Where the file lies.
pub fn path(config: &ListenConfig) -> PathBuf {
    config.state_dir.join(NAME)
}

/// Whether what was learned may be used.
pub fn allowed(config: &ListenConfig) -> bool {
    config.allow_enrolment || !config.require_signature
}

/// The tables that were learned for the model of the bytes `model`; `None` if nothing was learned.
///
/// # Errors
/// When there is a file and it is not to be used: why not. The model's own tables hold then.
pub fn load(config: &ListenConfig, model: &[u8]) -> Result<Option<Vec<u8>>, Ignored> {
    let path = path(config);
    let ignored = |cause: String| Ignored { path: path.clone(), cause };
    match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ignored(error.to_string())),
        Ok(_) if !allowed(config) => Err(ignored(
            "listen.require_signature is set and it bears none; set listen.allow_enrolment = true to use it, or delete it".into(),
        )),
        Ok(bytes) => match enrol::open(model, &bytes) {
            Ok(tables) => Ok(Some(tables.to_vec())),
            Err(refused) => Err(ignored(refused.to_string())),
        },
    }
}

/// Writes what was learned with the model of the bytes `model`, whole or not at all.
///
/// # Errors
/// When the file cannot be written.
pub fn save(path: &Path, model: &[u8], tables: &[u8]) -> std::io::Result<()> {
    monitor_model::atomic_file::write(path, &enrol::seal(model, tables))
}

/// A file that is not used, and why: the model's own tables hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    path: PathBuf,
    cause: String,
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is ignored: {}", self.path.display(), self.cause)
    }
}
