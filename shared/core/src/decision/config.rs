//! The settings in seconds, as people and the model file write them, and the same per window, as the machine runs.

use core::fmt;

use serde::{Deserialize, Serialize};

/// Longest smoothing and dwell that make sense, in seconds.
const LONGEST_S: f32 = 3600.0;

/// How probabilities become a state. Times are in seconds, so that the settings hold at any hop.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionConfig {
    /// Time constant of the exponential smoothing in seconds, 0 to 3600; 0 switches smoothing off.
    pub smoothing_s: f32,
    /// Smoothed probability below which a state is not kept: unknown. 0 to 1.
    pub confidence: f32,
    /// What a class must have beyond `confidence`, and beyond the reported class, to be entered. 0 to 1, and
    /// `confidence + hysteresis <= 1`.
    pub hysteresis: f32,
    /// How long a state must be the candidate before it is reported, in seconds, 0 to 3600.
    pub dwell_s: f32,
}

impl Default for DecisionConfig {
    fn default() -> Self {
        Self { smoothing_s: 1.0, confidence: 0.6, hysteresis: 0.1, dwell_s: 1.0 }
    }
}

impl DecisionConfig {
    /// The settings per window, for windows that are `hop_s` seconds apart: `alpha = 1 - exp(-hop / smoothing)` and
    /// `dwell = max(1, ceil(dwell_s / hop_s))`.
    ///
    /// # Errors
    /// When a setting is out of its range, or the hop is not above 0.
    pub fn per_window(&self, hop_s: f32) -> Result<Steps, Error> {
        within("smoothing_s", self.smoothing_s, LONGEST_S)?;
        within("dwell_s", self.dwell_s, LONGEST_S)?;
        within("hysteresis", self.hysteresis, 1.0)?;
        check_confidence(self.confidence, self.hysteresis)?;
        if !(hop_s > 0.0 && hop_s <= LONGEST_S) {
            return Err(Error::Hop { hop_s });
        }
        let alpha = if self.smoothing_s > 0.0 { 1.0 - libm::expf(-hop_s / self.smoothing_s) } else { 1.0 };
        // A tolerance of a thousandth of a window: 0.96 s at a hop of 0.48 s is 2 windows, despite rounding.
        let dwell = libm::ceilf(self.dwell_s / hop_s - 1e-3);
        Ok(Steps {
            alpha,
            confidence: self.confidence,
            hysteresis: self.hysteresis,
            // The quotient may be large, never negative: `as` saturates.
            dwell: (dwell as u32).max(1),
        })
    }
}

fn within(name: &'static str, value: f32, most: f32) -> Result<(), Error> {
    if (0.0..=most).contains(&value) { Ok(()) } else { Err(Error::OutOfRange { name, value, most }) }
}

fn check_confidence(confidence: f32, hysteresis: f32) -> Result<(), Error> {
    within("confidence", confidence, 1.0)?;
    if confidence + hysteresis > 1.0 { Err(Error::NeverEntered { confidence, hysteresis }) } else { Ok(()) }
}

/// [`DecisionConfig`] at one hop: what [`super::Decision`] runs on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steps {
    /// Weight of the newest window, above 0, at most 1.
    pub(super) alpha: f32,
    pub(super) confidence: f32,
    pub(super) hysteresis: f32,
    /// Windows in a row, at least 1.
    pub(super) dwell: u32,
}

impl Steps {
    /// How many windows a state stands for at least.
    pub fn dwell_windows(&self) -> u32 {
        self.dwell
    }

    /// The same for a class with a confidence of its own.
    ///
    /// # Errors
    /// When it is out of range, or leaves no room for the hysteresis.
    pub fn with_confidence(self, confidence: f32) -> Result<Self, Error> {
        check_confidence(confidence, self.hysteresis)?;
        Ok(Self { confidence, ..self })
    }

    /// The smoothed probability from which a class is the candidate whatever was before:
    /// `T = max(confidence + hysteresis, (1 + hysteresis) / 2)`.
    ///
    /// The second term: probabilities add up to 1, so the reported class has at most `1 - T`, and `T - (1 - T)` must
    /// reach the hysteresis.
    pub fn certain(&self) -> f32 {
        (self.confidence + self.hysteresis).max((1.0 + self.hysteresis) / 2.0)
    }

