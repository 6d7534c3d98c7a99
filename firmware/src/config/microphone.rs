//! `[microphone]`: the limits of a microphone that works.

use monitor_core::microphone::Limits;
use serde::{Deserialize, Serialize};

use crate::setting::{InvalidSetting, within};

/// `[microphone]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MicrophoneConfig {
    /// Seconds that a fault must last to be reported, and good sound to end it: 0 to 3600; 0 for never.
    pub after_s: f32,
    /// Largest distance of the mean from zero, full scale 1: 0 to 1.
    pub offset: f32,
    /// Largest share of samples at full scale: 0 to 1.
    pub clipped: f32,
}

impl Default for MicrophoneConfig {
    fn default() -> Self {
        let Limits { after_s, offset, clipped } = Limits::default();
        Self { after_s, offset, clipped }
    }
}

impl MicrophoneConfig {
    /// As the detector takes it.
    pub fn limits(&self) -> Limits {
        Limits { after_s: self.after_s, offset: self.offset, clipped: self.clipped }
    }

    /// Checks the ranges.
    pub(super) fn validate(&self) -> Result<(), InvalidSetting> {
        within("microphone.after_s", self.after_s, 0.0..=3600.0)?;
        within("microphone.offset", self.offset, 0.0..=1.0)?;
        within("microphone.clipped", self.clipped, 0.0..=1.0)
    }
}
