//! Features of recordings in a Parquet file: one row per window, for notebooks, for engines such as DuckDB, Polars and Spark,
//! and to train from without hearing the audio again.
//!
//! Everything about a window stands in its row, so that an engine needs no second table; what belongs to the file as a whole
//! (what the features are and how they were taken) is one JSON text in the file's key-value metadata, [`Meta`]. Values are
//! stored as they are, so that training from a file gives the very bytes that training from the audio gives.

mod gather;
mod meta;
mod read;
mod schema;
mod write;

pub use gather::load;
pub use meta::Meta;
pub use write::write;

use std::path::Path;

/// The extension by which a file is taken for a table.
pub const EXTENSION: &str = "parquet";

/// Whether a path names a table and no folder of recordings.
pub fn is_table(path: &Path) -> bool {
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
    /// `[windows x features]`, one after the other.
    features: Vec<f32>,
    /// `[windows x statistics]`, one after the other.
    statistics: Vec<f32>,
}
