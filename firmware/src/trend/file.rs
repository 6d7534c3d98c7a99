//! The files of a history in the state directory: `trend.days` with the days that are over, `trend.today` with the present one.
//!
//! Each is lines of JSON with a check sum; the first line names the model, since scores of different models are not comparable.
//! A file is replaced whole. The days of the model before are kept as `trend.days.before`, so that a model that is taken back
//! finds its days again.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use monitor_model::atomic_file;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::day::{ClosedDay, OpenDay};
use super::history::{History, MOST};
use crate::system::messages::warn;
use crate::system::sealed_line::{opened, sealed};

/// Name of the file with the days that are over.
pub const DAYS: &str = "trend.days";

/// Name of the file with the present day.
pub const TODAY: &str = "trend.today";

/// Name of the days of the model before.
pub const BEFORE: &str = "trend.days.before";

/// The first line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    version: u32,
    /// What scores the sound, as hexadecimal digits.
    model: String,
}

/// Layout of the files.
const VERSION: u32 = 1;

/// A history on disk: the folder, and what scores the sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The state directory; where there is no such folder, nothing is kept.
    pub(crate) folder: PathBuf,
    /// Name of model and baseline.
    pub(crate) model: String,
}

impl Place {
    /// Whether anything is kept.
    pub(super) fn is_kept(&self) -> bool {
        self.folder.is_dir()
    }

    /// Reads the history. What is damaged is reported and left out, and what belongs to another model is left alone.
    pub(super) fn read(&self) -> History {
        if !self.is_kept() {
            return History::continued(VecDeque::new(), None);
        }
        atomic_file::tidy(&self.folder.join(DAYS));
        atomic_file::tidy(&self.folder.join(TODAY));
        let mut days: VecDeque<ClosedDay> = self.lines(DAYS).or_else(|| self.lines(BEFORE)).unwrap_or_default().into();
        days.drain(..days.len().saturating_sub(MOST));
        let open = self.lines::<OpenDay>(TODAY).and_then(|mut lines| lines.pop());
        History::continued(days, open)
    }

    /// The lines of one file; `None` if there is none of this model.
    fn lines<T: DeserializeOwned>(&self, name: &str) -> Option<Vec<T>> {
        let path = self.folder.join(name);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(error) => {
                warn(format!("{}: {error}; the trend starts anew", path.display()));
                return None;
            }
        };
        let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let Some(header) = lines.next().and_then(read::<Header>).filter(|header| header.version == VERSION) else {
            warn(format!("{}: damaged, or of another version; the trend starts anew", path.display()));
            return None;
        };
        if header.model != self.model {
            return None;
        }
        let all = lines.map(read::<T>).collect::<Vec<_>>();
        let damaged = all.iter().filter(|line| line.is_none()).count();
        if damaged > 0 {
            warn(format!("{}: {damaged} damaged lines are left out of the trend", path.display()));
        }
        Some(all.into_iter().flatten().collect())
    }

    /// Writes the days that are over.
    ///
    /// # Errors
    /// The error of the file system; the old file is then unchanged.
    pub(super) fn write_days(&self, days: &[u8]) -> std::io::Result<()> {
        let path = self.folder.join(DAYS);
        if is_of_another(&path, &self.model) {
            std::fs::rename(&path, self.folder.join(BEFORE))?;
        }
        atomic_file::write(&path, days)
    }

    /// Writes the present day.
    ///
    /// # Errors
    /// The error of the file system; the old file is then unchanged.
    pub(super) fn write_today(&self, today: &[u8]) -> std::io::Result<()> {
        atomic_file::write(&self.folder.join(TODAY), today)
    }

    /// The content of a file with these lines.
    pub(super) fn content<T: Serialize>(&self, lines: impl IntoIterator<Item = T>) -> Vec<u8> {
        // Writing numbers and texts to memory cannot fail.
        let line = |json: serde_json::Result<Vec<u8>>| sealed(json.unwrap_or_default());
        let mut content = line(serde_json::to_vec(&Header { version: VERSION, model: self.model.clone() }));
        lines.into_iter().for_each(|day| content.extend(line(serde_json::to_vec(&day))));
        content
    }
}

fn read<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    serde_json::from_slice(opened(line)?).ok()
}

/// Whether the file is whole and belongs to another model.
fn is_of_another(path: &Path, model: &str) -> bool {
    let Ok(bytes) = std::fs::read(path) else { return false };
    let header = bytes.split(|byte| *byte == b'\n').next().and_then(read::<Header>);
    header.is_some_and(|header| header.model != model)
}
