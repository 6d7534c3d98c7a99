//! What a refit needs of the configuration.

use std::path::PathBuf;

use monitor_core::pcm::Channel;

use super::Error;

/// The part of the configuration that concerns what was learned on site.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// The model's file: `listen.model`.
    pub model: PathBuf,
    /// Folder of what this device stores: `listen.state_dir`; empty to store nothing.
    pub state_dir: PathBuf,
    /// Whether what bears no signature may be used: not `listen.require_signature`, or `listen.allow_baseline`.
    pub allowed: bool,
    /// From one window to the next, in columns of 10 ms.
    pub hop_columns: u32,
    /// The channel of a recording, from 0; `None` for the mean of all.
    pub channel: Option<u16>,
    /// Anomaly score from which there is an alarm: `alarm.alarm`, or 1.
    pub alarm_level: f32,
}

impl Settings {
    /// The channel as decoders take it.
    pub(super) fn channel(&self) -> Channel {
        self.channel.map_or(Channel::Average, Channel::Pick)
    }

    /// Seconds from one window to the next.
    pub(super) fn hop_s(&self) -> f32 {
        self.hop_columns as f32 / 100.0
    }

    /// Checks that there is a place to store to, and that what is stored may be used.
    ///
    /// # Errors
    /// [`Error::NoStateDir`], [`Error::NotAllowed`].
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.state_dir.as_os_str().is_empty() {
            return Err(Error::NoStateDir);
        }
        if self.allowed { Ok(()) } else { Err(Error::NotAllowed) }
    }
}
