//! Names of recordings: `STAMP_NNN.wav`, where files that differ only in `_NNN` are parts of one recording.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::system::clock;

/// A label that can be a folder and a class.
pub(super) fn label(label: &str) -> Result<String, String> {
    let fits = |c: char| c.is_alphanumeric() || "_-. ".contains(c);
    if label.is_empty()
        || label.len() > 63
        || label.starts_with('.')
        || label.trim() != label
        || !label.chars().all(fits)
    {
        return Err("it cannot be a folder's name: use 1 to 63 letters, digits, _, - or ., e.g. on_state".into());
    }
    Ok(label.to_owned())
}

/// The path, without `_NNN.wav`, of a recording that begins `now`; one that nothing in `folder` has yet.
///
/// A Pi without a clock of its own may begin at the same date twice: then a letter is added.
pub(super) fn recording(folder: &Path, now: SystemTime) -> PathBuf {
    let stamp = stamp(now);
    let names = std::iter::once(stamp.clone()).chain((2..).map(|n| format!("{stamp}-{n}")));
    let taken = |name: &str| part(&folder.join(name), 0).exists();
    let name = names.into_iter().find(|name| !taken(name)).unwrap_or(stamp);
    folder.join(name)
}

/// The path of part `number` of a recording.
pub(super) fn part(recording: &Path, number: u32) -> PathBuf {
    let mut name = recording.as_os_str().to_owned();
    name.push(format!("_{number:03}.wav"));
    name.into()
}

/// UTC as `20240229T235959Z`.
fn stamp(now: SystemTime) -> String {
    clock::stamp(now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_stamp_is_the_utc_date_and_time() {
        let at = |seconds| stamp(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "19700101T000000Z");
        assert_eq!(at(951_827_696), "20000229T123456Z");
        assert_eq!(at(1_709_251_199), "20240229T235959Z");
        assert_eq!(at(4_102_444_800), "21000101T000000Z");
    }

    #[test]
    fn a_recording_never_takes_the_name_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let first = recording(folder.path(), UNIX_EPOCH);
        std::fs::write(part(&first, 0), "").unwrap();
        let second = recording(folder.path(), UNIX_EPOCH);
        assert_eq!(part(&second, 7).file_name().unwrap(), "19700101T000000Z-2_007.wav");
    }

    #[test]
    fn a_label_that_would_leave_the_folder_is_refused() {
        for name in ["", ".", "..", "../x", "a/b", "a\0b", " a"] {
            assert!(label(name).is_err(), "{name:?}");
        }
        assert!(label("on_state").is_ok() && label("Läuft 2").is_ok());
    }
}
