//! What the command line says.

use std::path::PathBuf;

use crate::config::{Config, StdoutFormat};

/// Where the sound comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The sound device.
    Device,
    /// A WAV file.
    Wav(PathBuf),
    /// Standard input.
    Stdin,
}

/// What the command line says.
#[derive(Debug, Clone)]
pub struct Options {
    /// The configuration's file.
    pub config: Option<PathBuf>,
    /// Instead of the configuration's model.
    pub model: Option<PathBuf>,
    /// Instead of the configuration's device.
    pub device: Option<String>,
    /// Instead of the configuration's hop, in seconds.
    pub hop_s: Option<f32>,
    /// Instead of the configuration's format.
    pub stdout: Option<StdoutFormat>,
    /// Where the sound comes from.
    pub input: Input,
    /// Whether a recording is played at its own pace.
    pub realtime: bool,
    /// What `firmware update` left of an update.
    pub update_note: PathBuf,
}

impl Options {
    /// Whether sound waits for whoever reads what is said of it: a recording that is played as fast as possible. The world does
    /// not.
    pub(super) fn is_lossless(&self) -> bool {
        self.input != Input::Device && !self.realtime
    }

    /// The configuration with what the command line says in its place.
    pub(crate) fn load(&self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref())?;
        if let Some(model) = &self.model {
            config.listen.model.clone_from(model);
        }
        if let Some(device) = &self.device {
            config.capture.device.clone_from(device);
        }
        if let Some(hop_s) = self.hop_s {
            config.listen.hop_s = hop_s;
        }
        if let Some(stdout) = self.stdout {
            config.stdout.format = stdout;
        }
        config.validate()?;
        Ok(config)
    }
}
