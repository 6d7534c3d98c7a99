//! Checks that this machine computes what every other does: the same recording through every available instruction set,
//! and in chunks of odd sizes, must give the same bits.

use std::path::Path;

use anyhow::{Context, ensure};
use monitor_core::pipeline::Verdict;
use monitor_model::owned::{Memory, OwnedModel};
use monitor_nn::Isa;
use monitor_recording::RecordingReader;

/// Chunk sizes without a common factor, with each other, a hop or a window.
const CHUNKS: [usize; 3] = [16_384, 997, 61];
/// Seconds of the recording that are processed.
const SECONDS: usize = 10;

/// Runs the beginning of the recording at `path` through the model `bytes` with every instruction set and chunk size. Returns
/// the names of the instruction sets.
///
/// # Errors
/// When the recording cannot be read, or a probability or score differs in any bit.
pub(crate) fn self_check(bytes: &[u8], path: &Path) -> anyhow::Result<Vec<&'static str>> {
    let mut reader = RecordingReader::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let rate_hz = reader.rate_hz();
    let mut samples = vec![0.0; rate_hz as usize * SECONDS];
    let mut filled = 0;
    while filled < samples.len() {
        match reader.read(&mut samples[filled..]).with_context(|| format!("cannot read {}", path.display()))? {
            0 => break,
            read => filled += read,
        }
    }
    samples.truncate(filled);
    let mut reference: Option<Vec<u32>> = None;
    let mut names = Vec::new();
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        let model = OwnedModel::from_bytes(bytes.to_vec(), isa)?;
        for chunk in CHUNKS {
            let found = bits(&model, rate_hz, &samples, chunk)?;
            ensure!(!found.is_empty(), "{} is too short for one window", path.display());
            let same = reference.get_or_insert_with(|| found.clone()) == &found;
            ensure!(same, "{} in chunks of {chunk} samples gives different bits; please report this", isa.name());
        }
        names.push(isa.name());
    }
    Ok(names)
}

/// The bits of every probability and deviation from normal sound.
fn bits(model: &OwnedModel, rate_hz: u32, samples: &[f32], chunk: usize) -> anyhow::Result<Vec<u32>> {
    let classifier = model.contents().classifier.clone();
    let mut memory = Memory::new(&classifier, rate_hz)?;
    let mut pipeline = memory.pipeline(classifier, rate_hz, monitor_core::window::DEFAULT_HOP)?;
    let mut bits = Vec::new();
    let mut add = |verdict: &Verdict<'_>| {
        bits.extend(
            verdict
                .probabilities
                .iter()
                .copied()
                .chain(verdict.z_scores.into_iter().flatten().flatten())
                .map(f32::to_bits),
        );
    };
    for chunk in samples.chunks(chunk) {
        pipeline.push(chunk, &mut add);
    }
    pipeline.finish(&mut add);
    Ok(bits)
}