    /// The stated delay: when a class has at least the probability `lasting` in every window from some window on, it is
    /// the reported state after at most this many windows, that first one included:
    /// `ceil(ln(1 - T / lasting) / ln(1 - alpha)) + dwell - 1`, with `T` of [`Self::certain`].
    ///
    /// In seconds, about `smoothing * ln(1 / (1 - T / lasting)) + dwell`. `None` when `lasting` does not exceed `T`
    /// (by a thousandth, for rounding): then no delay is promised.
    pub fn delay_windows(&self, lasting: f32) -> Option<u32> {
        let certain = f64::from(self.certain()) + 1e-5;
        let lasting = f64::from(lasting);
        if lasting.is_nan() || lasting < certain + 1e-3 {
            return None;
        }
        let rise = libm::log(1.0 - certain / lasting) / libm::log(1.0 - f64::from(self.alpha));
        // alpha = 1 makes the divisor -inf and the quotient 0: one window.
        let rise = (libm::ceil(rise) as u32).max(1);
        Some(rise.saturating_add(self.dwell - 1))
    }
}

/// Why settings are refused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Error {
    /// A setting is not within 0 and its highest value.
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// What it was.
        value: f32,
        /// The highest value there is.
        most: f32,
    },
    /// Confidence and hysteresis together exceed 1: no class could ever be entered.
    NeverEntered {
        /// The confidence.
        confidence: f32,
        /// The hysteresis.
        hysteresis: f32,
    },
    /// The hop is no time between windows.
    Hop {
        /// The hop in seconds.
        hop_s: f32,
    },
    /// No class, or more than [`super::MAX_CLASSES`].
    Classes {
        /// How many.
        classes: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::OutOfRange { name, value, most } => {
                write!(f, "decision.{name} is {value}; choose a number from 0 to {most}")
            }
            Self::NeverEntered { confidence, hysteresis } => write!(
                f,
                "decision.confidence {confidence} and decision.hysteresis {hysteresis} add up to more than 1, so that no \
                 state could ever be entered; lower one of them"
            ),
            Self::Hop { hop_s } => write!(f, "a hop of {hop_s} s between windows; it must be above 0 and at most 3600"),
            Self::Classes { classes } => {
                write!(f, "{classes} classes; a decision needs 1 to {}", super::MAX_CLASSES)
            }
        }
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_windows_rounded_up_and_at_least_one() {
        let config = DecisionConfig { dwell_s: 0.96, ..Default::default() };
        assert_eq!(config.per_window(0.48).unwrap().dwell_windows(), 2);
        assert_eq!(config.per_window(0.1).unwrap().dwell_windows(), 10);
        assert_eq!(config.per_window(1.0).unwrap().dwell_windows(), 1);
        let none = DecisionConfig { dwell_s: 0.0, ..Default::default() };
        assert_eq!(none.per_window(0.48).unwrap().dwell_windows(), 1);
    }

    #[test]
    fn the_stated_delay_is_the_written_formula() {
        // tau 1 s, hop 0.5 s: alpha = 1 - e^-0.5; T = max(0.7, 0.55); ln(1 - 0.7/0.95) / -0.5 = 2.67 -> 3; + 2 - 1.
        let steps = DecisionConfig::default().per_window(0.5).unwrap();
        assert_eq!(steps.delay_windows(0.95), Some(4));
        assert_eq!(steps.delay_windows(0.70), None);
        assert_eq!(steps.delay_windows(f32::NAN), None);
    }

    #[test]
    fn settings_out_of_range_are_refused_by_name() {
        let bad = [
            DecisionConfig { smoothing_s: -1.0, ..Default::default() },
            DecisionConfig { smoothing_s: f32::NAN, ..Default::default() },
            DecisionConfig { dwell_s: 1e9, ..Default::default() },
            DecisionConfig { confidence: 1.1, ..Default::default() },
            DecisionConfig { hysteresis: -0.1, ..Default::default() },
        ];
        for config in bad {
            assert!(matches!(config.per_window(0.48), Err(Error::OutOfRange { .. })), "{config:?}");
        }
        let never = DecisionConfig { confidence: 0.8, hysteresis: 0.3, ..Default::default() };
        assert!(matches!(never.per_window(0.48), Err(Error::NeverEntered { .. })));
        assert!(matches!(DecisionConfig::default().per_window(0.0), Err(Error::Hop { .. })));
    }
}
