//! Explanations of warnings and alarms, compared with the frequencies that faults are known to add.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use anyhow::Context;
use monitor_core::anomaly::{BandChange, Change, Explanation, Outcome, SpectrumMean};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::fit::{Fitted, Windows};
use super::hold_out::Scored;
use super::normal_spectra::spectrum;
use crate::console::shown;
use crate::data::feature_set::FeatureSet;
use crate::data::paths::relative;

/// Explains warnings and alarms of one recording as the device does.
pub(super) struct Explainer<'f, 'w> {
    fitted: &'f Fitted,
    spectra: Option<ArrayView2<'w, f32>>,
    mean: SpectrumMean,
}

impl<'f, 'w> Explainer<'f, 'w> {
    /// An explainer without a window yet.
    pub(super) fn new(fitted: &'f Fitted, windows: &Windows<'w>, hop_s: f64) -> Self {
        Self { fitted, spectra: windows.spectra, mean: SpectrumMean::new(hop_s as f32) }
    }

    /// Adds window `index`, in row `row`; the explanation of what it raised.
    pub(super) fn update(&mut self, index: u64, row: usize, outcome: &Outcome) -> Option<Explanation> {
        if let Some(spectra) = self.spectra {
            self.mean.push(index, &spectrum(spectra.row(row)));
        }
        let raised = |change: Option<Change>| change == Some(Change::Raised);
        let level = match outcome {
            outcome if raised(outcome.alarm) => self.fitted.rules().alarm,
            outcome if raised(outcome.warning) => self.fitted.warning,
            _ => return None,
        };
        let detectors = Explanation::of_detectors(&outcome.positions, level);
        Some(match (&self.fitted.spectra, self.mean.get()) {
            (Some(spectra), Some(mean)) => detectors.with_spectrum(&spectra.tables(), mean),
            _ => detectors,
        })
    }
}

/// Frequencies that faults add: for each file, by its path relative to the data, the bands in Hz.
pub(crate) type FaultBands = HashMap<String, Vec<[f64; 2]>>;

/// A row of their table; other columns are ignored.
#[derive(Deserialize)]
struct Row {
    file: String,
    from_hz: f64,
    to_hz: f64,
}

/// Reads a table `file,from_hz,to_hz`, as `synth --faults` writes it.
///
/// # Errors
/// When it cannot be read, lacks a column or holds a value that is no number.
pub(crate) fn read_fault_bands(path: &Path) -> anyhow::Result<FaultBands> {
    let context = || format!("cannot use {}: it must have the columns file, from_hz and to_hz", shown(path));
    let mut bands = FaultBands::new();
    // A folder would be a table without rows.
    let text = std::fs::read(path).with_context(|| {
        format!("cannot read {}; name a table with the columns file, from_hz and to_hz", shown(path))
    })?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(&text[..]);
    for row in reader.deserialize() {
        let Row { file, from_hz, to_hz } = row.with_context(context)?;
        bands.entry(file).or_default().push([from_hz, to_hz]);
    }
    Ok(bands)
}

/// How often explanations name the frequencies of faults.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Explained {
    /// Number of detected faults of known frequencies: recordings that raised a warning or an alarm, in each fold.
    pub detected: usize,
    /// Share of these of which a named band holds a frequency of the fault; `None` without any.
    pub named: Option<f64>,
    /// Share of which the band that is named first does.
    pub named_first: Option<f64>,
    /// The same for each class.
    pub classes: Vec<ClassExplained>,
}

/// How often explanations of one class name the frequencies of its faults.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct ClassExplained {
    /// Name of the class.
    pub class: String,
    /// Number of detected faults.
    pub detected: usize,
    /// Number of these of which a named band holds a frequency of the fault.
    pub named: usize,
    /// Number of which the band that is named first does.
    pub named_first: usize,
}

/// Compares the first explanation of each recording in each fold with `bands`; `folder` is that of the recordings.
pub(crate) fn explained(scored: &[Scored], set: &FeatureSet, bands: &FaultBands, folder: &Path) -> Explained {
    let mut classes: BTreeMap<usize, ClassExplained> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (scored, explanation) in scored.iter().filter_map(|scored| Some((scored, scored.explanation?))) {
        let row = set.rows[scored.row];
        let Some(known) = bands.get(&relative(&set.dataset.recordings[row.recording].path, folder)) else { continue };
        if !seen.insert((scored.fold, row.recording)) {
            continue;
        }
        let class = classes.entry(row.label).or_default();
        let holds: Vec<bool> = explanation.bands.iter().flatten().map(|band| holds(band, known)).collect();
        class.detected += 1;
        class.named += usize::from(holds.contains(&true));
        class.named_first += usize::from(holds.first() == Some(&true));
    }
    let sum = |of: fn(&ClassExplained) -> usize| classes.values().map(of).sum::<usize>();
    let (detected, named, first) =
        (sum(|class| class.detected), sum(|class| class.named), sum(|class| class.named_first));
    let share = |count: usize| (detected > 0).then(|| count as f64 / detected as f64);
    let named_class =
        |(label, class): (usize, ClassExplained)| ClassExplained { class: set.dataset.classes[label].clone(), ..class };
    Explained {
        detected,
        named: share(named),
        named_first: share(first),
        classes: classes.into_iter().map(named_class).collect(),
    }
}

/// Whether a named band and one of the `known` ones share a frequency.
fn holds(named: &BandChange, known: &[[f64; 2]]) -> bool {
    known.iter().any(|[from, to]| f64::from(named.from_hz) < *to && f64::from(named.to_hz) > *from)
}

impl Explained {
    /// As lines for the terminal; none without a detected fault.
    pub(crate) fn lines(&self) -> Vec<String> {
        let (Some(named), Some(first)) = (self.named, self.named_first) else { return Vec::new() };
        let heading = format!(
            "A named band holds a frequency of the fault for {:.0} % of {} detected faults, the band named first for {:.0} %:",
            100.0 * named,
            self.detected,
            100.0 * first
        );
        let class = |class: &ClassExplained| {
            format!("  {}: {} of {}, first {}", class.class, class.named, class.detected, class.named_first)
        };
        std::iter::once(heading).chain(self.classes.iter().map(class)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_holds_a_fault_where_they_share_a_frequency() {
        let band = BandChange { from_hz: 200, to_hz: 267, tenths_db: 30 };
        assert!(holds(&band, &[[900.0, 1000.0], [260.0, 300.0]]) && holds(&band, &[[220.0, 230.0]]));
        assert!(!holds(&band, &[[267.0, 300.0]]) && !holds(&band, &[]));
    }

    #[test]
    fn a_table_of_fault_bands_is_read_and_one_without_its_columns_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bands.csv");
        std::fs::write(&path, "file,from_hz,to_hz\na/b.wav,100.0,200.5\na/b.wav,1000,2000\n").unwrap();
        assert_eq!(read_fault_bands(&path).unwrap()["a/b.wav"], [[100.0, 200.5], [1000.0, 2000.0]]);
        std::fs::write(&path, "file,from_hz\na/b.wav,100\n").unwrap();
        let error = format!("{:#}", read_fault_bands(&path).unwrap_err());
        assert!(error.contains("must have the columns file, from_hz and to_hz"), "{error}");
        let error = format!("{:#}", read_fault_bands(folder.path()).unwrap_err());
        assert!(error.starts_with("cannot read "), "{error}");
    }
}
