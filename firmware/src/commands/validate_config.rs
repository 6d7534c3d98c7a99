//! `firmware validate-config`: is this file a configuration, and if not, where and why. The states that it names are
//! checked against the model, if that is available.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use crate::config::overlay::{KEYS, Overlay};
use crate::config::{DEFAULT_PATH, Layers, found};
use crate::inference::Setup;

/// Options of `firmware validate-config`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  firmware validate-config
  firmware validate-config monitor.toml --model sound_classifier.tflite
  firmware validate-config monitor.toml --print")]
pub(crate) struct Args {
    /// The file; without it the one that `firmware run` reads
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The model that it is for; the configuration's unless given
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Print the whole configuration that results, defaults included
    #[arg(long)]
    pub print: bool,
}

/// Runs the command.
///
/// # Errors
/// What is wrong with the file, with the model, or between the two.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let file = found(args.file.as_deref()).unwrap_or_else(|| DEFAULT_PATH.into());
    let Layers { mut config, overlay, page_folder, ignored, .. } = Layers::load(Some(&file), None)?;
    if let Some(error) = ignored {
        errln!("{error}; the changes of the page are left out");
    }
    if let Some(model) = &args.model {
        config.listen.model.clone_from(model);
    }
    // Configurations are checked where they are written as well, and the model need not be there.
    if args.model.is_some() || config.listen.model.exists() {
        Setup::load(&config).with_context(|| file.display().to_string())?;
    } else {
        errln!(
            "{}: the model {} is not here: whether it has the states that are named is not checked; give --model",
            file.display(),
            config.listen.model.display()
        );
    }
    #[cfg(feature = "page")]
    config.page.check_files().map_err(|why| anyhow::anyhow!("{}: {why}", file.display()))?;
    if args.print {
        let page = Overlay::path(&page_folder);
        for (section, key) in KEYS {
            if let Some(value) = overlay.get((section, key)) {
                outln!("# {}: {section}.{key} = {value}", page.display());
            }
        }
        out!("{}", toml::to_string(&config)?);
    } else {
        outln!("{}: good", file.display());
    }
    Ok(ExitCode::SUCCESS)
}
