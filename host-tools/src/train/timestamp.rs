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
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    format!("{year:04}{month:02}{day:02}-{:02}{:02}{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

/// Year, month and day of a day counted from 1970-01-01: Howard Hinnant's `civil_from_days`, for days after it.
fn date(days: u64) -> (u64, u64, u64) {
    // From 0000-03-01, so that the leap day is the last of its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year_of_era + era * 400 + next, month, day)
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
