//! Files with passwords and tokens.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The text of the file, and whether other users may read it.
///
/// # Errors
/// The error of the file system.
pub(crate) fn read(path: &Path) -> io::Result<(String, bool)> {
    let text = std::fs::read_to_string(path)?;
    Ok((text, std::fs::metadata(path)?.permissions().mode() & 0o077 != 0))
}
