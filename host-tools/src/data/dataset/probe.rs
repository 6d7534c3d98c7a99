//! Checks whether a file can be used: its header, its length, its samples, its hash.

use std::path::Path;

use monitor_core::log_mel::RATE_HZ;
use monitor_core::window::{SAMPLES, SECONDS};

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
    pub seconds: f64,
    pub sound: Sound,
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
    let sound = measure(path).map_err(|error| error.to_string())?;
    let seconds = sound.frames as f64 / f64::from(sound.rate_hz);
    if is_too_short(sound.frames, sound.rate_hz) {
        return Err(format!("shorter than one window of {SECONDS} s ({seconds:.2} s)"));
    }
    let hash = sha256(path).map_err(|error| error.to_string())?;
    Ok(Probe { hash, seconds, sound })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An AIFF file at 8 kHz of `stated` frames by its header and `given` frames by its data.
    fn aiff(stated: u32, given: u32) -> Vec<u8> {
        let mut file = b"FORM".to_vec();
        file.extend((46 + 2 * stated).to_be_bytes());
        file.extend(b"AIFFCOMM\0\0\0\x12\0\x01");
        file.extend(stated.to_be_bytes());
        // 16 bits; 8000 = 1.953125 * 2^12 as an 80-bit float.
        file.extend(b"\0\x10\x40\x0b\xfa\0\0\0\0\0\0\0SSND");
        file.extend((8 + 2 * stated).to_be_bytes());
        file.extend([0; 8]);
        file.extend((0..given).flat_map(|n| ((n.wrapping_mul(2_654_435_761) >> 20) as i16 - 2048).to_be_bytes()));
        file
    }

    #[test]
    fn the_length_is_that_of_the_decoded_sound_not_that_of_the_header() {
        let folder = tempfile::tempdir().unwrap();
        let probed = |stated, given| {
            let path = folder.path().join("a.aiff");
            std::fs::write(&path, aiff(stated, given)).unwrap();
            probe(&path)
        };
        let kinds = |probe: &Probe| probe.sound.remarks.iter().map(|remark| remark.kind).collect::<Vec<_>>();
        let whole = probed(16_000, 16_000).unwrap();
        assert_eq!((whole.seconds, kinds(&whole)), (2.0, vec![]));
        let cut = probed(1_000_000_000, 16_000).unwrap();
        assert!((cut.seconds - 2.0).abs() < 0.3, "{}", cut.seconds);
        assert_eq!(kinds(&cut), ["truncated"]);
        let error = probed(1_000_000_000, 4_000).unwrap_err();
        assert!(error.starts_with("shorter than one window"), "{error}");
    }
}
