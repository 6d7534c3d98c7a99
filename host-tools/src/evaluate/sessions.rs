//! Recording sessions: the alarm follows the files that one recording was cut into as it followed the recording.
//!
//! The alarm is a mean over seconds. With a judge of its own a file shorter than that could never raise it.

use std::collections::BTreeMap;

use anyhow::Context;
use monitor_core::anomaly::{Explanation, NormalSpectra, Spectrum, ZScores};
use monitor_core::monitor::{AlarmCause, Event, Judge};
use monitor_core::pipeline::{Spectra, Verdict};
use monitor_core::{log_mel, rumble, window};
use monitor_model::contents::ModelContents;

use crate::data::dataset::Recording;
use crate::features::{Window, process};

/// What of a window the judge needs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct JudgeInput {
    pub(super) probabilities: Vec<f32>,
    pub(super) z_scores: Option<ZScores>,
    pub(super) spectrum: Option<Spectrum>,
    pub(super) microphone_dead: bool,
}

impl JudgeInput {
    pub(super) fn from_window(window: &Window<'_>) -> Self {
        Self {
            probabilities: window.verdict.probabilities.to_vec(),
            z_scores: window.verdict.z_scores,
            spectrum: window.verdict.spectra.map(|spectra| spectra.window),
            microphone_dead: window.microphone_dead,
        }
    }
}

/// Result of a recording session: of one file, or of the files that its recording was cut into.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    /// Its class in the data.
    pub(crate) label: usize,
    /// Its group.
    pub(crate) group: usize,
    /// Whether the model was trained on it.
    pub(crate) trained_on: bool,
    /// Number of windows.
    pub(crate) windows: usize,
    /// Anomaly score of each window that has one, 1 at the alarm level.
    pub(crate) scores: Vec<f32>,
    /// Number of windows while the alarm was raised or the microphone dead.
    pub(crate) unknown: usize,
    /// Whether a warning was raised.
    pub(crate) warned: bool,
    /// Number of times that the alarm was raised.
    pub(crate) alarms: usize,
    /// What each alarm names.
    pub(crate) explanations: Vec<Explanation>,
}

/// Runs the model over one file or block.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn inputs(
    model: &ModelContents<'_>,
    recording: &Recording,
    hop_columns: u32,
) -> anyhow::Result<Vec<JudgeInput>> {
    let mut inputs = Vec::new();
    process(recording, model.classifier.clone(), hop_columns, |window| inputs.push(JudgeInput::from_window(window)))
        .with_context(|| format!("cannot process {}", recording.path.display()))?;
    Ok(inputs)
}

/// Whether the head or the anomaly score was fitted to the file.
pub(super) fn trained_on(model: &ModelContents<'_>, recording: &Recording) -> bool {
    model.card.as_ref().is_some_and(|card| card.was_fitted_to(&recording.hash))
}

/// Judges every session: its windows one after the other, in the order of its `files`, which is that of their names.
///
/// # Errors
/// When the settings of the model are out of range.
pub(super) fn judge_all(
    model: &ModelContents<'_>,
    files: &[(Recording, Vec<JudgeInput>)],
    hop_columns: u32,
) -> anyhow::Result<Vec<Judged>> {
    let files: Vec<_> = files.iter().map(|(file, inputs)| (file, trained_on(model, file), &inputs[..])).collect();
    let sessions = sessions(&files);
    let normal = model.classifier.anomaly().and_then(|detector| detector.tables().spectra);
    sessions.into_iter().map(|session| Ok(judge(model.judge(hop_columns)?, &session, normal))).collect()
}

/// A session: its label, its group, whether it was trained on, and its windows.
#[derive(Debug, PartialEq)]
pub(super) struct Session {
    pub(super) label: usize,
    pub(super) group: usize,
    pub(super) trained_on: bool,
    pub(super) windows: Vec<JudgeInput>,
}

/// Joins the files of each session, in their order. Parts of one file are apart in time, and what was trained on is counted
/// apart: both are sessions of their own.
pub(super) fn sessions(files: &[(&Recording, bool, &[JudgeInput])]) -> Vec<Session> {
    let mut joined: Vec<Session> = Vec::new();
    let mut places = BTreeMap::new();
    for (file, trained_on, windows) in files {
        let start = file.block.as_ref().map(|block| block.start.to_bits());
        let key = (file.label, file.group, *trained_on, &file.recording, start);
        let place = *places.entry(key).or_insert(joined.len());
        if place == joined.len() {
            let (label, group) = (file.label, file.group);
            joined.push(Session { label, group, trained_on: *trained_on, windows: Vec::new() });
        }
        joined[place].windows.extend_from_slice(windows);
    }
    joined
}

