//! The options by which a command that listens overrides the configuration.

use std::path::PathBuf;

use crate::config::Config;
use crate::inference::audio::Input;
use crate::sinks::stdout::StdoutFormat;

/// The options.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The configuration's file.
    pub(crate) config: Option<PathBuf>,
    /// Instead of the configuration's model.
    pub(crate) model: Option<PathBuf>,
    /// Instead of the configuration's device.
    pub(crate) device: Option<String>,
    /// Instead of the configuration's hop, in seconds.
    pub(crate) hop_s: Option<f32>,
    /// Instead of the configuration's format.
    pub(crate) stdout: Option<StdoutFormat>,
    /// Where the sound comes from.
    pub(crate) input: Input,
    /// Whether a recording is played at its own pace.
    pub(crate) realtime: bool,
    /// The file with the result of `firmware update`.
    pub(crate) update_note: PathBuf,
}

impl Options {
    /// Whether the sound waits for the reader of standard output: a recording that is played as fast as possible.
    pub(crate) fn is_lossless(&self) -> bool {
        self.input != Input::Device && !self.realtime
    }

    /// The configuration, with the options in place of its keys.
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
