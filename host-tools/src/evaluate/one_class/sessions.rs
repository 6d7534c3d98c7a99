//! Recording sessions: the alarm follows the files that one recording was cut into as it followed the recording.
//!
//! The alarm is a mean over seconds. With a judge of its own a file shorter than that could never raise it.

use std::collections::BTreeMap;

use anyhow::Context;
use monitor_core::anomaly::ZScores;
use monitor_core::monitor::{Event, Judge};
use monitor_core::pipeline::Verdict;
use monitor_core::{log_mel, rumble, window};
use monitor_model::contents::ModelContents;

use super::Processed;
use crate::data::dataset::Recording;
use crate::features::process;

/// What of a window the judge needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Heard {
    pub(super) z_scores: Option<ZScores>,
    pub(super) microphone_dead: bool,
}

/// Runs the model over one file or block.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn hear(model: &ModelContents<'_>, recording: &Recording, hop_columns: u32) -> anyhow::Result<Vec<Heard>> {
    let mut heard = Vec::new();
    process(recording, model.classifier.clone(), hop_columns, |window| {
        heard.push(Heard { z_scores: window.verdict.z_scores, microphone_dead: window.microphone_dead });
    })
    .with_context(|| format!("cannot process {}", recording.path.display()))?;
    Ok(heard)
}

/// Whether the model was trained on the file.
pub(super) fn trained_on(model: &ModelContents<'_>, recording: &Recording) -> bool {
    model.card.as_ref().is_some_and(|card| card.training.contains(&recording.hash))
}

/// Judges every session: its windows one after the other, in the order of its files in `heard`, which is that of their names.
///
/// # Errors
/// When the settings of the model are out of range.
pub(super) fn judge_all(
    model: &ModelContents<'_>,
    heard: &[(Recording, Vec<Heard>)],
    hop_columns: u32,
) -> anyhow::Result<Vec<Processed>> {
    let files: Vec<_> = heard.iter().map(|(file, heard)| (file, trained_on(model, file), &heard[..])).collect();
    let sessions = sessions(&files);
    sessions.into_iter().map(|session| Ok(judge(model.judge(hop_columns)?, &session))).collect()
}

/// A session: its label, whether it was trained on, and its windows.
#[derive(Debug, PartialEq)]
pub(super) struct Session {
    pub(super) label: usize,
    pub(super) trained_on: bool,
    pub(super) windows: Vec<Heard>,
}

/// Joins the files of each session, in their order. Parts of one file are apart in time, and what was trained on is counted
/// apart: both are sessions of their own.
pub(super) fn sessions(files: &[(&Recording, bool, &[Heard])]) -> Vec<Session> {
    let mut joined: Vec<Session> = Vec::new();
    let mut places = BTreeMap::new();
    for (file, trained_on, windows) in files {
        let start = file.block.as_ref().map(|block| block.start.to_bits());
        let key = (file.label, *trained_on, &file.recording, start);
        let place = *places.entry(key).or_insert(joined.len());
        if place == joined.len() {
            joined.push(Session { label: file.label, trained_on: *trained_on, windows: Vec::new() });
        }
        joined[place].windows.extend_from_slice(windows);
    }
    joined
}

/// Runs the alarm over the windows of a session.
pub(super) fn judge(mut judge: Judge, session: &Session) -> Processed {
    let Session { label, trained_on, ref windows } = *session;
    let mut result = Processed { label, trained_on, scores: Vec::new(), unknown: 0, alarms: 0 };
    for (index, heard) in (0..).zip(windows) {
        let before = judge.anomaly_alarm() == Some(true);
        let mut score = None;
        judge.conclude(&verdict(index, heard), heard.microphone_dead, |event| {
            if let Event::Window { anomaly, .. } = event {
                score = *anomaly;
            }
        });
        let alarm = judge.anomaly_alarm() == Some(true);
        result.scores.push(score.unwrap_or(0.0));
        result.unknown += usize::from(alarm || heard.microphone_dead);
        result.alarms += usize::from(alarm && !before);
    }
    result
}

/// The verdict of window `index` on the only class; of its sound it has the deviations alone.
fn verdict(index: u64, heard: &Heard) -> Verdict<'static> {
    Verdict {
        index,
        start_sample: 0,
        probabilities: &[1.0],
        features: &[],
        patch: &[[0.0; log_mel::BANDS]; window::COLUMNS],
        rumble: &[0.0; rumble::BANDS],
        level_dbfs: 0.0,
        spans_gap: false,
        z_scores: heard.z_scores,
        inference_ns: 0,
    }
}
