//! Keeping clips: a mark beside a clip, which [`super::store`] never deletes then.

use std::fs::File;
use std::io;
use std::path::Path;

use super::store::{list, mark, remove};

/// Why a clip is not kept.
#[derive(Debug)]
pub(crate) enum KeepError {
    /// There is none of this name.
    Absent,
    /// Kept clips take all the space that they may already.
    Full,
    /// The folder cannot be read or written.
    Disk(io::Error),
}

impl From<io::Error> for KeepError {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// Keeps a clip, or no longer; kept ones take at most `most` bytes.
///
/// # Errors
/// [`KeepError`].
pub(crate) fn keep(folder: &Path, name: &str, keep: bool, most: u64) -> Result<(), KeepError> {
    let clips = list(folder)?;
    let clip = clips.iter().find(|clip| clip.name == name).ok_or(KeepError::Absent)?;
    if clip.kept == keep {
        return Ok(());
    }
    if keep {
        let kept: u64 = clips.iter().filter(|clip| clip.kept).map(|clip| clip.bytes).sum();
        if kept + clip.bytes > most {
            return Err(KeepError::Full);
        }
        File::create(mark(folder, name))?;
    } else {
        remove(&mark(folder, name))?;
    }
    File::open(folder)?.sync_all()?;
    // It may have been deleted before it was marked.
    if folder.join(name).exists() { Ok(()) } else { Err(KeepError::Absent) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::clips::store::KEPT;
    use crate::sinks::clips::store::tests::{names, write};

    #[test]
    fn a_kept_clip_is_never_deleted_to_make_room_until_it_is_released_and_kept_ones_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        assert!((0..3).all(|_| write(folder.path(), 1000, 0, 300)));
        let name = |number: u32| format!("{number:06}_state_on_x.wav");
        keep(folder.path(), &name(1), true, 500).unwrap();
        assert!(matches!(keep(folder.path(), &name(2), true, 500), Err(KeepError::Full)));
        assert!(matches!(keep(folder.path(), "../x.wav", true, 500), Err(KeepError::Absent)));
        assert!((0..3).all(|_| write(folder.path(), 1000, 0, 300)));
        assert_eq!(names(folder.path()), [name(1), name(1) + KEPT, name(5), name(6)]);
        // What is kept counts: a clip that does not fit beside it has no room.
        assert!(!write(folder.path(), 1000, 0, 800));
        assert_eq!(names(folder.path()), [name(1), name(1) + KEPT]);
        keep(folder.path(), &name(1), false, 500).unwrap();
        assert!(write(folder.path(), 1000, 0, 800));
        assert_eq!(names(folder.path()), [name(2)]);
    }
}
