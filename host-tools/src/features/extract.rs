//! From recordings to a [`FeatureSet`].

use anyhow::{Context, bail, ensure};
use monitor_core::anomaly::{SPECTRUM_LEN, STATISTICS_LEN, spectrum, statistics};
use monitor_core::classifier::Classifier;
use monitor_core::features::FeatureKind;
use monitor_core::gain::Gain;
use monitor_core::rumble;
use monitor_model::owned::OwnedModel;
use ndarray::Array2;
use rayon::prelude::*;

use super::gain::suitable;
use super::process;
use super::progress::SoundProgress;
use crate::console::Ui;
use crate::data::dataset::{Dataset, Recording, Skipped};
use crate::data::feature_set::{FeatureSet, Row};

/// The windows of one recording.
#[derive(Default)]
struct RecordingFeatures {
    /// Features of all windows, one after the other.
    x: Vec<f32>,
    /// Statistics of all windows, one after the other.
    statistics: Vec<f32>,
    /// Rumble of all windows, one after the other.
    rumble: Vec<f32>,
    /// Spectra of all windows, one after the other.
    spectra: Vec<f32>,
    /// Start in seconds and level in dBFS of each window.
    windows: Vec<(f64, f32)>,
}

impl FeatureSet {
    /// Computes the features of every recording of `dataset`, a window every `hop_columns` columns of 10 ms (48 is half a
    /// window), with the input gain `gain`; `None` for the one that suits the recordings ([`super::gain`]).
    ///
    /// Only the kinds with an embedding need `base`. Recordings that cannot be read to their end are skipped and listed
    /// among the data set's skipped files.
    ///
    /// # Errors
    /// If the features need a base model and there is none, the hop is out of range, or a class has no window left.
    pub(crate) fn extract(
        dataset: Dataset,
        kind: FeatureKind,
        base: Option<&OwnedModel>,
        hop_columns: u32,
        gain: Option<Gain>,
        ui: &Ui,
    ) -> anyhow::Result<Self> {
        let set = Self::with_gain(dataset, kind, base, hop_columns, gain.unwrap_or_default(), ui)?;
        let suitable = gain.map_or_else(|| suitable(&set), |_| set.gain);
        if suitable == set.gain {
            return Ok(set);
        }
        tracing::info!("quiet recordings: computing the features again with an input gain of {} dB", suitable.db());
        Self::with_gain(set.into_dataset(), kind, base, hop_columns, suitable, ui)
    }

    /// The data set alone; the windows are freed.
    fn into_dataset(self) -> Dataset {
        self.dataset
    }

    fn with_gain(
        dataset: Dataset,
        kind: FeatureKind,
        base: Option<&OwnedModel>,
        hop_columns: u32,
        gain: Gain,
        ui: &Ui,
    ) -> anyhow::Result<Self> {
        let classifier = classifier(kind, base)?.with_gain(gain);
        let seconds: f64 = dataset.recordings.iter().map(|recording| recording.seconds).sum();
        let progress = SoundProgress::new(ui, "computing features", seconds);
        let features: Vec<anyhow::Result<RecordingFeatures>> = dataset
            .recordings
            .par_iter()
            .map(|recording| {
                let features = of_recording(recording, &classifier, hop_columns);
                progress.add(recording.seconds);
                features
            })
            .collect();
        progress.finish();
        gather(dataset, kind, hop_columns, gain, features)
    }
}

/// Puts the windows of all recordings into rows, in the order of the recordings.
fn gather(
    mut dataset: Dataset,
    kind: FeatureKind,
    hop_columns: u32,
    gain: Gain,
    features: Vec<anyhow::Result<RecordingFeatures>>,
) -> anyhow::Result<FeatureSet> {
    // Exactly as much as is needed, and each recording's windows are freed when they have been copied: both copies of all
    // windows never exist together.
    let count: usize = features.iter().flatten().map(|features| features.windows.len()).sum();
    let reserved = |values: usize| Vec::with_capacity(count * values);
    let (mut x, mut statistics) = (reserved(kind.len()), reserved(STATISTICS_LEN));
    let (mut rumble, mut spectra) = (reserved(rumble::BANDS), reserved(SPECTRUM_LEN));
    let (mut rows, mut kept) = (Vec::with_capacity(count), Vec::new());
    let mut windows = vec![0_usize; dataset.classes.len()];
    for (recording, features) in std::mem::take(&mut dataset.recordings).into_iter().zip(features) {
        match features {
            Ok(features) => {
                let Recording { label, group, .. } = recording;
                let row = |&(start_s, level_dbfs): &(f64, f32)| Row {
                    label,
                    recording: kept.len(),
                    group,
                    start_s,
                    level_dbfs,
                };
                rows.extend(features.windows.iter().map(row));
                x.extend(features.x);
                statistics.extend(features.statistics);
                rumble.extend(features.rumble);
                spectra.extend(features.spectra);
                windows[label] += features.windows.len();
                kept.push(recording);
            }
            Err(error) => dataset.skipped.push(Skipped { path: recording.path, reason: format!("{error:#}") }),
        }
    }
    dataset.recordings = kept;
    if let Some(label) = windows.iter().position(|windows| *windows == 0) {
        let reason = dataset.skipped.last().map(|last| format!(" ({}: {})", last.path.display(), last.reason));
        bail!("no recording of {} could be used{}", dataset.classes[label], reason.unwrap_or_default());
    }
    let x = Array2::from_shape_vec((rows.len(), kind.len()), x).context("a window has too few features")?;
    let statistics =
        Array2::from_shape_vec((rows.len(), STATISTICS_LEN), statistics).context("a window has too few statistics")?;
    let rumble =
        Array2::from_shape_vec((rows.len(), rumble::BANDS), rumble).context("a window has too little rumble")?;
    let spectra = Array2::from_shape_vec((rows.len(), SPECTRUM_LEN), spectra).context("a window has no spectrum")?;
    Ok(FeatureSet { kind, hop_columns, gain, x, statistics, rumble, spectra, rows, dataset, from_audio: true })
}

/// A classifier that computes features only.
pub(super) fn classifier(kind: FeatureKind, base: Option<&OwnedModel>) -> anyhow::Result<Classifier<'_>> {
    match base {
        _ if !kind.needs_body() => Ok(Classifier::log_mel()),
        Some(base) => base.features(kind).context("the base model cannot be used"),
        None => Classifier::features(kind, None).map_err(Into::into),
    }
}

fn of_recording(
    recording: &Recording,
    classifier: &Classifier<'_>,
    hop_columns: u32,
) -> anyhow::Result<RecordingFeatures> {
    let mut features = RecordingFeatures::default();
    let mut left_out = 0_usize;
    process(recording, classifier.clone(), hop_columns, |window| {
        if window.has_replaced {
            left_out += 1;
            return;
        }
        features.x.extend(window.verdict.features);
        let mut values = [0.0; STATISTICS_LEN];
        statistics(window.verdict.patch, &mut values);
        features.statistics.extend(values);
        features.rumble.extend(window.verdict.rumble);
        features.spectra.extend(spectrum(window.verdict.patch, window.verdict.rumble));
        features.windows.push((window.start_s, window.verdict.level_dbfs));
    })?;
    if features.windows.is_empty() {
        ensure!(left_out == 0, "every window holds samples that are no numbers ({left_out} windows)");
        bail!("shorter than one window");
    }
    Ok(features)
}
