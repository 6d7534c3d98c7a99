//! What a monitor reports.

use crate::anomaly::{Explanation, Zone};
use crate::decision::{Decided, State};
use crate::pipeline::Verdict;

/// Why an alarm is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmCause {
    /// The reported state is one of the alarm states.
    State,
    /// The anomaly score stays above its threshold.
    Anomaly,
    /// The microphone is dead.
    Microphone,
}

/// One thing that follows from a block of samples. Events of one window come in the order of the variants.
#[derive(Debug, Clone, Copy)]
pub enum Event<'v> {
    /// Frames were lost before window `index`.
    Gap {
        /// Number of the next window.
        index: u64,
        /// Frames at the input's rate.
        lost_frames: u64,
    },
    /// A window was computed.
    Window {
        /// Probabilities, level and score of the window.
        verdict: &'v Verdict<'v>,
        /// Its effect on the state.
        decided: Decided,
        /// Anomaly score of the last seconds, 0 and up, 1 at the alarm level; `None` without a detector or where the microphone was
        /// dead.
        anomaly: Option<f32>,
        /// The zone of the score; `None` where the score is.
        zone: Option<Zone>,
        /// Whether the microphone was dead, so that the verdict carries no information about the machine.
        microphone_dead: bool,
    },
    /// The reported state changed.
    StateChange {
        /// The window that changed it.
        index: u64,
        /// The state before.
        previous: State,
        /// The state from now on.
        state: State,
        /// Smoothed probability of the state, 0 to 1.
        confidence: f32,
    },
    /// The anomaly score rose above the warning level, or fell below it.
    Warning {
        /// The window that raised or ended it.
        index: u64,
        /// Whether it was raised.
        active: bool,
        /// The reported state.
        state: State,
        /// What moved in the sound, if it was raised.
        explanation: Explanation,
    },
    /// An alarm was raised or ended.
    Alarm {
        /// The window that raised or ended it.
        index: u64,
        /// Why.
        cause: AlarmCause,
        /// Whether it was raised.
        active: bool,
        /// The reported state, unknown where the cause is not about the machine.
        state: State,
        /// What moved in the sound, if the anomaly score raised it.
        explanation: Explanation,
    },
}
