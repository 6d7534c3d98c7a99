//! `--json PATH`: the result of a command as one document, as host-tools has it.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use monitor_model::atomic_file;
use monitor_model::document::Document;
use serde::Serialize;

/// The option of every command whose result is one document.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct JsonOut {
    /// Write the result as JSON to this file; `-`, or no path, for standard output, which then carries nothing else
    #[arg(long, value_name = "PATH", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
}

impl JsonOut {
    /// Whether standard output carries the document, and no text for people.
    pub(crate) fn takes_stdout(&self) -> bool {
        self.json.as_deref() == Some(Path::new("-"))
    }

    /// Checks before the work that the file can be written.
    ///
    /// # Errors
    /// When it cannot.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let Some(path) = self.json.as_deref().filter(|_| !self.takes_stdout()) else { return Ok(()) };
        atomic_file::check(path).with_context(|| unwritable(path))
    }

    /// Writes `result` as a document of `schema`, to a file completely or not at all; does nothing without the option.
    ///
    /// # Errors
    /// When the file or standard output cannot be written.
    pub(crate) fn write(&self, schema: &'static str, result: &impl Serialize) -> anyhow::Result<()> {
        let Some(path) = &self.json else { return Ok(()) };
        let mut text = serde_json::to_string_pretty(&Document::new(schema, result))?;
        text.push('\n');
        if !self.takes_stdout() {
            return atomic_file::write(path, text.as_bytes()).with_context(|| unwritable(path));
        }
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            // The reader has what it wanted.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            written => written.context("the JSON cannot be written to standard output"),
        }
    }
}

fn unwritable(path: &Path) -> String {
    format!("{}: the JSON cannot be written; is there space, may this user write there?", path.display())
}