/// Runs the alarm over the windows of a session.
pub(super) fn judge(mut judge: Judge, session: &Session, normal: Option<NormalSpectra<'_>>) -> Judged {
    let Session { label, group, trained_on, ref windows } = *session;
    let mut result = Judged {
        label,
        group,
        trained_on,
        windows: windows.len(),
        scores: Vec::new(),
        unknown: 0,
        warned: false,
        alarms: 0,
        explanations: Vec::new(),
    };
    for (index, input) in (0..).zip(windows) {
        let before = judge.anomaly_alarm() == Some(true);
        judge.conclude(&verdict(index, input, normal), input.microphone_dead, |event| match event {
            Event::Window { anomaly, .. } => result.scores.extend(anomaly),
            Event::Warning { active: true, .. } => result.warned = true,
            Event::Alarm { cause: AlarmCause::Anomaly, active: true, explanation, .. } => {
                result.explanations.push(*explanation);
            }
            _ => {}
        });
        let alarm = judge.anomaly_alarm() == Some(true);
        result.unknown += usize::from(alarm || input.microphone_dead);
        result.alarms += usize::from(alarm && !before);
    }
    result
}

/// The verdict of window `index`; of its sound it has the z-scores and the spectrum alone.
fn verdict<'v>(index: u64, input: &'v JudgeInput, normal: Option<NormalSpectra<'v>>) -> Verdict<'v> {
    Verdict {
        index,
        start_sample: 0,
        probabilities: &input.probabilities,
        features: &[],
        patch: &[[0.0; log_mel::BANDS]; window::COLUMNS],
        rumble: &[0.0; rumble::BANDS],
        level_dbfs: 0.0,
        spans_gap: false,
        z_scores: input.z_scores,
        spectra: input.spectrum.zip(normal).map(|(window, normal)| Spectra { window, normal }),
        inference_ns: 0,
    }
}

#[cfg(test)]
mod tests {
    use monitor_core::anomaly::{AlarmRules, Input, Interval, Levels, Persistence, SPANS};
    use monitor_core::decision::DecisionConfig;
    use monitor_core::monitor::{AlarmStates, Settings};

    use super::*;

    fn file(number: u8, recording: &str, block: Option<std::ops::Range<f64>>) -> Recording {
        Recording {
            path: format!("{number}.wav").into(),
            label: 0,
            group: 0,
            recording: recording.to_string(),
            hash: [number; 32],
            rate_hz: 16_000,
            seconds: 2.0,
            block,
        }
    }

    /// Windows of this deviation, which alarms above 1.
    fn windows(z_score: f32, count: usize) -> Vec<JudgeInput> {
        let z_scores = Input::ALL.map(|input| (input == Input::Tap).then_some(z_score));
        vec![
            JudgeInput { probabilities: vec![1.0], z_scores: Some(z_scores), spectrum: None, microphone_dead: false };
            count
        ]
    }

    fn new_judge() -> Judge {
        let config = DecisionConfig { smoothing_s: 0.5, confidence: 0.6, hysteresis: 0.1, dwell_s: 0.5 };
        let persistence = Persistence { raise_s: 3.0, within_s: 5.0, change_s: 0.0 };
        let mut intervals = [None; Input::ALL.len()];
        intervals[Input::Tap as usize] = Some([Interval { typical: 0.0, alarm: 1.0 }; SPANS]);
        Judge::new(&Settings {
            steps: config.per_window(0.5).unwrap(),
            confidences: &[0.6],
            alarm_states: AlarmStates::default(),
            unknown_s: 0.0,
            anomaly: Some(AlarmRules { levels: Levels { intervals, warning: 0.5 }, alarm: 1.0, persistence }),
            anomaly_alarm: true,
            hop_s: 0.5,
        })
        .unwrap()
    }

    #[test]
    fn short_files_of_one_recording_raise_the_alarm_together_and_alone_they_do_not() {
        let sound = windows(5.0, 3);
        let alarms = |recordings: &[String]| -> Vec<usize> {
            let files: Vec<Recording> = (0..).zip(recordings).map(|(number, name)| file(number, name, None)).collect();
            let files: Vec<_> = files.iter().map(|file| (file, false, &sound[..])).collect();
            sessions(&files).iter().map(|session| judge(new_judge(), session, None).alarms).collect()
        };
        let names: Vec<String> = (0..12).map(|number| format!("fan {number}")).collect();
        assert_eq!(alarms(&names), [0; 12]);
        assert_eq!(alarms(&vec!["fan".to_string(); 12]), [1]);
    }

    #[test]
    fn a_session_joins_files_in_their_order_but_not_parts_of_a_file_or_what_was_trained_on() {
        let files = [
            (file(0, "a", None), false, windows(1.0, 2)),
            (file(1, "b", None), false, windows(2.0, 1)),
            (file(2, "a", None), false, windows(3.0, 1)),
            (file(3, "a", None), true, windows(4.0, 1)),
            (file(4, "c", Some(0.0..2.0)), false, windows(5.0, 1)),
            (file(4, "c", Some(9.0..11.0)), false, windows(6.0, 1)),
        ];
        let files: Vec<_> = files.iter().map(|(file, trained_on, inputs)| (file, *trained_on, &inputs[..])).collect();
        let found = sessions(&files);
        let lengths: Vec<(usize, bool)> =
            found.iter().map(|session| (session.windows.len(), session.trained_on)).collect();
        assert_eq!(lengths, [(3, false), (1, false), (1, true), (1, false), (1, false)]);
        assert_eq!(found[0].windows, [windows(1.0, 2), windows(3.0, 1)].concat());
    }
}
