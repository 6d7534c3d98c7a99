//! `--realtime`: a recording played at the pace of its own time, in capture's place.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::AudioFile;
use crate::capture::CaptureStatus;
use crate::capture::wav_writer::WavFormat;
use crate::inference::Progress;
use crate::reporting::audio_tee::{BlockInfo, TeeWriter};

/// Plays the whole sound in blocks of 10 ms; sets `ended` when it is over, or inference is to stop.
pub(super) fn play(
    file: AudioFile,
    writer: TeeWriter,
    status: &CaptureStatus,
    ended: &AtomicBool,
    progress: &Progress,
) {
    if let Err(error) = play_all(file, writer, status, progress) {
        progress.control.fail(format!("{error:#}"));
    }
    ended.store(true, Relaxed);
}

fn play_all(
    mut file: AudioFile,
    mut writer: TeeWriter,
    status: &CaptureStatus,
    progress: &Progress,
) -> anyhow::Result<()> {
    let rate = file.rate()?;
    let period = (rate / 100).max(1);
    let mut samples = vec![0.0; period as usize];
    let start = Instant::now();
    let mut played = 0u64;
    while !progress.control.is_stopped() {
        let before = file.replaced();
        let frames = file.read(&mut samples)?;
        if frames == 0 {
            break;
        }
        // A block is complete when its last frame has been recorded.
        played += frames as u64;
        let due = Duration::from_secs_f64(played as f64 / f64::from(rate));
        std::thread::sleep(due.saturating_sub(start.elapsed()));
        let non_finite = u32::try_from(file.replaced().saturating_sub(before)).unwrap_or(u32::MAX);
        let info = BlockInfo { rate_hz: rate, lost_before: 0, non_finite, format: WavFormat::F32 };
        if !writer.push(info, &samples[..frames]) {
            status.counters.dropped_blocks.fetch_add(1, Relaxed);
            status.counters.dropped_frames.fetch_add(frames as u64, Relaxed);
        }
        status.counters.frames.fetch_add(frames as u64, Relaxed);
    }
    Ok(())
}
