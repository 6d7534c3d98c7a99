//! A folder of clips that never exceeds its bound, nor leaves the card with less than a reserve.
//!
//! An empty file `NAME.wav.keep` beside a clip marks it as kept: it counts, and is never deleted to make room.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;

/// What the name of a mark ends with, after the clip's.
pub(super) const KEPT: &str = ".keep";

/// A clip in the folder. Ordered by its number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClipFile {
    number: u64,
    /// Name of the file.
    pub(crate) name: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// Whether it is never deleted to make room.
    pub(crate) kept: bool,
}

/// Makes room in `folder`, which is made if it is not there, for a clip of `bytes`: the oldest go, except kept ones, until all
/// take at most `most` bytes and `reserve` bytes stay free. Returns the clip's path, whose name ends with `rest`, which includes
/// the kind of file; `None` where
/// even without any other there is no room.
///
/// The order is that of the clips' numbers: times of day may go back.
///
/// # Errors
/// The error of the file system.
pub(super) fn room(folder: &Path, most: u64, reserve: u64, bytes: u64, rest: &str) -> io::Result<Option<PathBuf>> {
    std::fs::create_dir_all(folder)?;
    tidy(folder)?;
    let mut clips: VecDeque<ClipFile> = list(folder)?.into();
    let next = clips.back().map_or(1, |clip| clip.number.saturating_add(1));
    loop {
        let total: u64 = clips.iter().map(|clip| clip.bytes).sum();
        if total + bytes <= most && free(folder)? >= bytes + reserve {
            return Ok(Some(folder.join(format!("{next:06}_{rest}"))));
        }
        let oldest = clips.iter().position(|clip| !clip.kept).and_then(|place| clips.remove(place));
        let Some(oldest) = oldest else { return Ok(None) };
        remove(&folder.join(oldest.name))?;
    }
}

/// The clips, oldest first.
///
/// # Errors
/// The error of the file system; a folder that is not there has none.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<ClipFile>> {
    let mut clips = Vec::new();
    for name in names(folder)? {
        let Some(number) = number(&name).filter(|_| is_clip(&name)) else { continue };
        // One that is deleted meanwhile is none.
        let Ok(found) = folder.join(&name).metadata() else { continue };
        let kept = mark(folder, &name).exists();
        clips.push(ClipFile { number, name, bytes: found.len(), kept });
    }
    clips.sort();
    Ok(clips)
}

/// What the name of a clip ends with: sound, or the picture that is stored in its place where somebody speaks.
pub(crate) const SOUND: &str = ".wav";
pub(crate) const PICTURE: &str = ".png";

/// Whether a name is that of a clip: it has no path in it.
pub(crate) fn is_clip(name: &str) -> bool {
    number(name).is_some() && [SOUND, PICTURE].iter().any(|end| name.ends_with(end)) && !name.contains(['/', '\0'])
}

/// The mark of a clip.
pub(super) fn mark(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{KEPT}"))
}

/// Removes what a power cut kept from being finished, and marks whose clips people have removed.
pub(in crate::sinks) fn tidy(folder: &Path) -> io::Result<()> {
    for name in names(folder)? {
        let torn = name.ends_with(".tmp") && name.strip_prefix('.').and_then(number).is_some();
        let marked = name.strip_suffix(KEPT).filter(|clip| is_clip(clip));
        if torn || marked.is_some_and(|clip| !folder.join(clip).exists()) {
            remove(&folder.join(name))?;
        }
    }
    Ok(())
}

/// The names in a folder; none where it is not there.
pub(in crate::sinks) fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// Removes a file, which another program may have done.
pub(in crate::sinks) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Bytes that this program may still use on the card.
pub(in crate::sinks) fn free(folder: &Path) -> io::Result<u64> {
    let disk = statvfs(folder)?;
    Ok(disk.blocks_available() * disk.fragment_size())
}

/// The number that a clip's name begins with.
pub(in crate::sinks) fn number(name: &str) -> Option<u64> {
    name.split_once('_').filter(|(number, _)| number.len() >= 6).and_then(|(number, _)| number.parse().ok())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Writes a clip of so many bytes; whether there was room.
    pub(in super::super) fn write(folder: &Path, most: u64, reserve: u64, bytes: u64) -> bool {
        let path = room(folder, most, reserve, bytes, "state_on_x.wav").unwrap();
        path.is_some_and(|path| std::fs::write(path, vec![0; bytes as usize]).is_ok())
    }

    pub(in super::super) fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_oldest_make_room_and_the_bound_is_never_exceeded() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..5 {
            assert!(write(folder.path(), 1000, 0, 300));
            let sizes = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
            assert!(sizes.sum::<u64>() <= 1000);
        }
        assert_eq!(names(folder.path()), [3, 4, 5].map(|number| format!("{number:06}_state_on_x.wav")));
        assert!(!write(folder.path(), 1000, 0, 1001));
    }

    #[test]
    fn numbers_go_on_after_a_restart_torn_clips_are_gone_and_other_files_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["000007_a_b_c.wav", ".000008_a_b_c.wav.123.tmp", "mine.wav", ".other.tmp", "000009_notes.txt"] {
            std::fs::write(folder.path().join(name), [0; 100]).unwrap();
        }
        assert!((0..2).all(|_| write(folder.path(), 250, 0, 100)));
        let expected = [".other.tmp", "000008_state_on_x.wav", "000009_notes.txt", "000009_state_on_x.wav", "mine.wav"];
        assert_eq!(names(folder.path()), expected);
    }

    #[test]
    fn numbers_beyond_six_digits_and_of_years_are_still_in_order() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("999999_state_on_x.wav"), [0; 100]).unwrap();
        assert!((0..3).all(|_| write(folder.path(), 300, 0, 100)));
        let expected = [1_000_000, 1_000_001, 1_000_002].map(|number| format!("{number}_state_on_x.wav"));
        assert_eq!(names(folder.path()), expected);
        // A file that was given such a name by hand must neither cause a panic nor exceed the bound.
        std::fs::write(folder.path().join(format!("{}_mine.wav", u64::MAX)), [0; 100]).unwrap();
        assert!((0..3).all(|_| write(folder.path(), 300, 0, 100)));
        assert_eq!(names(folder.path()).len(), 2);
    }

    #[test]
    fn a_card_without_the_reserve_gets_no_clip_and_loses_the_old_ones_first() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write(folder.path(), 1000, 0, 100));
        assert!(!write(folder.path(), 1000, u64::MAX / 2, 100));
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn the_mark_of_a_clip_that_people_have_removed_is_removed_as_well() {
        let folder = tempfile::tempdir().unwrap();
        for mark in ["000001_a_b_c.wav.keep", "mine.keep"] {
            std::fs::write(folder.path().join(mark), "").unwrap();
        }
        assert!(write(folder.path(), 1000, 0, 300));
        assert_eq!(names(folder.path()), ["000001_state_on_x.wav", "mine.keep"]);
    }
}
