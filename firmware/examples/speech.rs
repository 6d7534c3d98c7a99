//! Whether somebody speaks in recordings, by the detector of clips and live sound: a line for each file with the seconds until it
//! is found, or `-`. `scripts/speech.py` measures the detector by it: `cargo run -p firmware --example speech -- FILE...`.

use std::path::Path;

use anyhow::Context;
use firmware::sinks::speech::SpeechDetector;
use monitor_model::wav::WavReader;

/// Sound that is judged at a time, in seconds: a frame of the detector.
const BLOCK_S: f64 = 0.016;

fn main() -> anyhow::Result<()> {
    for path in std::env::args_os().skip(1) {
        let path = Path::new(&path);
        let found = found_s(path).with_context(|| path.display().to_string())?;
        println!("{}\t{}", path.display(), found.map_or("-".into(), |seconds| format!("{seconds:.3}")));
    }
    Ok(())
}

/// Seconds from the beginning of a recording to the block in which speech is found; `None` where it is not.
fn found_s(path: &Path) -> anyhow::Result<Option<f64>> {
    let mut reader = WavReader::open(path)?;
    let mut detector = SpeechDetector::new(reader.rate_hz())?;
    let mut block = vec![0.0; (f64::from(reader.rate_hz()) * BLOCK_S) as usize];
    for count in 1_u32.. {
        let read = reader.read(&mut block)?;
        if read == 0 {
            break;
        }
        if detector.push(&block[..read]) {
            return Ok(Some(f64::from(count) * BLOCK_S));
        }
    }
    Ok(None)
}
