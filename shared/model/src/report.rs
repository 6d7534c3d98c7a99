//! The text line per window, in the format of the original system, and the summary of the anomaly score.

use core::fmt;

use monitor_core::anomaly::Persistence;

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

/// What the anomaly score of a recording was, with its scale: `anomaly score: highest 0.43, alarm level 1; no alarm (it needs
/// 4 of 5 s at the level or above)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnomalySummary {
    /// The highest score of a window, 0 and up.
    pub highest: f32,
    /// How often the alarm was raised.
    pub alarms: usize,
    /// The score from which windows count towards the alarm; 1 unless the device has a level of its own.
    pub level: f32,
    /// When it is raised.
    pub persistence: Persistence,
}

impl fmt::Display for AnomalySummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { highest, alarms, level, persistence: Persistence { raise_s, within_s, .. } } = self;
        write!(f, "anomaly score: highest {highest:.2}, alarm level {level}; ")?;
        match alarms {
            0 => f.write_str("no alarm"),
            1 => f.write_str("1 alarm"),
            many => write!(f, "{many} alarms"),
        }?;
        write!(f, " (it needs {raise_s} of {within_s} s at the level or above)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_of_the_score_names_its_scale() {
        let summary = AnomalySummary { highest: 1.534, alarms: 0, level: 1.0, persistence: Persistence::default() };
        let expected = "anomaly score: highest 1.53, alarm level 1; no alarm (it needs 4 of 5 s at the level or above)";
        assert_eq!(summary.to_string(), expected);
        assert!(AnomalySummary { alarms: 2, ..summary }.to_string().contains("2 alarms"));
    }

    #[test]
    fn a_window_reads_as_in_the_original_system() {
        let line = Line { start_s: 400.0, label: "on_state", confidence: 0.998, chunk: 16_000, inference_ms: 0.851 };
        assert_eq!(line.to_string(), "Time 400.00s: on_state (1.00) | Chunk: (16000,) | Inference: 0.85ms");
    }
}
