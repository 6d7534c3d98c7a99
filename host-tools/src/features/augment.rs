//! Changed copies of recordings: what `train --augment` trains on beside the recordings themselves.
//!
//! Each copy of a recording is changed in one way throughout: louder or softer, started slightly later, slightly faster or
//! slower (and so higher or lower), filtered as by another room or microphone, with added noise. The random numbers depend
//! on the seed, the file's bytes, the block and the number of the copy alone, so neither other recordings nor the number of
//! cores change a copy. Only the head's training uses copies; no figure is ever measured on them.

use monitor_model::owned::OwnedModel;
use ndarray::Array2;
use rayon::prelude::*;

use super::extract::classifier;
use super::process::process_changed;
use super::progress::SoundProgress;
use crate::console::Ui;
use crate::data::dataset::Recording;
use crate::data::feature_set::FeatureSet;
use monitor_sound::filters::{Biquad, Wander};
use monitor_sound::rng::Rng;

/// Gain, in dB, either way.
const GAIN_DB: f64 = 10.0;
/// Later start, in seconds, at most.
const SHIFT_S: f64 = 0.2;
/// Change of speed and pitch, as a share.
const PITCH: f64 = 0.02;
/// Number of peaking filters, and their gain in dB either way.
const FILTERS: usize = 3;
const FILTER_DB: f64 = 4.0;
/// Signal-to-noise ratio, in dB, from and to.
const SNR_DB: (f64, f64) = (10.0, 35.0);

/// Windows of changed copies.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Augmented {
    /// Features [windows x features], as [`FeatureSet::x`].
    pub x: Array2<f32>,
    /// For each of them the row of the [`FeatureSet`] that it is a copy of: a copy must be in every subset that its row is in.
    pub of: Vec<usize>,
}

/// Computes the features of `copies` changed copies of every recording of `set`, with the base model of `set`.
///
/// # Errors
/// When a recording can no longer be read.
pub(crate) fn augment(
    set: &FeatureSet,
    base: Option<&OwnedModel>,
    copies: u32,
    seed: u64,
    ui: &Ui,
) -> anyhow::Result<Augmented> {
    let classifier = classifier(set.kind, base)?.with_gain(set.gain);
    let recordings = &set.dataset.recordings;
    let mut rows = vec![Vec::new(); recordings.len()];
    set.rows.iter().enumerate().for_each(|(row, of)| rows[of.recording].push(row));
    let jobs: Vec<(usize, u32)> = (0..recordings.len()).flat_map(|r| (0..copies).map(move |copy| (r, copy))).collect();
    let seconds: f64 = recordings.iter().map(|recording| recording.seconds).sum::<f64>() * f64::from(copies);
    let progress = SoundProgress::new(ui, "changed copies", seconds);
    let parts: Vec<(Vec<f32>, Vec<usize>)> = jobs
        .par_iter()
        .map(|(index, copy)| {
            let (recording, rows) = (&recordings[*index], &rows[*index]);
            let power: f64 = rows.iter().map(|row| 10_f64.powf(f64::from(set.rows[*row].level_dbfs) / 10.0)).sum();
            let rms = (power / rows.len().max(1) as f64).sqrt();
            let mut change = Change::draw(recording, rms, seed, *copy);
            let (mut x, mut of) = (Vec::new(), Vec::new());
            process_changed(recording, classifier.clone(), set.hop_columns, &mut change, |window| {
                // As for the recording itself, whose rows lack such windows.
                if window.has_replaced {
                    return;
                }
                // A slower copy may have one window more than its recording.
                if let Some(row) = rows.get(of.len()) {
                    x.extend(window.verdict.features);
                    of.push(*row);
                }
            })?;
            progress.add(recording.seconds);
            Ok((x, of))
        })
        .collect::<anyhow::Result<_>>()?;
    progress.finish();
    let (x, of): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    let of = of.concat();
    Ok(Augmented { x: Array2::from_shape_vec((of.len(), set.kind.len()), x.concat())?, of })
}

/// The change of one copy, applied to the samples before the front end.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// Seconds left out at the start.
    pub skip_s: f64,
    /// Factor of the sample rate: above 1 the recording is faster and higher.
    pub speed: f64,
    sound: Option<SoundChange>,
}

