//! Files with passwords and tokens.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use monitor_model::atomic_file;

#[cfg(any(feature = "mqtt", feature = "notify"))]
use super::messages::warn;

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

/// User and password of a file, on its first and second line; `None` without a file. Neither is ever part of a message.
/// `section` is the one of the configuration that names the file.
///
/// # Errors
/// When the file cannot be read or has no user.
#[cfg(any(feature = "mqtt", feature = "notify"))]
pub(crate) fn credentials(path: &Path, section: &str) -> Result<Option<(String, String)>, String> {
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let (text, is_open) = read(path).map_err(|error| format!("credentials {}: {error}", path.display()))?;
    if is_open {
        warn(format!("{section} credentials {}: others may read it; chmod 600 it", path.display()));
    }
    let mut lines = text.lines();
    let user = lines.next().filter(|user| !user.is_empty());
    let user = user.ok_or_else(|| format!("credentials {}: no user on the first line", path.display()))?;
    Ok(Some((user.into(), lines.next().unwrap_or_default().into())))
}
