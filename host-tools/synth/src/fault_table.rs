//! The frequencies that each fault adds, as a table beside the recordings: what an explanation of an alarm should name.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context;

use super::RecordingSummary;

/// Name of the table in the data set's folder: `file,from_hz,to_hz`, one row per band. Paths are relative to it, with `/`.
pub const FAULT_TABLE: &str = "fault_bands.csv";

/// Writes the table of `recordings` to the folder `out`.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write(out: &Path, recordings: &[RecordingSummary]) -> anyhow::Result<()> {
    let mut text = String::from("file,from_hz,to_hz\n");
    for recording in recordings {
        let file = recording.file.strip_prefix(out).unwrap_or(&recording.file).to_string_lossy().replace('\\', "/");
        for [from, to] in &recording.fault_bands_hz {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{file},{from:.1},{to:.1}");
        }
    }
    let path = out.join(FAULT_TABLE);
    monitor_model::atomic_file::write(&path, text.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))
}