#[derive(Debug, Clone)]
struct SoundChange {
    gain: f64,
    filters: [Biquad; FILTERS],
    noise: Wander,
    noise_rms: f64,
    rng: Rng,
}

impl Change {
    /// No change.
    pub(super) fn none() -> Self {
        Self { skip_s: 0.0, speed: 1.0, sound: None }
    }

    /// Draws the change of copy number `copy` of a recording whose samples have the root mean square `rms`.
    fn draw(recording: &Recording, rms: f64, seed: u64, copy: u32) -> Self {
        let words = recording.hash.chunks_exact(8).map(|word| word.iter().fold(0, |sum, b| sum << 8 | u64::from(*b)));
        let block = recording.block.as_ref().map_or(0, |block| block.start.to_bits());
        let path: Vec<u64> = words.chain([block, copy.into()]).collect();
        let mut rng = Rng::new(seed, &path);
        let rate = f64::from(recording.rate_hz);
        let speed = rng.range(1.0 - PITCH, 1.0 + PITCH);
        // One window must remain.
        let skip_s = rng.range(0.0, SHIFT_S).min((recording.seconds / speed - 1.0).max(0.0));
        let gain = rng.decibels(-GAIN_DB, GAIN_DB);
        let filters = std::array::from_fn(|_| {
            // Uniform in octaves, from 60 Hz to 7.7 kHz.
            let hz = 60.0 * libm::exp2(rng.range(0.0, 7.0));
            Biquad::peak(rate, hz, rng.range(0.5, 2.0), rng.range(-FILTER_DB, FILTER_DB))
        });
        let noise = Wander::new(rate, 250.0 * libm::exp2(rng.range(0.0, 5.0)));
        let noise_rms = rms / rng.decibels(SNR_DB.0, SNR_DB.1);
        Self { skip_s, speed, sound: Some(SoundChange { gain, filters, noise, noise_rms, rng }) }
    }

    /// Changes the next samples.
    pub(super) fn apply(&mut self, samples: &mut [f32]) {
        let Some(SoundChange { gain, filters, noise, noise_rms, rng }) = &mut self.sound else { return };
        for sample in samples {
            let filtered = filters.iter_mut().fold(f64::from(*sample), |x, filter| filter.next(x));
            *sample = (*gain * (filtered + *noise_rms * noise.next(rng))) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{extract, ui, wav};
    use super::*;

    /// Recordings of two classes, three windows each.
    fn recordings(folder: &std::path::Path) -> FeatureSet {
        for name in ["off/a.wav", "off/b.wav", "off/c.wav", "on/a.wav", "on/b.wav", "on/c.wav"] {
            wav(&folder.join(name), 16_000, 2.0, 0.2);
        }
        extract(folder, 48).unwrap()
    }

    #[test]
    fn a_copy_is_close_to_its_recording_and_never_equal() {
        let folder = tempfile::tempdir().unwrap();
        let set = recordings(folder.path());
        let augmented = augment(&set, None, 2, 1, &ui()).unwrap();
        assert_eq!(augmented.x.nrows(), augmented.of.len());
        // A later start or a higher speed may remove the last window of a file.
        assert!((24..=36).contains(&augmented.of.len()), "{}", augmented.of.len());
        for (copy, row) in augmented.x.rows().into_iter().zip(&augmented.of) {
            let off = &copy - &set.x.row(*row);
            let (means, rest) = off.view().split_at(ndarray::Axis(0), 64);
            let mean = means.mean().unwrap().abs();
            // 10 dB are 1.15 in natural logarithms, three filters of 4 dB less than 1.4.
            assert!(mean < 1.15 + 1.4, "{mean}");
            assert!(means.iter().any(|value| value.abs() > 0.01));
            assert!(rest.iter().all(|value| value.is_finite() && value.abs() < 1.0));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_copies_and_another_seed_others() {
        let folder = tempfile::tempdir().unwrap();
        let set = recordings(folder.path());
        let of = |seed| augment(&set, None, 2, seed, &ui()).unwrap();
        assert!(of(1) == of(1));
        assert!(of(1).x != of(2).x);
    }
}
