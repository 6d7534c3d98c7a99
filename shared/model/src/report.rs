//! The text line per window, in the format of the original system.

use core::fmt;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_reads_as_in_the_original_system() {
        let line = Line { start_s: 400.0, label: "on_state", confidence: 0.998, chunk: 16_000, inference_ms: 0.851 };
        assert_eq!(line.to_string(), "Time 400.00s: on_state (1.00) | Chunk: (16000,) | Inference: 0.85ms");
    }
}
