//! The options by which a command that listens overrides the configuration.

use std::path::PathBuf;

use crate::config::overlay::Overlay;
use crate::config::{Config, Layers};
use crate::inference::Setup;
use crate::inference::audio::Input;
use crate::sinks::stdout::StdoutFormat;
use crate::system::messages::warn;
use crate::update::slot;

/// The options.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The configuration's file.
    pub(crate) config: Option<PathBuf>,
    /// Instead of the configuration's model.
    pub(crate) model: Option<PathBuf>,
    /// Instead of the configuration's device.
    pub(crate) device: Option<String>,
    /// Instead of the configuration's folder for the device's own data.
    pub(crate) state_dir: Option<PathBuf>,
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
        self.over(Config::load_in(self.config.as_deref(), self.state_dir.as_deref())?)
    }

    /// The configuration and its model, to start with. A device whose page has named a model or settings that cannot be used
    /// any more starts with those of the file.
    pub(crate) fn start(&self) -> anyhow::Result<(Config, Setup)> {
        let layers = Layers::load(self.config.as_deref(), self.state_dir.as_deref())?;
        let Layers { file, page_folder, overlay, config, ignored, .. } = layers;
        ignored.into_iter().for_each(|error| warn(format!("{error}; the changes of the page are left out")));
        let path = Overlay::path(&page_folder);
        let load = |config| {
            let config = self.over(config)?;
            let setup = Setup::load(&config)?;
            Ok((config, setup))
        };
        match load(config) {
            Err(error) if !overlay.is_empty() => {
                let Ok(loaded) = load(file) else { return Err(error) };
                warn(format!("{}: {error:#}; the changes of the page are left out", path.display()));
                Ok(loaded)
            }
            loaded => loaded,
        }
    }

    /// A configuration with the options in place of its keys.
    pub(crate) fn over(&self, mut config: Config) -> anyhow::Result<Config> {
        if let Some(model) = &self.model {
            config.listen.model.clone_from(model);
        }
        if let Some(device) = &self.device {
            config.capture.device.clone_from(device);
        }
        if let Some(state_dir) = &self.state_dir {
            config.listen.state_dir.clone_from(state_dir);
        }
        if let Some(hop_s) = self.hop_s {
            config.listen.hop_s = hop_s;
        }
        if let Some(stdout) = self.stdout {
            config.stdout.format = stdout;
        }
        slot::check(&config.listen.state_dir, &config.listen.model).map_err(anyhow::Error::msg)?;
        config.validate()?;
        Ok(config)
    }
}
