//! `firmware validate-config`: is this file a configuration, and if not, where and why. The states that it names are
//! checked against the model, if that is available.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use crate::config::overlay::{KEYS, Overlay};
use crate::config::{DEFAULT_PATH, Layers};
use crate::inference::Setup;

/// Options of `firmware validate-config`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file
    #[arg(default_value = DEFAULT_PATH)]
    pub file: PathBuf,
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
    let Layers { mut config, overlay, file, ignored, .. } = Layers::load(Some(&args.file))?;
    if let Some(error) = ignored {
        errln!("{error}; the changes of the page are left out");
    }
    if let Some(model) = &args.model {
        config.listen.model.clone_from(model);
    }
    // Configurations are checked where they are written as well, and the model need not be there.
    if args.model.is_some() || config.listen.model.exists() {
        Setup::load(&config).with_context(|| args.file.display().to_string())?;
    } else {
        errln!(
            "{}: the model {} is not here: whether it has the states that are named is not checked; give --model",
            args.file.display(),
            config.listen.model.display()
        );
    }
    if args.print {
        let page = Overlay::path(&file.listen.state_dir);
        for (section, key) in KEYS {
            if let Some(value) = overlay.get((section, key)) {
                outln!("# {}: {section}.{key} = {value}", page.display());
            }
        }
        out!("{}", toml::to_string(&config)?);
    } else {
        outln!("{}: good", args.file.display());
    }
    Ok(ExitCode::SUCCESS)
}
