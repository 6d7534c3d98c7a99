//! Alarms by the anomaly score over one recording.

use monitor_core::monitor::{AlarmCause, Event};
use serde::Serialize;

/// Alarms on a recording; on a recording of normal sound every alarm is false.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnomalyAlarms {
    /// End of the window that raised each, in seconds.
    pub at_s: Vec<f64>,
    /// End of the window that raised each warning, in seconds.
    pub warnings_at_s: Vec<f64>,
    /// Alarms per hour.
    pub per_hour: f64,
    /// Highest score; 1 is the threshold.
    pub highest_score: f32,
}

impl AnomalyAlarms {
    /// Count, rate and highest score as text.
    pub(crate) fn text(&self) -> String {
        let Self { at_s, warnings_at_s, per_hour, highest_score } = self;
        format!(
            "{}, {per_hour:.1} per hour; warnings: {}; highest score {highest_score:.2} (alarm from 1)",
            at_s.len(),
            warnings_at_s.len()
        )
    }
}

/// Records when the alarm by the anomaly score was raised.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct AlarmLog {
    at_s: Vec<f64>,
    warnings_at_s: Vec<f64>,
    highest_score: f32,
}

impl AlarmLog {
    /// Records an event of the window that ends at `end_s` seconds.
    pub(crate) fn record(&mut self, event: &Event<'_>, end_s: f64) {
        match event {
            Event::Window { anomaly, .. } => self.highest_score = self.highest_score.max(anomaly.unwrap_or(0.0)),
            Event::Warning { active: true, .. } => self.warnings_at_s.push(end_s),
            Event::Alarm { cause: AlarmCause::Anomaly, active: true, .. } => self.at_s.push(end_s),
            _ => {}
        }
    }

    /// The alarms of `seconds` of sound.
    pub(crate) fn over(self, seconds: f64) -> AnomalyAlarms {
        let per_hour = if seconds > 0.0 { self.at_s.len() as f64 * 3600.0 / seconds } else { 0.0 };
        AnomalyAlarms {
            at_s: self.at_s,
            warnings_at_s: self.warnings_at_s,
            per_hour,
            highest_score: self.highest_score,
        }
    }
}

#[cfg(test)]
mod tests {
    use monitor_core::decision::State;

    use super::*;

    #[test]
    fn an_alarm_counts_when_it_is_raised_and_not_while_it_lasts_or_ends() {
        let mut log = AlarmLog::default();
        for (end_s, active) in [(2.0, true), (9.0, false)] {
            log.record(&Event::Warning { index: 0, active, state: State::Unknown }, end_s);
        }
        for (end_s, active) in [(3.0, true), (7.0, false)] {
            log.record(&Event::Alarm { index: 0, cause: AlarmCause::Anomaly, active, state: State::Unknown }, end_s);
        }
        log.record(&Event::Alarm { index: 0, cause: AlarmCause::State, active: true, state: State::Class(0) }, 8.0);
        assert_eq!(
            log.over(1800.0),
            AnomalyAlarms { at_s: vec![3.0], warnings_at_s: vec![2.0], per_hour: 2.0, highest_score: 0.0 }
        );
    }
}
