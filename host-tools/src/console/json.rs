//! `--json PATH`: the results of a command for scripts.

use std::path::{Path, PathBuf};

use anyhow::Context;
use monitor_model::document::Document;
use serde::{Serialize, Serializer};

/// The `--json` option, flattened into the arguments of every command that computes figures.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct JsonOut {
    /// Write the results as JSON to this file; `-` for standard output, which then carries nothing else
    #[arg(long, value_name = "PATH")]
    pub json: Option<PathBuf>,
}

impl JsonOut {
    /// Whether the JSON goes to standard output, so that text for people must go to standard error.
    pub fn takes_stdout(&self) -> bool {
        self.json.as_deref().is_some_and(super::is_stdout)
    }

    /// The option and its file, for [`check_files`](super::check_files).
    pub(crate) fn output(&self) -> (&'static str, Option<&Path>) {
        ("--json", self.json.as_deref())
    }

    /// Writes `results`, a struct, as a document of `schema` to the file of `--json`, completely or not at all; does nothing
    /// without the option.
    ///
    /// # Errors
    /// When the file or standard output cannot be written.
    pub fn write(&self, schema: &'static str, results: &impl Serialize) -> anyhow::Result<()> {
        self.write_document(&Document::new(schema, results))
    }

    /// The same for results that name their schema themselves.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub(crate) fn write_document(&self, document: &impl Serialize) -> anyhow::Result<()> {
        let Some(path) = &self.json else { return Ok(()) };
        let mut text = serde_json::to_string_pretty(document).context("the results cannot be written as JSON")?;
        text.push('\n');
        super::write_output(path, text.as_bytes(), "the JSON")
    }
}

/// Writes a path as text. What is not UTF-8 in it becomes U+FFFD, as in lines for people: serde's own way is an error, after the work.
///
/// # Errors
/// The serialiser's.
pub(crate) fn path<S: Serializer>(path: &impl AsRef<Path>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.as_ref().to_string_lossy())
}

/// As [`path`], for several.
///
/// # Errors
/// The serialiser's.
pub(crate) fn paths<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| path.to_string_lossy()))
}
