//! Files and folders under a temporary name, until they are complete.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Those of this program, for [`remove_all`].
static OPEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn open() -> MutexGuard<'static, Vec<PathBuf>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of a file or folder that is not complete; what has it is removed when this is dropped.
#[derive(Debug)]
pub struct Temporary(PathBuf);

impl Temporary {
    /// A name beside `path`, whose last part must be a name. The process id prevents two programs from using the same.
    #[must_use]
    pub fn beside(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        open().push(temporary.clone());
        Self(temporary)
    }

    /// The temporary path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Gives the complete file or folder its name `to`, on the same file system.
    ///
    /// # Errors
    /// Errors of the file system; it is then removed.
    pub fn rename(mut self, to: &Path) -> io::Result<()> {
        fs::rename(&self.0, to)?;
        // Nothing has the temporary name any more, so nothing is to be removed.
        open().retain(|path| *path != self.0);
        self.0.clear();
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.0.as_os_str().is_empty() {
            return;
        }
        remove(&self.0);
        open().retain(|path| *path != self.0);
    }
}

/// Removes all temporary files and folders of this program, which is about to end: a thread that makes another one waits
/// for ever.
pub fn remove_all() {
    let open = open();
    open.iter().for_each(|path| remove(path));
    std::mem::forget(open);
}

/// Removes a file or folder; there may be none.
pub(super) fn remove(path: &Path) {
    let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
}
