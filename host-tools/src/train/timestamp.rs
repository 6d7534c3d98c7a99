//! Names of runs: `YYYYMMDD-HHMMSS` in UTC, so that the newest run is the last by name in every time zone.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// A folder in `runs` that is named after now and does not exist yet.
pub(crate) fn unused(runs: &Path) -> PathBuf {
    let now = Timestamp::now().as_second();
    // A second run within the same second is named after the next one.
    (now..).map(|second| runs.join(name(second))).find(|folder| !folder.exists()).unwrap_or_else(|| runs.into())
}

/// The newest run in `runs`: the last by name of those that hold the file `file`.
pub(crate) fn newest(runs: &Path, file: &str) -> Option<PathBuf> {
    let folders = std::fs::read_dir(runs).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let is_run = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with('.') && path.join(file).is_file()
    };
    folders.filter(is_run).max()
}

/// The name of a moment in seconds since 1970.
fn name(second: i64) -> String {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX).strftime("%Y%m%d-%H%M%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_named_by_the_calendar() {
        assert_eq!(name(0), "19700101-000000");
        assert_eq!(name(951_782_399), "20000228-235959");
        assert_eq!(name(951_782_400), "20000229-000000");
        assert_eq!(name(1_709_251_200), "20240301-000000");
        assert_eq!(name(1_798_761_599), "20261231-235959");
    }

    #[test]
    fn the_newest_run_is_the_last_complete_one_by_name() {
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
