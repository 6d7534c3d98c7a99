//! The baseline of this device's machine: its normal sound, recorded by `firmware baseline`, in a file beside the model.
//!
//! The file is bound to the model's bytes by their CRC-32: another model does not use it. It is not signed: with
//! `listen.require_signature` it is used only if `listen.allow_baseline` is set, since any process that can write to the state
//! directory could otherwise suppress the alarm.

use std::path::{Path, PathBuf};

use monitor_model::anomaly::baseline_file::{self, BaselineTables};
use nix::unistd::{AccessFlags, access};

use super::Settings;

/// Name of the file in the state directory.
pub(crate) const NAME: &str = "anomaly.baseline";

/// Its name until version 0.1, which is read where there is no other.
pub(crate) const OLD_NAME: &str = "anomaly.enrolment";

/// Where the file is written.
pub(crate) fn path(settings: &Settings) -> PathBuf {
    settings.state_dir.join(NAME)
}

/// Checks that a baseline can be written, without writing anything: the folder, or the nearest one above it that exists.
///
/// # Errors
/// When no folder is configured, or this user may not write there.
pub(crate) fn check_writable(settings: &Settings) -> Result<(), NotWritable> {
    let folder = &settings.state_dir;
    if folder.as_os_str().is_empty() {
        return Err(NotWritable::NoFolder);
    }
    let existing = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    access(existing, AccessFlags::W_OK | AccessFlags::X_OK)
        .map_err(|errno| NotWritable::Refused { path: path(settings), cause: errno.desc() })
}

/// The tables of the baseline for the model of the bytes `model`; `None` without a baseline.
///
/// # Errors
/// When there is a file and it is not used, and why. The model's own tables are used then.
pub(crate) fn load(settings: &Settings, model: &[u8]) -> Result<Option<BaselineTables>, Ignored> {
    for path in [path(settings), settings.state_dir.join(OLD_NAME)] {
        let ignored = |cause: String| Ignored { path: path.clone(), cause };
        return match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => Err(ignored(error.to_string())),
            Ok(_) if !settings.allowed => Err(ignored(
                "listen.require_signature is set and it bears none; set listen.allow_baseline = true to use it, or delete it"
                    .into(),
            )),
            Ok(bytes) => BaselineTables::open(model, bytes).map(Some).map_err(|refused| ignored(refused.to_string())),
        };
    }
    Ok(None)
}

/// Writes the baseline recorded with the model of the bytes `model`, whole or not at all. It replaces one of the old name.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn save(settings: &Settings, model: &[u8], tables: &[u8]) -> std::io::Result<()> {
    monitor_model::atomic_file::write(&path(settings), &baseline_file::seal(model, tables))?;
    match std::fs::remove_file(settings.state_dir.join(OLD_NAME)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Why no baseline can be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotWritable {
    /// No folder is configured.
    #[error("there is no folder for the baseline: give --state-dir DIR, or set listen.state_dir in the configuration")]
    NoFolder,
    /// This user may not write there.
    #[error(
        "the baseline is to be written to {}, which is not possible: {cause}; give --state-dir DIR, a folder that you may \
         write to, to `baseline` and to `run`, or set listen.state_dir in the configuration",
        .path.display()
    )]
    Refused {
        /// The file.
        path: PathBuf,
        /// What the system reports.
        cause: &'static str,
    },
}

/// A file that is not used, and why: the model's own tables are used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is ignored: {cause}", .path.display())]
pub(crate) struct Ignored {
    path: PathBuf,
    cause: String,
}
