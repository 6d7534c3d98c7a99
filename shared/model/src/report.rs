//! The text line per window, in the format of the original system, and what both programs say of a whole recording.

use core::fmt;

use monitor_core::anomaly::{AlarmRules, Persistence, SPANS_S, score};

/// One window as a line without line break: `Time 400.00s: on_state (1.00) | Chunk: (16000,) | Inference: 0.85ms`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line<'a> {
    /// Start of the window in seconds.
    pub start_s: f64,
    /// Name of the class.
    pub label: &'a str,
    /// Probability of the class, 0 to 1.
    pub confidence: f32,
    /// Step between windows, in samples at 16 kHz.
    pub chunk: u64,
    /// Computing time of the window, features and head, in milliseconds.
    pub inference_ms: f64,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start_s, label, confidence, chunk, inference_ms } = self;
        write!(f, "Time {start_s:.2}s: {label} ({confidence:.2}) | Chunk: ({chunk},) | Inference: {inference_ms:.2}ms")
    }
}

/// What the anomaly score of a recording was, with its scale: `anomaly score of 5 and 10 s: highest 0.43 (0.37 as unusual as normal
/// sound gets, 0.72 warning, 1 alarm); no warning, no alarm`. A score at a level that raised nothing is explained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnomalySummary {
    /// The highest score, 0 and up; `None` if the mean was never settled.
    pub highest: Option<f32>,
    /// How often a warning was raised.
    pub warnings: usize,
    /// How often the alarm was raised.
    pub alarms: usize,
    /// Levels of the score.
    pub rules: AlarmRules,
}

impl fmt::Display for AnomalySummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { highest, warnings, alarms, rules } = *self;
        let [short, long] = SPANS_S;
        let Some(highest) = highest else {
            return write!(
                f,
                "anomaly score of {short} and {long} s: none, it needs {} s without a gap or a dead microphone",
                short / 2.0
            );
        };
        let (warning, Persistence { raise_s, within_s, .. }) = (rules.levels.warning, rules.persistence);
        write!(
            f,
            "anomaly score of {short} and {long} s: highest {highest:.2} ({:.2} as unusual as normal sound gets, {warning:.2} warning, {} \
             alarm); ",
            score(0.0),
            rules.alarm
        )?;
        let count = |count: usize, what: &str| match count {
            0 => format!("no {what}"),
            1 => format!("1 {what}"),
            many => format!("{many} {what}s"),
        };
        write!(f, "{}, {}", count(warnings, "warning"), count(alarms, "alarm"))?;
        if alarms == 0 && highest >= rules.alarm {
            write!(f, ": at the alarm level for less than {raise_s} of {within_s} s")
        } else if warnings + alarms == 0 && highest >= warning {
            write!(f, ": at the warning level for less than {within_s} s")
        } else {
            Ok(())
        }
    }
}

/// For how much of a recording the microphone check found no living microphone: `Dead microphone: 9 of 10 s (digital silence, or one
/// constant value); a device reports no state then`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeadMicrophone {
    /// Seconds of windows with a dead microphone.
    pub dead_s: f64,
    /// Seconds of all windows.
    pub of_s: f64,
}

impl fmt::Display for DeadMicrophone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dead_s, of_s } = self;
        write!(
            f,
            "Dead microphone: {dead_s:.0} of {of_s:.0} s (digital silence, or one constant value); a device reports no state then"
        )
    }
}

/// What a recording is whose samples all have one value, full scale 1: `every sample is 0: ...` for digital silence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConstantSound(pub f32);

impl fmt::Display for ConstantSound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0.0 => write!(f, "every sample is 0: muted, not connected, or exported without sound"),
            value => write!(f, "every sample is {value}: a broken converter or cable"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use monitor_core::anomaly::{Input, Levels};

    #[test]
    fn the_summary_of_the_score_names_its_scale() {
        let levels = Levels { intervals: [None; Input::ALL.len()], warning: 0.72 };
        let rules = AlarmRules { levels, alarm: 1.0, persistence: Persistence::default() };
        let summary = AnomalySummary { highest: Some(0.434), warnings: 0, alarms: 0, rules };
        let expected = "anomaly score of 5 and 10 s: highest 0.43 (0.37 as unusual as normal sound gets, 0.72 warning, 1 alarm); \
                        no warning, no alarm";
        assert_eq!(summary.to_string(), expected);
        assert!(AnomalySummary { highest: Some(1.2), alarms: 2, ..summary }.to_string().ends_with("2 alarms"));
        let none = AnomalySummary { highest: None, ..summary }.to_string();
        assert!(none.contains(" s: none, it needs 2.5 s without a gap"), "{none}");
    }

    #[test]
    fn a_score_at_a_level_that_raised_nothing_is_explained() {
        let levels = Levels { intervals: [None; Input::ALL.len()], warning: 0.72 };
        let rules = AlarmRules { levels, alarm: 1.0, persistence: Persistence::default() };
        let text = |highest, warnings, alarms| {
            let summary = AnomalySummary { highest: Some(highest), warnings, alarms, rules };
            summary.to_string().split("; ").nth(1).unwrap_or_default().to_string()
        };
        assert_eq!(text(1.53, 1, 0), "1 warning, no alarm: at the alarm level for less than 3 of 5 s");
        assert_eq!(text(0.9, 0, 0), "no warning, no alarm: at the warning level for less than 5 s");
        assert_eq!(text(1.53, 1, 1), "1 warning, 1 alarm");
        assert_eq!(text(0.9, 1, 0), "1 warning, no alarm");
    }

    #[test]
    fn a_window_reads_as_in_the_original_system() {
        let line = Line { start_s: 400.0, label: "on_state", confidence: 0.998, chunk: 16_000, inference_ms: 0.851 };
        assert_eq!(line.to_string(), "Time 400.00s: on_state (1.00) | Chunk: (16000,) | Inference: 0.85ms");
    }
}
