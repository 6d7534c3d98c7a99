//! What a model finds in one recording, as the device would report it.

use std::ops::ControlFlow;
use std::path::Path;

use monitor_core::log_mel::{BANDS, HOP, RATE_HZ};
use monitor_model::contents::ModelContents;
use serde::Serialize;

use crate::data::columns::{self, Spectrum};
use crate::evaluate::predict::{AnomalyAlarms, predict_recording};

/// Columns of the spectrogram at most.
const WIDTH: usize = 1200;

/// Values of the anomaly score and the level at most; of more windows each is the highest of several.
const POINTS: usize = 2000;

/// A part of the time with one state.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Part {
    from_s: f64,
    to_s: f64,
    /// Index of the class; -1 is unknown.
    state: i32,
}

/// The result.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Analysis {
    /// Length in seconds.
    seconds: f64,
    classes: Vec<String>,
    /// Reported states, in order.
    parts: Vec<Part>,
    /// Second, score and level of windows.
    points: Vec<(f64, Option<f32>, f32)>,
    /// Alarms and warnings; `null` if the model has no anomaly score.
    alarms: Option<AnomalyAlarms>,
    /// What is to be known of the recording.
    remarks: Vec<String>,
    /// Columns of the spectrogram, evenly over the time: a character for each band, low ones first, from `!`, -7, to `~`, +7,
    /// natural logarithms of magnitudes, as the device's page has them.
    columns: Vec<String>,
}

/// Runs the model over the recording at `path`, and draws it.
///
/// # Errors
/// When it cannot be read.
pub(super) fn analyse(path: &Path, contents: &ModelContents<'_>) -> anyhow::Result<Analysis> {
    let hop_columns = contents.hop_columns();
    let hop_s = f64::from(hop_columns) * HOP as f64 / f64::from(RATE_HZ);
    let mut parts: Vec<Part> = Vec::new();
    let judge = contents.judge(hop_columns)?;
    let prediction = predict_recording(path, &contents.classifier, hop_columns, judge, |concluded| {
        let state = concluded.decided.state.class().map_or(-1, i32::from);
        let from_s = concluded.window.start_s;
        match parts.last_mut() {
            Some(last) if last.state == state => last.to_s = from_s + hop_s,
            _ => parts.push(Part { from_s, to_s: from_s + hop_s, state }),
        }
        ControlFlow::Continue(())
    })?;
    let step = (prediction.seconds * 100.0 / WIDTH as f64).ceil().max(1.0) as usize;
    let (spectra, seconds) = columns::read(path, step)?;
    if let Some(last) = parts.last_mut() {
        last.to_s = seconds.max(last.from_s);
    }
    let group = prediction.windows.len().div_ceil(POINTS).max(1);
    let points = prediction.windows.chunks(group).filter_map(|windows| {
        let score = windows.iter().filter_map(|window| window.anomaly).max_by(f32::total_cmp);
        let level = windows.iter().map(|window| window.level_dbfs).max_by(f32::total_cmp)?;
        Some((windows.first()?.start_s + monitor_core::window::SECONDS, score, level))
    });
    Ok(Analysis {
        seconds,
        classes: contents.labels.clone(),
        points: points.collect(),
        parts,
        alarms: prediction.alarms,
        remarks: prediction.remarks.iter().map(ToString::to_string).collect(),
        columns: spectra.iter().map(encoded).collect(),
    })
}

/// A column as characters.
fn encoded(spectrum: &Spectrum) -> String {
    let character = |value: &f32| {
        let step = ((value.clamp(-7.0, 7.0) + 7.0) / 14.0 * 93.0).round();
        char::from(b'!' + if step.is_finite() { step as u8 } else { 0 })
    };
    let text: String = spectrum.iter().map(character).collect();
    debug_assert_eq!(text.len(), BANDS);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_a_character_for_each_band() {
        let mut spectrum = [0.0; BANDS];
        (spectrum[0], spectrum[1], spectrum[2]) = (-9.0, 9.0, f32::NAN);
        let text = encoded(&spectrum);
        assert_eq!((text.len(), &text[..4]), (BANDS, "!~!P"));
    }
}
