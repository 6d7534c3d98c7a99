//! Explains the warnings and alarms of the anomaly score.

use super::Settings;
use crate::anomaly::{Change, Explanation, SpectrumMean, ZScores};
use crate::pipeline::Verdict;

/// The mean spectrum of the last seconds, and the levels that the detectors are compared with.
#[derive(Debug, Clone)]
pub(super) struct Explainer {
    mean: SpectrumMean,
    /// Scores that raise a warning and an alarm.
    levels: [f32; 2],
}

impl Explainer {
    /// An explainer that has no window yet.
    pub(super) fn new(settings: &Settings<'_>) -> Self {
        let levels = settings.anomaly.map_or([1.0; 2], |rules| [rules.levels.warning, rules.alarm]);
        Self { mean: SpectrumMean::new(settings.hop_s), levels }
    }

    /// Replaces the scores that raise a warning and an alarm.
    pub(super) fn set_levels(&mut self, warning: f32, alarm: f32) {
        self.levels = [warning, alarm];
    }

    /// Adds a window of the machine's sound.
    pub(super) fn update(&mut self, verdict: &Verdict<'_>) {
        if let Some(spectra) = &verdict.spectra {
            self.mean.push(verdict.index, &spectra.window);
        }
    }

    /// The explanation of a change of the warning, or of the alarm (`alarm`), at `verdict`; empty if it ended.
    pub(super) fn explain(
        &self,
        change: Change,
        positions: &ZScores,
        alarm: bool,
        verdict: &Verdict<'_>,
    ) -> Explanation {
        if change == Change::Ended {
            return Explanation::default();
        }
        let detectors = Explanation::of_detectors(positions, self.levels[usize::from(alarm)]);
        match (&verdict.spectra, self.mean.get()) {
            (Some(spectra), Some(mean)) => detectors.with_spectrum(&spectra.normal, mean),
            _ => detectors,
        }
    }
}
