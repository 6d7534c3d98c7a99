//! Reads recordings to their ends, after which damage is known.

use std::path::Path;
use std::process::Command;

use monitor_recording::{Error, Format, RecordingReader, Remark};

/// What a recording is.
#[derive(Debug)]
#[allow(dead_code, reason = "each test program uses a part")]
pub struct Survey {
    pub format: Format,
    pub rate_hz: u32,
    pub channels: u16,
    /// Decoded frames.
    pub frames: u64,
    pub remarks: Vec<Remark>,
}

/// Decodes the recording at `path` to its end.
pub fn survey(path: &Path) -> Result<Survey, Error> {
    let mut reader = RecordingReader::open(path)?;
    let (rate_hz, channels) = (reader.rate_hz(), reader.channels());
    let mut block = vec![0.0; (1 << 14) * usize::from(channels)];
    let mut frames = 0;
    loop {
        match reader.read_all_channels(&mut block)? {
            0 => break,
            read => frames += read as u64,
        }
    }
    Ok(Survey { format: reader.format(), rate_hz, channels, frames, remarks: reader.remarks() })
}

/// Runs a program and returns what it printed.
#[allow(dead_code, reason = "each test program uses a part")]
pub fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
