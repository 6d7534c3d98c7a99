//! What is known of one recording: its half seconds, and the model's results.

use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};

use monitor_core::log_mel::BANDS;
use monitor_core::monitor::Judge;
use monitor_core::window::SECONDS as WINDOW_S;
use monitor_model::contents::ModelContents;
use serde::Serialize;

use super::segment::segment;
use crate::data::columns::{self, Spectrum};
use crate::evaluate::predict::predict_recording;

/// Step between the windows of the model, in columns of 10 ms: half a window.
const HOP: u32 = 48;

/// Columns of 10 ms in a half second, and its length in seconds.
const COLUMNS: usize = 50;
const STEP_S: f64 = 0.5;

/// A model that proposes labels.
#[derive(Clone, Copy)]
pub(crate) struct Model<'m> {
    /// Its contents, with labels.
    pub contents: &'m ModelContents<'m>,
    /// Its decision and alarm, which have seen nothing yet.
    judge: &'m Judge,
}

impl<'m> Model<'m> {
    /// The model with a `judge` of [`hop`](Self::hop).
    pub(crate) fn new(contents: &'m ModelContents<'m>, judge: &'m Judge) -> Self {
        Self { contents, judge }
    }

    /// Step between windows that the judge is made for, in columns of 10 ms.
    pub(crate) const fn hop() -> u32 {
        HOP
    }
}

/// The model's results for a window.
#[derive(Debug, Clone)]
struct Window {
    start_s: f64,
    probabilities: Vec<f32>,
    anomaly: Option<f32>,
}

/// A recording.
#[derive(Debug, Clone)]
pub(crate) struct Material {
    /// Where it is.
    pub path: PathBuf,
    /// Its name for people.
    pub name: String,
    /// Its length in seconds.
    pub seconds: f64,
    halves: Vec<Spectrum>,
    windows: Vec<Window>,
}

/// What a model proposes for a stretch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Proposal {
    /// The class of the highest mean probability.
    pub label: String,
    /// That probability, 0 to 1.
    pub confidence: f64,
    /// The highest anomaly score, 1 at the alarm level; `None` if the model has none, and for the first seconds.
    pub anomaly: Option<f32>,
}

