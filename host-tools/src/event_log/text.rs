//! The course as lines for the terminal.

use jiff::Timestamp;

use super::Course;
use super::course::Raised;
use crate::console::{Columns, Side};

/// Alarms and warnings whose explanation is printed.
pub(crate) const EXPLANATIONS: usize = 10;

/// A moment in seconds since 1970 as text, in UTC, to the second.
pub(crate) fn moment(at_s: f64) -> String {
    let moment = Timestamp::from_millisecond((at_s * 1e3) as i64).unwrap_or(Timestamp::MAX);
    moment.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `count` with its unit, in the plural unless it is 1.
fn counted(count: usize, unit: &str) -> String {
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

impl Course {
    /// From when to when, and how much of it the device ran.
    pub(crate) fn summary(&self) -> String {
        let (from, to, hours) = (moment(self.from_s), moment(self.to_s), (self.to_s - self.from_s) / 3600.0);
        let gaps = match self.gaps.len() {
            0 => "no gap".to_string(),
            gaps => format!("{}, {:.2} h", counted(gaps, "gap"), self.gap_hours()),
        };
        format!("{from} to {to} UTC, {hours:.2} h: {}, {gaps}", counted(self.runs - self.undated_runs, "run"))
    }

    /// Share of the time of a state, 0 to 1; the state after the last is unknown.
    pub(crate) fn share(&self, state: usize) -> f64 {
        let all: f64 = self.hours.iter().sum();
        if all > 0.0 { self.hours.get(state).copied().unwrap_or(0.0) / all } else { 0.0 }
    }

    /// What limits the figures, one sentence each.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if !self.hours_are_recorded {
            remarks.push("The log holds no durations: the hours are those between changes of state.".to_string());
        }
        if self.undated_runs > 0 {
            remarks.push(format!(
                "{} without a known date: no time server set the clock. Not drawn; the recorded hours include them.",
                counted(self.undated_runs, "run")
            ));
        }
        if self.lost > 0 {
            remarks.push(format!("{} records are missing: a state may have changed earlier than shown.", self.lost));
        }
        remarks
    }

    /// Number of alarms, or of warnings, by cause.
    pub(crate) fn by_cause(&self, is_warning: bool) -> Vec<(String, usize)> {
        let of_kind = || self.raised.iter().filter(|raised| raised.is_warning == is_warning);
        let causes: std::collections::BTreeSet<&str> = of_kind().map(|raised| raised.cause.as_str()).collect();
        let count = |cause: &str| of_kind().filter(|raised| raised.cause == cause).count();
        causes.into_iter().map(|cause| (cause.to_string(), count(cause))).collect()
    }

    /// What moved in the sound at the last alarms and warnings, at most `most`, newest first, one line each.
    pub(crate) fn explanations(&self, most: usize) -> Vec<String> {
        let line = |raised: &Raised| {
            let kind = if raised.is_warning { "warning" } else { "alarm" };
            raised.explanation.as_ref().map(|why| format!("{} {kind}: {why}", moment(raised.from_s)))
        };
        self.raised.iter().rev().filter_map(line).take(most).collect()
    }

    /// As lines for the terminal.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut columns = Columns::new(&[
            ("state", Side::Left),
            ("hours", Side::Right),
            ("share", Side::Right),
            ("times", Side::Right),
        ]);
        for (place, hours) in self.hours.iter().enumerate() {
            let state = (place < self.states.len()).then_some(place);
            let times = self.band.iter().filter(|span| span.state == state).count();
            let share = format!("{:.1} %", 100.0 * self.share(place));
            columns.row([self.name(state).to_string(), format!("{hours:.2}"), share, times.to_string()]);
        }
        let mut lines = vec![self.summary()];
        lines.extend(columns.lines(2));
        for (kind, is_warning) in [("Alarms", false), ("Warnings", true)] {
            let causes = self.by_cause(is_warning);
            let causes: Vec<String> = causes.iter().map(|(cause, count)| format!("{cause} {count}")).collect();
            let causes = if causes.is_empty() { "none".to_string() } else { causes.join(", ") };
            lines.push(format!("{kind}: {causes}."));
        }
        lines.push(format!("Acknowledged: {}.", counted(self.acknowledged.len(), "time")));
        let explanations = self.explanations(EXPLANATIONS);
        if !explanations.is_empty() {
            lines.push("What moved in the sound (UTC), newest first:".to_string());
            lines.extend(explanations.into_iter().map(|line| format!("  {line}")));
        }
        lines.extend(self.remarks());
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::super::course::Span;
    use super::*;

    #[test]
    fn hours_alarms_and_what_limits_them_are_stated() {
        let raised =
            |is_warning| Raised { cause: "anomaly".into(), is_warning, from_s: 0.0, to_s: 1.0, explanation: None };
        let moved = Raised { from_s: 60.0, explanation: Some("56-71 Hz +11.2 dB (rumble)".into()), ..raised(true) };
        let course = Course {
            to_s: 7200.0,
            states: vec!["on".into()],
            band: vec![Span { from_s: 0.0, to_s: 3600.0, state: Some(0) }],
            gaps: vec![Span { from_s: 3600.0, to_s: 5400.0, state: None }],
            raised: vec![raised(true), raised(false), moved],
            hours: vec![1.0, 0.25],
            runs: 3,
            undated_runs: 1,
            lost: 4,
            ..Course::default()
        };
        let text = course.lines().join("\n");
        for part in [
            "1970-01-01 00:00:00 to 1970-01-01 02:00:00 UTC, 2.00 h: 2 runs, 1 gap, 0.50 h",
            "on        1.00  80.0 %      1",
            "Alarms: anomaly 1.",
            "Warnings: anomaly 2.",
            "  1970-01-01 00:01:00 warning: 56-71 Hz +11.2 dB (rumble)",
            "no durations",
            "1 run without a known date",
            "4 records are missing",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}
