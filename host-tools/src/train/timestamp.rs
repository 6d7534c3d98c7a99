//! Names of runs: `YYYYMMDD-HHMMSS` in UTC, so that the newest is the last by name wherever it was made.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// A folder in `runs` that is named after now and does not exist yet.
pub fn unused(runs: &Path) -> PathBuf {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    // A second run within the same second gets the next one.
    (seconds..).map(|seconds| runs.join(name(seconds))).find(|folder| !folder.exists()).unwrap_or_else(|| runs.into())
}

/// The newest run in `runs`: the last by name of those that hold the file `file`.
pub fn newest(runs: &Path, file: &str) -> Option<PathBuf> {
    let folders = std::fs::read_dir(runs).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let is_run = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with('.') && path.join(file).is_file()
    };
    folders.filter(is_run).max()
}

/// Seconds since 1970 as a name.
fn name(seconds: u64) -> String {
    let [year, month, day, hour, minute, second] = monitor_model::calendar::civil(seconds);
    format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_named_as_the_calendar_does() {
        assert_eq!(name(0), "19700101-000000");
        assert_eq!(name(951_782_399), "20000228-235959");
        assert_eq!(name(951_782_400), "20000229-000000");
        assert_eq!(name(1_709_251_200), "20240301-000000");
        assert_eq!(name(1_798_761_599), "20261231-235959");
    }

    #[test]
    fn the_newest_run_is_the_last_by_name_that_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        for (run, file) in
            [("20260101-000000", true), ("20260301-000000", true), ("20260302-000000", false), (".x", true)]
        {
            std::fs::create_dir(folder.path().join(run)).unwrap();
            if file {
                std::fs::write(folder.path().join(run).join("model"), b"x").unwrap();
            }
        }
        assert_eq!(newest(folder.path(), "model"), Some(folder.path().join("20260301-000000")));
        assert_eq!(newest(&folder.path().join("nowhere"), "model"), None);
    }
}
