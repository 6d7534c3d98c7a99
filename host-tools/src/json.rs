//! `--json PATH`: the figures of a command for machines.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;

/// The `--json` option, flattened into the arguments of every command that yields figures.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct JsonOut {
    /// Write the figures as JSON to this file; `-` for stdout, where then nothing else goes.
    #[arg(long, value_name = "PATH")]
    pub json: Option<PathBuf>,
}

impl JsonOut {
    /// Whether the JSON goes to stdout, so that words for people must go to stderr.
    pub fn takes_stdout(&self) -> bool {
        self.json.as_deref() == Some(Path::new("-"))
    }

    /// Writes `figures` where `--json` says, whole or not at all; does nothing without the option.
    ///
    /// # Errors
    /// When the file or stdout cannot be written.
    pub fn write(&self, figures: &impl Serialize) -> anyhow::Result<()> {
        let Some(path) = &self.json else { return Ok(()) };
        let mut text = serde_json::to_string_pretty(figures).context("the figures cannot be written as JSON")?;
        text.push('\n');
        if self.takes_stdout() {
            std::io::stdout().write_all(text.as_bytes()).context("cannot write the JSON to stdout")
        } else {
            monitor_model::atomic_file::write(path, text.as_bytes())
                .with_context(|| format!("cannot write the JSON to {}", path.display()))
        }
    }
}
