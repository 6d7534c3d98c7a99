//! What a path to write leads to: a file that can be replaced, or something that can only be written to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Links that are followed, as Linux does (`path_resolution(7)`).
const MOST_LINKS: usize = 40;

/// Where an output goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A regular file, or none yet: its own path, behind all symbolic links.
    File(PathBuf),
    /// A device node, a FIFO or an open descriptor (`/dev/stdout`, `/dev/fd/3`, a process substitution).
    Stream(PathBuf),
}

impl Target {
    /// Follows the symbolic links of `path`. A link to a file that does not exist leads to that file.
    ///
    /// # Errors
    /// When a link cannot be read or the links form a cycle.
    pub(super) fn resolve(path: &Path) -> io::Result<Self> {
        let mut at = path.to_path_buf();
        for _ in 0..MOST_LINKS {
            if is_descriptor(&at) {
                return Ok(Self::Stream(at));
            }
            let Ok(found) = fs::symlink_metadata(&at) else { return Ok(Self::File(at)) };
            let kind = found.file_type();
            if !kind.is_symlink() {
                // A folder stays a "file": replacing it fails with the system's message.
                return Ok(if kind.is_file() || kind.is_dir() { Self::File(at) } else { Self::Stream(at) });
            }
            let to = fs::read_link(&at)?;
            at = at.parent().map_or_else(|| to.clone(), |folder| folder.join(&to));
        }
        Err(io::Error::other("too many symbolic links"))
    }
}

/// Whether a path is an entry of `/proc/<pid>/fd`. The file behind it is open already, so it must not be replaced.
fn is_descriptor(path: &Path) -> bool {
    let Some(folder) = path.parent().and_then(|folder| fs::canonicalize(folder).ok()) else { return false };
    folder.starts_with("/proc") && folder.file_name().is_some_and(|name| name == "fd")
}
