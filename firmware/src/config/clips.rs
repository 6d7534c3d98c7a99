//! The sound around each alarm: `[clips]`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Error, range};

/// `[clips]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClipsConfig {
    /// Folder of the clips; empty for none.
    pub folder: PathBuf,
    /// Seconds before the alarm, 0 to 60.
    pub before_s: f32,
    /// Seconds after it, 1 to 60.
    pub after_s: f32,
    /// Seconds after a clip before the next begins, 0 to 86400.
    pub pause_s: f32,
    /// Most MiB that all clips take, 1 to 1048576; the oldest are deleted first.
    pub max_mib: u32,
    /// MiB of the card that stay free, 0 to 1048576.
    pub reserve_mib: u32,
}

impl Default for ClipsConfig {
    fn default() -> Self {
        Self { folder: PathBuf::new(), before_s: 10.0, after_s: 10.0, pause_s: 60.0, max_mib: 256, reserve_mib: 512 }
    }
}

impl ClipsConfig {
    /// Whether clips are kept.
    pub fn is_on(&self) -> bool {
        !self.folder.as_os_str().is_empty()
    }

    /// Checks the ranges.
    pub(super) fn validate(&self) -> Result<(), Error> {
        range::within("clips.before_s", self.before_s, 0.0, 60.0)?;
        range::within("clips.after_s", self.after_s, 1.0, 60.0)?;
        range::within("clips.pause_s", self.pause_s, 0.0, 86_400.0)?;
        range::within("clips.max_mib", self.max_mib as f32, 1.0, 1_048_576.0)?;
        range::within("clips.reserve_mib", self.reserve_mib as f32, 0.0, 1_048_576.0)?;
        Ok(())
    }
}
