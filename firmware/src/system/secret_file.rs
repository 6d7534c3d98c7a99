//! Files with passwords and tokens.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use monitor_model::atomic_file;

/// Writes a file that only this user can read, completely or not at all.
///
/// # Errors
/// The error of the file system.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    atomic_file::write_with(path, |file| {
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())
    })
}

/// The text of the file, and whether other users may read it.
///
/// # Errors
/// The error of the file system.
#[cfg(any(feature = "mqtt", feature = "notify"))]
pub(crate) fn read(path: &Path) -> io::Result<(String, bool)> {
    let text = std::fs::read_to_string(path)?;
    Ok((text, std::fs::metadata(path)?.permissions().mode() & 0o077 != 0))
}
