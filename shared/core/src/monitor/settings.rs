//! What the judge needs to know of model and configuration.

use super::Judge;
use crate::anomaly::AlarmRules;
use crate::decision::{Error, MAX_CLASSES, State, Steps};

/// States that are an alarm, as a set of class indices and unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AlarmStates {
    classes: [u64; MAX_CLASSES.div_ceil(64)],
    unknown: bool,
}

impl AlarmStates {
    /// Adds a state; a class beyond [`MAX_CLASSES`] is ignored, since no model reports it.
    #[must_use]
    pub fn with(mut self, state: State) -> Self {
        match state {
            State::Unknown => self.unknown = true,
            State::Class(class) => {
                if let Some(bits) = self.classes.get_mut(usize::from(class) / 64) {
                    *bits |= 1 << (class % 64);
                }
            }
        }
        self
    }

    /// Whether `state` is in the set.
    pub fn contains(&self, state: State) -> bool {
        match state {
            State::Unknown => self.unknown,
            State::Class(class) => {
                self.classes.get(usize::from(class) / 64).is_some_and(|bits| bits >> (class % 64) & 1 == 1)
            }
        }
    }
}

impl FromIterator<State> for AlarmStates {
    fn from_iter<I: IntoIterator<Item = State>>(states: I) -> Self {
        states.into_iter().fold(Self::default(), Self::with)
    }
}

/// Settings of a [`Judge`], of model and configuration together.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// The decision's settings at the hop.
    pub steps: Steps,
    /// The confidence of each class, in the order of the model's labels.
    pub confidences: &'a [f32],
    /// States that are an alarm.
    pub alarm_states: AlarmStates,
    /// Seconds for which the state must be unknown before that is an alarm, where it is one; 0 for at once. Starts, stops and
    /// changes of state pass through unknown.
    pub unknown_s: f32,
    /// Levels and persistence of the anomaly score; `None` without a score.
    pub anomaly: Option<AlarmRules>,
    /// Whether the score raises warnings and alarms.
    pub anomaly_alarm: bool,
    /// Seconds from one window to the next.
    pub hop_s: f32,
}

impl Settings<'_> {
    /// A judge by these settings that starts in the unknown state.
    ///
    /// # Errors
    /// When there is no class, or more than [`MAX_CLASSES`], or a confidence is out of range.
    pub fn judge(&self) -> Result<Judge, Error> {
        Judge::new(self)
    }
}
