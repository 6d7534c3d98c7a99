//! Whether a file can be used: its header, its length, its hash.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use monitor_model::wav::WavReader;
use sha2::{Digest, Sha256};

/// The shortest recording that is used, in seconds: one window.
pub(super) const SHORTEST_S: f64 = 1.0;

/// What a usable file is.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub hash: [u8; 32],
    pub rate_hz: u32,
    pub seconds: f64,
}

/// Opens and hashes a file.
///
/// # Errors
/// Why it cannot be used, in words for people.
pub(super) fn probe(path: &Path) -> Result<Probe, String> {
    let reader = WavReader::open(path).map_err(|error| error.to_string())?;
    let rate_hz = reader.rate_hz();
    let seconds = reader.seconds().ok_or("it is no regular file")?;
    if seconds < SHORTEST_S {
        return Err(format!("{seconds:.2} s long; a window needs {SHORTEST_S} s"));
    }
    let hash = sha256(path).map_err(|error| error.to_string())?;
    Ok(Probe { hash, rate_hz, seconds })
}

fn sha256(path: &Path) -> std::io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok(hasher.finalize().into()),
            Ok(read) => hasher.update(&block[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
