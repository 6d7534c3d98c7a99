//! How a model follows a machine whose state changes: on recordings with a known timeline.
//!
//! Predictions pass the decision with the settings of the model card, as on the device. Times are positions in the sound: a
//! state is reported at the last sample of the window that causes the report.

use std::path::Path;

use anyhow::Context;
use monitor_core::monitor::Event;
use monitor_core::window::SECONDS as WINDOW_S;
use serde::Serialize;

use super::predict::{AlarmLog, AnomalyAlarms};
use crate::data::dataset::Recording;
use crate::features::process;
use crate::plots::timeline::Track;
use monitor_model::contents::ModelContents;
use monitor_sound::timeline::{self, Span, Timeline};

/// A report: its second and its label; `None` for unknown.
type Reported = (f64, Option<String>);

/// A part of the recording with one state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Change {
    /// Its begin, end and label.
    #[serde(flatten)]
    pub span: Span,
    /// Seconds from its beginning to its report; `None` if it was never reported.
    pub delay_s: Option<f64>,
}

/// How a model followed one recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Followed {
    /// Path of the recording.
    pub file: String,
    /// Length of its timeline, in seconds.
    pub seconds: f64,
    /// Every part of its timeline.
    pub changes: Vec<Change>,
    /// Reports of a state other than the current one and that at the beginning of the window.
    pub false_reports: usize,
    /// False reports per hour.
    pub false_reports_per_hour: f64,
    /// Alarms by the anomaly score; `None` if the model has no score.
    pub anomaly_alarms: Option<AnomalyAlarms>,
}

impl Followed {
    /// As lines for the terminal.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}, {:.0} s:", self.file, self.seconds)];
        for Change { span, delay_s } in &self.changes {
            let delay = delay_s.map_or("never reported".to_string(), |delay| format!("reported after {delay:.1} s"));
            lines.push(format!("  {:7.1} s  {}: {delay}", span.start_s, span.label));
        }
        lines.push(format!("  false reports: {}, {:.1} per hour", self.false_reports, self.false_reports_per_hour));
        if let Some(alarms) = &self.anomaly_alarms {
            lines.push(format!("  false alarms by the anomaly score: {}", alarms.text()));
        }
        lines
    }
}

/// Runs `model` over the recording `path`, which has a timeline beside it, with a window every `hop_columns` columns. Returns
/// how the model followed it, and the data of its picture.
///
/// # Errors
/// When the recording, its timeline or the model cannot be read.
pub(crate) fn follow(model: &ModelContents<'_>, path: &Path, hop_columns: u32) -> anyhow::Result<(Followed, Track)> {
    let timeline = Timeline::read(&timeline::beside(path))?;
    let classes = &model.labels;
    let recording = Recording {
        path: path.into(),
        label: 0,
        group: 0,
        recording: String::new(),
        hash: [0; 32],
        rate_hz: 0,
        seconds: 0.0,
        block: None,
    };
    let Trace { reported, alarms, mut track } = trace(model, &recording, hop_columns)?;
    let class = |span: &Span| classes.iter().position(|class| *class == span.label);
    track.truth = timeline.spans.iter().filter_map(|span| Some((span.start_s, span.end_s, class(span)?))).collect();
    let name = |class: Option<usize>| class.and_then(|class| classes.get(class)).cloned();
    let reported: Vec<Reported> = reported.into_iter().map(|(at, class)| (at, name(class))).collect();
    let followed = compare(path.display().to_string(), timeline, &reported);
    let anomaly_alarms = alarms.map(|alarms| alarms.over(followed.seconds));
    Ok((Followed { anomaly_alarms, ..followed }, track))
}

/// Data of the picture of a recording of one state, `class` of the model; `None` if the model lacks it.
///
/// # Errors
/// When the recording or the model cannot be read.
pub(crate) fn track(
    model: &ModelContents<'_>,
    recording: &Recording,
    class: Option<usize>,
    hop_columns: u32,
) -> anyhow::Result<Track> {
    let track = trace(model, recording, hop_columns)?.track;
    Ok(Track { truth: class.map(|class| (0.0, track.seconds, class)).into_iter().collect(), ..track })
}

/// The reports of a device.
struct Trace {
    /// Second and class of each report; `None` is unknown.
    reported: Vec<(f64, Option<usize>)>,
    alarms: Option<AlarmLog>,
    track: Track,
}

/// Columns of log-mel per column of the picture.
const BLUR: usize = 8;

