//! The start of a service: the package starts it before anybody has put a model in its place.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use monitor_model::owned;

use crate::commands::options::Options;
use crate::config::Config;
use crate::inference::{Setup, SetupError};
use crate::system::messages::warn;
use crate::system::notify::Notify;
use crate::system::signals::{Request, Signals};

/// Time between two looks for the file.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// The configuration and its model, to start with; `None` if a signal requested a stop before there was a model. Under systemd an absent
/// model is waited for, as a microphone is: a program that ended would be started again and report the same error every two seconds.
///
/// # Errors
/// As [`Options::start`]. A file that is there and cannot be used is not waited for.
pub(super) fn start(options: &Options, signals: &Signals, notify: &Notify) -> anyhow::Result<Option<(Config, Setup)>> {
    loop {
        let error = match options.start() {
            Ok(started) => return Ok(Some(started)),
            Err(error) => error,
        };
        let waits = notify.is_under_systemd() && !options.is_lossless();
        let Some(path) = absent_model(&error).filter(|_| waits) else { return Err(error) };
        let line = format!("there is no model {} yet: waiting for it; copy one there", path.display());
        notify.status(&line);
        warn(line);
        while !path.exists() {
            match signals.wait(LOOK_INTERVAL) {
                Some(Request::Stop) => return Ok(None),
                // The configuration may name another file now.
                Some(Request::Reload) => break,
                Some(Request::Acknowledge) | None => {}
            }
        }
    }
}

/// The model's path, if the error is that there is no such file.
fn absent_model(error: &anyhow::Error) -> Option<&Path> {
    match error.downcast_ref()? {
        SetupError::Model(owned::Error::Read { path, error }) if error.kind() == ErrorKind::NotFound => Some(path),
        _ => None,
    }
}
