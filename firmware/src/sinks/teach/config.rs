//! Sound that the device was unsure of or called unusual, for people to label: `[teach]`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::TeachSink;
use crate::reporting::OutputContext;
use crate::setting::{InvalidSetting, within};
use crate::sinks::{Sink, SinkConfig};

/// Events that may wait for a disk, which may be busy for seconds.
const DISK_QUEUE: usize = 64;

/// `[teach]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Folder of the clips and of their labels; empty for none.
    pub folder: PathBuf,
    /// Seconds of a clip, 2 to 30.
    pub clip_s: f32,
    /// Smoothed probability of the reported state below which the device is unsure, 0 to 1.
    pub confidence: f32,
    /// Seconds for which it is unsure before sound is queued, 0.5 to 600.
    pub unsure_s: f32,
    /// Seconds between two candidates of one kind, 0 to 86400.
    pub pause_s: f32,
    /// Difference of mean spectra below which two sounds count as the same, in dB, 0 to 40.
    pub distance_db: f32,
    /// Most clips that wait for a label, 1 to 200.
    pub places: u32,
    /// Most MiB of all clips, 1 to 1048576.
    pub max_mib: u32,
    /// MiB of the card that stay free, 0 to 1048576.
    pub reserve_mib: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            clip_s: 5.0,
            confidence: 0.7,
            unsure_s: 3.0,
            pause_s: 30.0,
            distance_db: 3.0,
            places: 24,
            max_mib: 128,
            reserve_mib: 512,
        }
    }
}

impl Config {
    /// Whether sound is queued.
    pub(crate) fn is_on(&self) -> bool {
        !self.folder.as_os_str().is_empty()
    }
}

impl SinkConfig for Config {
    fn queue(&self) -> Option<usize> {
        self.is_on().then_some(DISK_QUEUE)
    }

    fn validate(&self) -> Result<(), InvalidSetting> {
        within("teach.clip_s", self.clip_s, 2.0..=30.0)?;
        within("teach.confidence", self.confidence, 0.0..=1.0)?;
        within("teach.unsure_s", self.unsure_s, 0.5..=600.0)?;
        within("teach.pause_s", self.pause_s, 0.0..=86_400.0)?;
        within("teach.distance_db", self.distance_db, 0.0..=40.0)?;
        within("teach.places", self.places, 1..=200)?;
        within("teach.max_mib", self.max_mib, 1..=1_048_576)?;
        within("teach.reserve_mib", self.reserve_mib, 0..=1_048_576)
    }

    fn start(&self, context: &OutputContext) -> Result<Box<dyn Sink>, String> {
        let sound = context.teach.sound.take().ok_or(
            "there is no sound to queue: [teach] takes a restart, and a device or a recording at its own pace",
        )?;
        Ok(Box::new(TeachSink::new(self, context, sound)))
    }
}
