//! What waits, in a file of the state directory, so that neither a restart nor a power cut loses it.
//!
//! Written only while something waits for longer than a few seconds: with a server that answers, the card is never written to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::notice::Notice;
use super::policy::Held;
use crate::system::messages::warn;

/// The file's name.
const FILE: &str = "notify.json";

/// Least time between two writes.
const INTERVAL: Duration = Duration::from_secs(5);

/// Longest file that is read, in bytes: 1000 messages for each of three servers.
const MOST: u64 = 12 << 20;

/// What waits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Waiting {
    /// What is held back for the digest, by kind.
    pub(super) held: BTreeMap<String, Held>,
    /// The messages, by channel.
    pub(super) messages: BTreeMap<String, Vec<Notice>>,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.held.is_empty() && self.messages.values().all(Vec::is_empty)
    }
}

/// The file.
#[derive(Debug)]
pub(super) struct Store {
    /// `None` without a state directory.
    path: Option<PathBuf>,
    /// What it contains.
    written: Waiting,
    at: Instant,
    warned: bool,
}

impl Store {
    /// Opens the file in `state_dir`; returns what waited when the program ended.
    pub(super) fn open(state_dir: &Path) -> (Self, Waiting) {
        let path = (!state_dir.as_os_str().is_empty()).then(|| state_dir.join(FILE));
        let written = path.as_deref().map(read).unwrap_or_default();
        (Self { path, written: written.clone(), at: Instant::now(), warned: false }, written)
    }

    /// Whether there is a folder for it.
    pub(super) fn is_there(&self) -> bool {
        self.path.is_some()
    }

    /// Whether it is time to write.
    pub(super) fn is_due(&self) -> bool {
        self.at.elapsed() >= INTERVAL
    }

    /// Writes what waits, if it has changed; removes the file when nothing does.
    pub(super) fn write(&mut self, waiting: Waiting) {
        self.at = Instant::now();
        let Some(path) = self.path.as_deref().filter(|_| waiting != self.written) else { return };
        let done = if waiting.is_empty() {
            remove(path)
        } else {
            serde_json::to_vec(&waiting)
                .map_err(std::io::Error::other)
                .and_then(|text| monitor_model::atomic_file::write(path, &text))
        };
        match done {
            Ok(()) => (self.written, self.warned) = (waiting, false),
            Err(error) if !std::mem::replace(&mut self.warned, true) => {
                warn(format!(
                    "notify: {}: what waits to be sent would be lost with a restart: {error}",
                    path.display()
                ));
            }
            Err(_) => {}
        }
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Reads the file; nothing where it is absent or damaged, which is reported.
fn read(path: &Path) -> Waiting {
    let read = || {
        if std::fs::metadata(path)?.len() > MOST {
            return Err(std::io::Error::other("it is too large"));
        }
        serde_json::from_slice(&std::fs::read(path)?).map_err(std::io::Error::other)
    };
    read().unwrap_or_else(|error| {
        if error.kind() != std::io::ErrorKind::NotFound {
            warn(format!("notify: {}: what waited to be sent is lost: {error}", path.display()));
        }
        Waiting::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::notify::sink::tests::notice;

    #[test]
    fn what_waits_is_there_after_a_restart_and_the_file_goes_when_nothing_waits() {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, before) = Store::open(folder.path());
        assert!(before.is_empty());
        let held = BTreeMap::from([("anomaly".into(), Held { count: 3, first_ms: 1, last_ms: 2 })]);
        let waiting = Waiting { held, messages: BTreeMap::from([("ntfy".into(), vec![notice("a")])]) };
        store.write(waiting.clone());
        assert_eq!(Store::open(folder.path()).1, waiting);
        store.write(Waiting::default());
        assert!(!folder.path().join(FILE).exists());
        std::fs::write(folder.path().join(FILE), "{\"held\":").unwrap();
        assert!(Store::open(folder.path()).1.is_empty());
    }
}
