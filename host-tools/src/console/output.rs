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

/// Checks before the long work that every output can be written, each an option's name and value; two must not both go to
/// standard output, which would mix them.
///
/// # Errors
/// Names the option, the file and the remedy.
pub(crate) fn check_files(outputs: &[(&str, Option<&Path>)]) -> anyhow::Result<()> {
    let names: Vec<&str> =
        outputs.iter().filter(|(_, path)| path.is_some_and(is_stdout)).map(|(name, _)| *name).collect();
    anyhow::ensure!(names.len() < 2, "{} both name standard output; give one of them a file", names.join(" and "));
    for (option, path) in outputs {
        let Some(path) = path.filter(|path| !is_stdout(path)) else { continue };
        monitor_model::atomic_file::check(path)
            .with_context(|| format!("{option} {} cannot be written; name another file", super::shown(path)))?;
    }
    Ok(())
}

/// As [`check_files`], for an option that names a folder to write files into.
///
/// # Errors
/// Names the option, the folder and the remedy.
pub(crate) fn check_folder(option: &str, folder: &Path) -> anyhow::Result<()> {
    // Any name does: neither the folder nor the file is created.
    monitor_model::atomic_file::check(&folder.join("file"))
        .with_context(|| format!("{option} {} cannot be written to; name another folder", super::shown(folder)))
}
