//! From recordings to a [`FeatureSet`].

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail, ensure};
use monitor_core::anomaly::{SPECTRUM_LEN, STATISTICS_LEN, spectrum, statistics};
use monitor_core::classifier::Classifier;
use monitor_core::features::FeatureKind;
use monitor_core::gain::Gain;
use monitor_core::{rumble, window};
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
        let gathered = Mutex::new(Gathered::new(kind, expected_windows(&dataset, hop_columns)));
        // The bridge hands out recordings in their order, so that few wait for one before them.
        dataset.recordings.iter().enumerate().par_bridge().for_each(|(place, recording)| {
            let features = of_recording(recording, &classifier, hop_columns);
            progress.add(recording.seconds);
            gathered.lock().unwrap_or_else(PoisonError::into_inner).add(place, features);
        });
        progress.finish();
        let gathered = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
        gathered.into_set(dataset, kind, hop_columns, gain)
    }
}

/// About how many windows the recordings of `dataset` have.
fn expected_windows(dataset: &Dataset, hop_columns: u32) -> usize {
    let hop_s = f64::from(hop_columns.max(1)) / 100.0;
    let windows = |recording: &Recording| ((recording.seconds - window::SECONDS).max(0.0) / hop_s) as usize + 1;
    dataset.recordings.iter().map(windows).fold(0, usize::saturating_add)
}

/// The windows of all recordings, in the order of the recordings. Each recording's are copied and freed as soon as those before
/// it have been: all windows never exist twice.
struct Gathered {
    /// Features, statistics, rumble and spectra of all windows, one after the other.
    x: Vec<f32>,
    statistics: Vec<f32>,
    rumble: Vec<f32>,
    spectra: Vec<f32>,
    /// Start in seconds and level in dBFS of each window of each recording, or why it has none.
    windows: Vec<anyhow::Result<Vec<(f64, f32)>>>,
    /// Recordings that wait for one before them.
    waiting: BTreeMap<usize, anyhow::Result<RecordingFeatures>>,
}

impl Gathered {
    /// With room for `windows` windows, if there is so much.
    fn new(kind: FeatureKind, windows: usize) -> Self {
        let room = |values: usize| {
            let mut room = Vec::new();
            // A file may claim any length; without room the vector grows.
            room.try_reserve_exact(windows.saturating_mul(values)).ok();
            room
        };
        Self {
            x: room(kind.len()),
            statistics: room(STATISTICS_LEN),
            rumble: room(rumble::BANDS),
            spectra: room(SPECTRUM_LEN),
            windows: Vec::new(),
            waiting: BTreeMap::new(),
        }
    }

    /// Adds recording number `place`.
    fn add(&mut self, place: usize, features: anyhow::Result<RecordingFeatures>) {
        self.waiting.insert(place, features);
        while let Some(next) = self.waiting.remove(&self.windows.len()) {
            self.windows.push(next.map(|features| {
                self.x.extend(features.x);
                self.statistics.extend(features.statistics);
                self.rumble.extend(features.rumble);
                self.spectra.extend(features.spectra);
                features.windows
            }));
        }
    }

    /// The rows of all windows, and the recordings that have any.
    fn into_set(
        self,
        mut dataset: Dataset,
        kind: FeatureKind,
        hop_columns: u32,
        gain: Gain,
    ) -> anyhow::Result<FeatureSet> {
        let (mut rows, mut kept) = (Vec::new(), Vec::new());
        let mut count = vec![0_usize; dataset.classes.len()];
        for (recording, windows) in std::mem::take(&mut dataset.recordings).into_iter().zip(self.windows) {
            match windows {
                Ok(windows) => {
                    let Recording { label, group, .. } = recording;
                    let row = |&(start_s, level_dbfs): &(f64, f32)| Row {
                        label,
                        recording: kept.len(),
                        group,
                        start_s,
                        level_dbfs,
                    };
                    rows.extend(windows.iter().map(row));
                    count[label] += windows.len();
                    kept.push(recording);
                }
                Err(error) => dataset.skipped.push(Skipped { path: recording.path, reason: format!("{error:#}") }),
            }
        }
        dataset.recordings = kept;
        if let Some(label) = count.iter().position(|windows| *windows == 0) {
            let reason = dataset.skipped.last().map(|last| format!(" ({}: {})", last.path.display(), last.reason));
            bail!("no recording of {} could be used{}", dataset.classes[label], reason.unwrap_or_default());
        }
        let array = |values: Vec<f32>, width: usize, lacks: &'static str| {
            Array2::from_shape_vec((rows.len(), width), values).context(lacks)
        };
        let x = array(self.x, kind.len(), "a window has too few features")?;
        let statistics = array(self.statistics, STATISTICS_LEN, "a window has too few statistics")?;
        let rumble = array(self.rumble, rumble::BANDS, "a window has too little rumble")?;
        let spectra = array(self.spectra, SPECTRUM_LEN, "a window has no spectrum")?;
        Ok(FeatureSet { kind, hop_columns, gain, x, statistics, rumble, spectra, rows, dataset, from_audio: true })
    }
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
