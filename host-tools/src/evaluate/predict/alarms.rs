//! Alarms by the anomaly score over one recording.

use monitor_core::anomaly::Explanation;
use monitor_core::monitor::{AlarmCause, Event};
use monitor_model::explanation::{ExplanationText, wire};
use serde::Serialize;

/// Alarms on a recording; on a recording of normal sound every alarm is false.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnomalyAlarms {
    /// End of the window that raised each, in seconds.
    pub at_s: Vec<f64>,
    /// End of the window that raised each warning, in seconds.
    pub warnings_at_s: Vec<f64>,
    /// What each alarm and warning names, in the order in which they were raised.
    pub explanations: Vec<Explained>,
    /// Alarms per hour.
    pub per_hour: f64,
    /// Highest score; 1 is the threshold. `None` if there was none: see [`monitor_core::anomaly::Outcome::score`].
    pub highest_score: Option<f32>,
}

/// What a warning or an alarm names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explained {
    /// End of the window that raised it, in seconds.
    pub at_s: f64,
    /// Whether it is an alarm; otherwise a warning.
    pub alarm: bool,
    /// Bands and detectors in words.
    pub text: String,
}

impl AnomalyAlarms {
    /// Count, rate and highest score as text.
    pub(crate) fn text(&self) -> String {
        let Self { at_s, warnings_at_s, per_hour, highest_score, .. } = self;
        let highest = match highest_score {
            None => "no score: the recording is too short".to_string(),
            Some(score) if *score >= 1.0 && at_s.is_empty() => {
                format!("highest score {score:.2} (alarm from 1, reached for too short a time)")
            }
            Some(score) => format!("highest score {score:.2} (alarm from 1)"),
        };
        format!("{}, {per_hour:.1} per hour; warnings: {}; {highest}", at_s.len(), warnings_at_s.len())
    }
}

/// Records when the alarm by the anomaly score was raised.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct AlarmLog {
    at_s: Vec<f64>,
    warnings_at_s: Vec<f64>,
    explanations: Vec<Explained>,
    highest_score: Option<f32>,
}

impl AlarmLog {
    /// Records an event of the window that ends at `end_s` seconds.
    pub(crate) fn record(&mut self, event: &Event<'_>, end_s: f64) {
        match event {
            Event::Window { anomaly, .. } => {
                self.highest_score = self.highest_score.into_iter().chain(*anomaly).reduce(f32::max);
            }
            Event::Warning { active: true, explanation, .. } => {
                self.warnings_at_s.push(end_s);
                self.explain(end_s, false, explanation);
            }
            Event::Alarm { cause: AlarmCause::Anomaly, active: true, explanation, .. } => {
                self.at_s.push(end_s);
                self.explain(end_s, true, explanation);
            }
            _ => {}
        }
    }

    fn explain(&mut self, at_s: f64, alarm: bool, explanation: &Explanation) {
        let text = ExplanationText(&wire(explanation)).to_string();
        self.explanations.push(Explained { at_s, alarm, text });
    }

    /// The alarms of `seconds` of sound.
    pub(crate) fn over(self, seconds: f64) -> AnomalyAlarms {
        let per_hour = if seconds > 0.0 { self.at_s.len() as f64 * 3600.0 / seconds } else { 0.0 };
        AnomalyAlarms {
            at_s: self.at_s,
            warnings_at_s: self.warnings_at_s,
            explanations: self.explanations,
            per_hour,
            highest_score: self.highest_score,
        }
    }
}

#[cfg(test)]
mod tests {
    use monitor_core::anomaly::Input;
    use monitor_core::decision::State;

    use super::*;

    #[test]
    fn an_alarm_counts_when_it_is_raised_and_not_while_it_lasts_or_ends() {
        let mut log = AlarmLog::default();
        let explanation = Explanation { detectors: [Some(Input::Tap), None, None, None], ..Explanation::default() };
        for (end_s, active) in [(2.0, true), (9.0, false)] {
            log.record(&Event::Warning { index: 0, active, state: State::Unknown, explanation }, end_s);
        }
        for (end_s, active) in [(3.0, true), (7.0, false)] {
            let (cause, state) = (AlarmCause::Anomaly, State::Unknown);
            log.record(&Event::Alarm { index: 0, cause, active, state, explanation }, end_s);
        }
        let (cause, state) = (AlarmCause::State, State::Class(0));
        log.record(&Event::Alarm { index: 0, cause, active: true, state, explanation }, 8.0);
        let text = || "no band stands out (tap)".to_string();
        assert_eq!(
            log.over(1800.0),
            AnomalyAlarms {
                at_s: vec![3.0],
                warnings_at_s: vec![2.0],
                explanations: vec![
                    Explained { at_s: 2.0, alarm: false, text: text() },
                    Explained { at_s: 3.0, alarm: true, text: text() },
                ],
                per_hour: 2.0,
                highest_score: None,
            }
        );
    }

    #[test]
    fn a_score_at_the_level_without_an_alarm_is_explained() {
        let text = |at_s: &[f64], highest_score| {
            let at_s = at_s.to_vec();
            AnomalyAlarms { at_s, warnings_at_s: Vec::new(), explanations: Vec::new(), per_hour: 0.0, highest_score }
                .text()
        };
        assert!(text(&[], Some(1.5)).ends_with("1.50 (alarm from 1, reached for too short a time)"));
        assert!(text(&[2.0], Some(1.5)).ends_with("1.50 (alarm from 1)"));
        assert!(text(&[], None).ends_with("no score: the recording is too short"));
    }
}
