//! Files that a command writes where the user says: `-` is standard output everywhere.

use std::io::Write;
use std::path::Path;

use anyhow::Context;

/// Whether an output option names standard output.
pub(crate) fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

/// Writes `bytes`, which are `what`, to `path`: completely or not at all where that is a file, to standard output for `-`.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_output(path: &Path, bytes: &[u8], what: &str) -> anyhow::Result<()> {
    if is_stdout(path) {
        let mut out = std::io::stdout();
        return out
            .write_all(bytes)
            .and_then(|()| out.flush())
            .with_context(|| format!("cannot write {what} to standard output"));
    }
    monitor_model::atomic_file::write(path, bytes)
        .with_context(|| format!("cannot write {what} to {}", super::shown(path)))
}

/// Rejects two outputs that both go to standard output, which would mix them. Each is an option's name and value.
///
/// # Errors
/// Names the options.
pub(crate) fn one_stdout(outputs: &[(&str, Option<&Path>)]) -> anyhow::Result<()> {
    let names: Vec<&str> =
        outputs.iter().filter(|(_, path)| path.is_some_and(is_stdout)).map(|(name, _)| *name).collect();
    anyhow::ensure!(names.len() < 2, "{} both name standard output; give one of them a file", names.join(" and "));
    Ok(())
}
