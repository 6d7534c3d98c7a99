//! Checks whether a file can be used: its header, its length, its samples, its hash.

use std::path::Path;

use monitor_core::log_mel::RATE_HZ;
use monitor_core::window::{SAMPLES, SECONDS};
use monitor_recording::{RecordingReader, Remark};

use super::sound::{Sound, measure};
use crate::data::hash::sha256;

/// Whether `frames` at `rate_hz` are less than one window of 15,600 samples at 16 kHz.
pub(super) fn is_too_short(frames: u64, rate_hz: u32) -> bool {
    frames.saturating_mul(RATE_HZ.into()) < SAMPLES as u64 * u64::from(rate_hz)
}

/// Properties of a usable file.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub hash: [u8; 32],
    pub rate_hz: u32,
    pub seconds: f64,
    pub sound: Sound,
    /// Name of its format, such as WAV or FLAC, by its content.
    pub format: &'static str,
    /// What the user should know of the file.
    pub remarks: Vec<Remark>,
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

/// Reads and hashes a file.
///
/// # Errors
/// Why it cannot be used, as text for the user.
pub(super) fn probe(path: &Path) -> Result<Probe, String> {
    // Opening a FIFO would wait for a writer.
    if let Some(kind) = irregular(path) {
        return Err(format!("{kind}, not a recording"));
    }
    let reader = RecordingReader::open(path).map_err(|error| error.to_string())?;
    let rate_hz = reader.rate_hz();
    let seconds = reader.seconds();
    if is_too_short(reader.frames(), rate_hz) {
        return Err(format!("shorter than one window of {SECONDS} s ({seconds:.2} s)"));
    }
    let sound = measure(path).map_err(|error| error.to_string())?;
    let hash = sha256(path).map_err(|error| error.to_string())?;
    Ok(Probe { hash, rate_hz, seconds, sound, format: reader.format().name, remarks: reader.remarks() })
}
