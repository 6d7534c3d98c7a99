//! Checks whether a file can be used: its header, its length, its hash.

use std::path::Path;

use monitor_model::wav::WavReader;

use crate::data::hash::sha256;

/// Length of the shortest usable recording, in seconds: one window with the tail of the front end.
pub(super) const SHORTEST_S: f64 = 1.0;

/// Properties of a usable file.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub hash: [u8; 32],
    pub rate_hz: u32,
    pub seconds: f64,
}

/// What a path is if it is neither a regular file nor a folder, as text for the user; links are followed.
pub(crate) fn irregular(path: &Path) -> Option<&'static str> {
    let kind = std::fs::metadata(path).ok()?.file_type();
    if kind.is_file() || kind.is_dir() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("a FIFO");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
    }
    Some("a device")
}

/// Opens and hashes a file.
///
/// # Errors
/// Why it cannot be used, as text for the user.
pub(super) fn probe(path: &Path) -> Result<Probe, String> {
    // Opening a FIFO would wait for a writer.
    if let Some(kind) = irregular(path) {
        return Err(format!("{kind}, not a recording"));
    }
    let reader = WavReader::open(path).map_err(|error| error.to_string())?;
    let rate_hz = reader.rate_hz();
    let seconds = reader.seconds().ok_or("it is not a regular file")?;
    if seconds < SHORTEST_S {
        return Err(format!("{seconds:.2} s long; a window needs {SHORTEST_S} s"));
    }
    let hash = sha256(path).map_err(|error| error.to_string())?;
    Ok(Probe { hash, rate_hz, seconds })
}
