//! Features of recordings in a Parquet file: one row per window, for notebooks, for engines such as DuckDB, Polars and
//! Spark, and for training without reading the audio again.
//!
//! Every column of a window is in its row, so an engine needs no second table. What holds for the whole file (feature kind,
//! hop, base model) is one JSON text in the file's key-value metadata, [`Meta`], and again in a column, which a table that
//! was filtered or joined by another program still has. Values are stored exactly, so training from
//! a table writes the same bytes as training from the audio.

mod columns;
mod gather;
mod meta;
mod read;
mod schema;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use columns::{Group, column, values};
pub(crate) use gather::load;
pub(crate) use meta::Meta;
pub(crate) use write::write;

use std::path::Path;

/// Extension of a table file.
pub(crate) const EXTENSION: &str = "parquet";

/// Whether a path names a table rather than a folder of recordings.
pub(crate) fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(EXTENSION))
}

/// One column entry per window, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
struct Rows {
    label: Vec<String>,
    group: Vec<String>,
    recording: Vec<String>,
    file: Vec<String>,
    sha256: Vec<String>,
    rate_hz: Vec<i32>,
    seconds: Vec<f64>,
    part_start_s: Vec<f64>,
    part_end_s: Vec<f64>,
    time_s: Vec<f64>,
    level_dbfs: Vec<f32>,
    /// The settings of the table that the row is from, as [`Meta::settings`]; empty in tables of earlier versions.
    settings: Vec<String>,
    /// `[windows x features]`, one after the other.
    features: Vec<f32>,
    /// `[windows x statistics]`, one after the other.
    statistics: Vec<f32>,
    /// `[windows x rumble bands]`, one after the other; empty for a table of a version without it.
    rumble: Vec<f32>,
    /// `[windows x bands of the spectrum]`, one after the other; empty for a table of a version without it.
    spectrum: Vec<f32>,
}