impl Material {
    /// Reads the recording at `path`, which people know by `name`, and runs the `model` over it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(path: &Path, name: String, model: Option<Model<'_>>) -> anyhow::Result<Self> {
        let (halves, seconds) = columns::read(path, COLUMNS)?;
        let mut windows = Vec::new();
        if let Some(Model { contents, judge }) = model {
            predict_recording(path, &contents.classifier, HOP, judge.clone(), |concluded| {
                windows.push(Window {
                    start_s: concluded.window.start_s,
                    probabilities: concluded.probabilities.to_vec(),
                    anomaly: concluded.window.anomaly,
                });
                ControlFlow::Continue(())
            })?;
        }
        Ok(Self { path: path.to_path_buf(), name, seconds, halves, windows })
    }

    /// Its stretches of one sound, in seconds from its start; the last one reaches to its end.
    pub(super) fn stretches(&self, change: f64) -> Vec<Range<f64>> {
        let stretches = segment(&self.halves, change);
        let last = stretches.len().saturating_sub(1);
        let seconds = |(place, stretch): (usize, Range<usize>)| {
            let end = if place == last { self.seconds } else { stretch.end as f64 * STEP_S };
            stretch.start as f64 * STEP_S..end
        };
        stretches.into_iter().enumerate().map(seconds).collect()
    }

    /// The mean spectrum of a part, in seconds; of a part without a complete half second, that of the one it lies in.
    pub(super) fn spectrum(&self, part: &Range<f64>) -> Spectrum {
        let (first, end) = ((part.start / STEP_S).round() as usize, (part.end / STEP_S).round() as usize);
        let last = self.halves.len();
        let first = first.min(last.saturating_sub(1));
        let halves = self.halves.get(first..end.clamp(first + 1, last.max(first + 1))).unwrap_or_default();
        let count = halves.len().max(1) as f32;
        std::array::from_fn::<_, BANDS, _>(|band| halves.iter().map(|half| half[band]).sum::<f32>() / count)
    }

    /// What the model proposes for a part, in seconds: from the windows within it, or else from the one nearest to it. `None`
    /// without a model or a window. `labels` are the model's.
    pub(super) fn proposal(&self, part: &Range<f64>, labels: &[String]) -> Option<Proposal> {
        const ROUNDING: f64 = 0.02;
        let is_within = |window: &&Window| {
            window.start_s >= part.start - ROUNDING && window.start_s + WINDOW_S <= part.end + ROUNDING
        };
        let mut within: Vec<&Window> = self.windows.iter().filter(is_within).collect();
        if within.is_empty() {
            let middle = (part.start + part.end - WINDOW_S) / 2.0;
            let away = |window: &&Window| (window.start_s - middle).abs();
            within.extend(self.windows.iter().min_by(|a, b| away(a).total_cmp(&away(b))));
        }
        let count = within.len() as f64;
        let mean = |class: usize| {
            let sum: f64 =
                within.iter().filter_map(|window| window.probabilities.get(class)).map(|p| f64::from(*p)).sum();
            sum / count
        };
        let best = (0..labels.len()).map(|class| (class, mean(class))).max_by(|a, b| a.1.total_cmp(&b.1));
        let (class, confidence) = best.filter(|_| !within.is_empty())?;
        let anomaly = within.iter().filter_map(|window| window.anomaly).max_by(f32::total_cmp);
        Some(Proposal { label: labels[class].clone(), confidence, anomaly })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A recording of half seconds at these levels, with windows of two classes, of which the second has the probability of each.
    pub(in super::super) fn material(name: &str, levels: &[f32], second: &[f32]) -> Material {
        let window = |(place, p): (usize, &f32)| Window {
            start_s: place as f64 * 0.48,
            probabilities: vec![1.0 - p, *p],
            anomaly: (place >= 3).then_some(0.5),
        };
        Material {
            path: PathBuf::from(name),
            name: name.into(),
            seconds: levels.len() as f64 * STEP_S + 0.3,
            halves: levels.iter().map(|level| [*level; BANDS]).collect(),
            windows: second.iter().enumerate().map(window).collect(),
        }
    }

    #[test]
    fn the_last_stretch_reaches_to_the_end() {
        let material = material("a", &[[0.0; 8], [2.0; 8]].concat(), &[]);
        assert_eq!(material.stretches(10.0), [0.0..4.0, 4.0..8.3]);
    }

    #[test]
    fn a_proposal_is_of_the_windows_within_the_part_or_the_nearest() {
        let material = material("a", &[0.0; 8], &[0.1, 0.2, 0.9, 0.8, 0.7]);
        let labels = ["off".to_string(), "on".to_string()];
        let of = |part: Range<f64>| material.proposal(&part, &labels).unwrap();
        let first = of(0.0..1.5);
        assert_eq!((&first.label[..], (first.confidence * 100.0).round(), first.anomaly), ("off", 85.0, None));
        let rest = of(0.9..4.3);
        assert_eq!((&rest.label[..], (rest.confidence * 100.0).round(), rest.anomaly), ("on", 80.0, Some(0.5)));
        assert_eq!(of(1.3..1.6).label, "on");
        assert_eq!(self::material("b", &[0.0; 8], &[]).proposal(&(0.0..4.0), &labels), None);
    }

    #[test]
    fn the_spectrum_of_any_part_exists() {
        let material = material("a", &[0.0, 1.0, 2.0], &[]);
        let at = |part: Range<f64>| material.spectrum(&part)[7];
        assert_eq!(
            (at(0.0..1.5), at(0.5..1.5), at(0.6..0.7), at(1.4..9.0), at(99.0..100.0)),
            (1.0, 1.5, 1.0, 2.0, 2.0)
        );
        assert_eq!(self::material("b", &[], &[]).spectrum(&(0.0..1.0)), [0.0; BANDS]);
    }
}
