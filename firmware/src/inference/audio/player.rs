//! `--realtime`: a recording played into the ring at the pace of its own time, in capture's place.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use monitor_core::pcm::SampleFormat;

use super::AudioFile;
use crate::capture::ring::Writer;
use crate::capture::{CaptureStatus, StreamSpec};
use crate::inference::Progress;

/// Plays the whole sound in blocks of 10 ms; sets `ended` when it is over, or inference is to stop.
///
/// The samples pass the ring as 32-bit floats, which are decoded to the same values.
pub(super) fn play(file: AudioFile, writer: Writer, status: &CaptureStatus, ended: &AtomicBool, progress: &Progress) {
    if let Err(error) = play_all(file, writer, status, progress) {
        progress.control.fail(format!("{error:#}"));
    }
    ended.store(true, Relaxed);
}

fn play_all(
    mut file: AudioFile,
    mut writer: Writer,
    status: &CaptureStatus,
    progress: &Progress,
) -> anyhow::Result<()> {
    let rate = file.rate()?;
    let period = (rate / 100).max(1);
    let spec =
        StreamSpec { format: SampleFormat::F32, channels: 1, rate, period_frames: period, buffer_frames: period };
    let mut samples = vec![0.0; period as usize];
    let start = Instant::now();
    let mut played = 0u64;
    while !progress.control.is_stopped() {
        let frames = file.read(&mut samples)?;
        if frames == 0 {
            break;
        }
        // A block is complete when its last frame has been recorded.
        let due = spec.duration(played + frames as u64);
        std::thread::sleep(due.saturating_sub(start.elapsed()));
        writer.stage(&bytes(&samples[..frames]));
        writer.commit(spec, played, Duration::ZERO, frames as u32);
        played += frames as u64;
        status.counters.frames.fetch_add(frames as u64, Relaxed);
    }
    Ok(())
}

fn bytes(samples: &[f32]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}
