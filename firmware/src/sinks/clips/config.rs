//! The sound around each alarm: `[clips]`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{ClipsSink, recorder::Recorder};
use crate::reporting::OutputContext;
use crate::setting::{InvalidSetting, within};
use crate::sinks::{Sink, SinkConfig};

/// Events that may wait for a disk, which may be busy for seconds.
const DISK_QUEUE: usize = 64;

/// `[clips]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
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

impl Default for Config {
    fn default() -> Self {
        Self { folder: PathBuf::new(), before_s: 10.0, after_s: 10.0, pause_s: 60.0, max_mib: 256, reserve_mib: 512 }
    }
}

impl Config {
    /// Whether clips are written.
    pub(crate) fn is_on(&self) -> bool {
        !self.folder.as_os_str().is_empty()
    }
}

impl SinkConfig for Config {
    fn queue(&self) -> Option<usize> {
        self.is_on().then_some(DISK_QUEUE)
    }

    fn validate(&self) -> Result<(), InvalidSetting> {
        within("clips.before_s", self.before_s, 0.0..=60.0)?;
        within("clips.after_s", self.after_s, 1.0..=60.0)?;
        within("clips.pause_s", self.pause_s, 0.0..=86_400.0)?;
        within("clips.max_mib", self.max_mib, 1..=1_048_576)?;
        within("clips.reserve_mib", self.reserve_mib, 0..=1_048_576)
    }

    fn start(&self, context: &OutputContext) -> Result<Box<dyn Sink>, String> {
        let sound = context
            .audio
            .take()
            .ok_or("there is no sound to keep: [clips] takes a restart, and a device or a recording at its own pace")?;
        context.clips.expect_more(true);
        Ok(Box::new(ClipsSink {
            sound: Some(sound),
            recorder: Recorder::new(self.clone(), context.clips.clone(), context.privacy.clone()),
        }))
    }
}