fn trace(model: &ModelContents<'_>, recording: &Recording, hop_columns: u32) -> anyhow::Result<Trace> {
    let mut judge = model.judge(hop_columns)?;
    let mut alarms = judge.anomaly_alarm().map(|_| AlarmLog::default());
    let (mut reported, mut track, mut raised) = (Vec::new(), Track::default(), false);
    process(recording, model.classifier.clone(), hop_columns, |window| {
        let (verdict, end_s) = (window.verdict, window.start_s + WINDOW_S);
        let mut score = None;
        judge.conclude(verdict, window.microphone_dead, |event| {
            if let Event::Window { anomaly, .. } = event {
                score = *anomaly;
            }
            if let Event::StateChange { state, .. } = event {
                reported.push((end_s, state.class().map(usize::from)));
            }
            if let Some(alarms) = &mut alarms {
                alarms.record(event, end_s);
            }
        });
        // Windows overlap: take from each what the next one does not contain.
        let fresh = &verdict.patch[..verdict.patch.len().min(hop_columns as usize)];
        track.columns.extend(fresh.chunks(BLUR).map(|columns| {
            std::array::from_fn(|band| columns.iter().map(|column| column[band]).sum::<f32>() / columns.len() as f32)
        }));
        track.seconds = end_s;
        if let (Some(active), Some(score)) = (judge.anomaly_alarm(), score) {
            track.scores.push((end_s, f64::from(score)));
            let before = std::mem::replace(&mut raised, active);
            match track.alarms.last_mut() {
                Some(last) if before => last.1 = end_s,
                _ if active => track.alarms.push((end_s, end_s)),
                _ => {}
            }
        }
    })
    .with_context(|| format!("cannot follow {}", recording.path.display()))?;
    let ends = reported.iter().skip(1).map(|(at, _)| *at).chain([track.seconds]);
    let spans = reported.iter().zip(ends).filter_map(|((from, class), to)| Some((*from, to, (*class)?)));
    track.reported = spans.collect();
    Ok(Trace { reported, alarms, track })
}

/// Compares reports with the truth. A report is false if it names neither the state at that moment nor, in the first
/// seconds after a change, when windows still hold the previous state, the previous one.
fn compare(file: String, timeline: Timeline, reported: &[Reported]) -> Followed {
    /// Time after a change in which a report of the previous state is not false: window, smoothing and dwell of a second each.
    const GRACE_S: f64 = 3.0;
    let seconds = timeline.spans.last().map_or(0.0, |last| last.end_s);
    let false_reports = reported
        .iter()
        .filter(|(at, label)| {
            let fits = |second: f64| label.is_none() || timeline.label_at(second) == label.as_deref();
            *at < seconds && !fits(*at) && !fits((at - GRACE_S).max(0.0))
        })
        .count();
    let mut changes: Vec<Change> = Vec::new();
    for span in timeline.spans {
        let before = reported.iter().rev().find(|(at, _)| *at <= span.start_s);
        let known = before.is_some_and(|(_, label)| label.as_ref() == Some(&span.label));
        let within = |at: f64| at > span.start_s && at <= span.end_s;
        let first = reported.iter().find(|(at, label)| within(*at) && label.as_ref() == Some(&span.label));
        let delay_s = if known { Some(0.0) } else { first.map(|(at, _)| at - span.start_s) };
        changes.push(Change { span, delay_s });
    }
    let false_reports_per_hour = if seconds > 0.0 { false_reports as f64 * 3600.0 / seconds } else { 0.0 };
    Followed { file, seconds, changes, false_reports, false_reports_per_hour, anomaly_alarms: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(reported: &[(f64, Option<&str>)]) -> Followed {
        let timeline = Timeline::parse("start_s,end_s,label\n0,10,off\n10,20,on\n20,36,off\n").unwrap();
        let reported: Vec<Reported> = reported.iter().map(|(at, label)| (*at, label.map(String::from))).collect();
        compare("a.wav".into(), timeline, &reported)
    }

    #[test]
    fn the_delay_counts_from_the_change_to_the_report() {
        let followed = judged(&[(2.0, Some("off")), (12.5, Some("on")), (21.5, Some("off"))]);
        let delays: Vec<_> = followed.changes.iter().map(|change| change.delay_s).collect();
        assert_eq!(delays, [Some(2.0), Some(2.5), Some(1.5)]);
        assert_eq!(followed.false_reports, 0);
    }

    #[test]
    fn a_change_that_was_slept_through_has_no_delay() {
        let followed = judged(&[(2.0, Some("off"))]);
        let delays: Vec<_> = followed.changes.iter().map(|change| change.delay_s).collect();
        assert_eq!(delays, [Some(2.0), None, Some(0.0)]);
    }

    #[test]
    fn a_state_that_was_not_there_is_a_false_report_and_unknown_is_none() {
        let followed = judged(&[(2.0, Some("off")), (5.0, Some("on")), (6.0, Some("off")), (11.0, None)]);
        assert_eq!((followed.false_reports, followed.false_reports_per_hour), (1, 100.0));
    }

    #[test]
    fn the_state_before_is_no_false_report_while_windows_still_hold_it() {
        assert_eq!(judged(&[(11.0, Some("off"))]).false_reports, 0);
        assert_eq!(judged(&[(15.0, Some("off"))]).false_reports, 1);
    }
}
