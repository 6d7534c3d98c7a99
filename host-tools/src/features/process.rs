//! Processes one recording.

use anyhow::Context;
use monitor_core::classifier::Classifier;
use monitor_core::log_mel::RATE_HZ;
use monitor_core::microphone::Limits;
use monitor_core::monitor::{AudioBlock, Intake};
use monitor_core::pipeline::{BackEnd, FrontEnd, ReadyWindow, Verdict};
use monitor_core::resample::{MAX_HZ, MIN_HZ, Resampler};
use monitor_nn::Block;
use monitor_recording::RecordingReader;

use super::augment::Change;
use crate::data::dataset::Recording;

/// Samples that are read at once.
const BLOCK: usize = 1 << 14;

/// A window of a recording.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'v> {
    /// Its start within the file, in seconds; a block's windows count from the start of the file.
    pub(crate) start_s: f64,
    /// Its features, level and score.
    pub(crate) verdict: &'v Verdict<'v>,
    /// Whether the microphone check reported a dead microphone, as for digital silence.
    pub(crate) microphone_dead: bool,
    /// Whether it may hold samples that were no numbers and were replaced by zeros.
    pub(crate) has_replaced: bool,
}

/// Processes a recording, or its block, from its first sample to its last, with a window every `hop_columns` columns of
/// 10 ms.
///
/// # Errors
/// If the file cannot be read to the end, or the hop is out of range.
pub(crate) fn process<'m>(
    recording: &Recording,
    classifier: Classifier<'m>,
    hop_columns: u32,
    on_window: impl FnMut(&Window<'_>),
) -> anyhow::Result<()> {
    process_changed(recording, classifier, hop_columns, &mut Change::none(), on_window)
}

/// As [`process`], for a changed copy; the windows' starts are those in the copy.
pub(super) fn process_changed<'m>(
    recording: &Recording,
    classifier: Classifier<'m>,
    hop_columns: u32,
    change: &mut Change,
    mut on_window: impl FnMut(&Window<'_>),
) -> anyhow::Result<()> {
    let mut reader = RecordingReader::open(&recording.path).context("cannot read it")?;
    let rate_hz = reader.rate_hz();
    let front_end_hz = ((f64::from(rate_hz) * change.speed).round() as u32).clamp(MIN_HZ, MAX_HZ);
    let mut storage = vec![0.0; Resampler::storage_len(front_end_hz)?];
    let mut arena = vec![Block::ZERO; classifier.arena_len()];
    let front = FrontEnd::new(front_end_hz, hop_columns, &mut storage)?.with_gain(classifier.gain());
    let mut intake = Intake::new(front, Limits::default());
    let mut back = BackEnd::new(classifier, &mut arena)?;
    let frame = |second: f64| (second * f64::from(rate_hz)).round() as u64;
    let (first, mut left) = match &recording.block {
        Some(block) => (frame(block.start), frame(block.end) - frame(block.start)),
        None => (0, u64::MAX),
    };
    let skipped = frame(change.skip_s).min(left);
    left -= skipped;
    reader.skip(first + skipped).context("cannot read it")?;
    let offset_s = first as f64 / f64::from(rate_hz);
    // End of the last block with replaced samples, in seconds of this stream.
    let replaced_until = std::cell::Cell::new(f64::NEG_INFINITY);
    let mut compute = |ready: &ReadyWindow<'_>, microphone_dead| {
        back.compute_ready(ready, |verdict| {
            let second = verdict.start_sample as f64 / f64::from(RATE_HZ);
            let has_replaced = second < replaced_until.get();
            on_window(&Window { start_s: offset_s + second, verdict, microphone_dead, has_replaced });
        });
    };
    let (mut block, mut frames) = (vec![0.0; BLOCK], 0);
    loop {
        let wanted = (BLOCK as u64).min(left) as usize;
        let before = reader.replaced();
        let read = reader.read(&mut block[..wanted]).context("cannot read it")?;
        if read == 0 {
            break;
        }
        left -= read as u64;
        change.apply(&mut block[..read]);
        frames += read as u64;
        if reader.replaced() > before {
            replaced_until.set(frames as f64 / f64::from(front_end_hz));
        }
        let non_finite = u32::try_from(reader.replaced() - before).unwrap_or(u32::MAX);
        intake.process(AudioBlock { samples: &block[..read], non_finite, lost_before: 0 }, &mut compute);
    }
    intake.finish(compute);
    Ok(())
}
