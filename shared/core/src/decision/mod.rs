//! From probabilities to a state: smoothing, hysteresis, dwell, unknown.
//!
//! A classifier judges one window of sound and errs now and then; a person or a relay needs the state of the machine. Per
//! window, in this order:
//!
//! 1. **Smoothing**: each class keeps `s += alpha * (p - s)`; the first window sets `s = p`.
//! 2. **Candidate**, from the leading class `L` (highest `s`, the first of equals) and the reported state `c`:
//!    a class is *entered* when `s[L] >= confidence + hysteresis` and `s[L] - s[c] >= hysteresis`; it is *kept* while
//!    `s[c] >= confidence`; otherwise the candidate is unknown. The confidence may differ from class to class
//!    ([`Decision::set_confidences`]): training measures what each class can reach.
//! 3. **Dwell**: a candidate is reported once it has been the candidate for `dwell` windows in a row. So every reported
//!    state lasts for at least `dwell` windows, and a moment between two states is not reported as unknown.
//!
//! With one class the softmax is always 1: [`crate::monitor::Judge`] passes a probability of 0 while the anomaly alarm is raised.
//!
//! A lasting change is always reported in time: see [`Steps::delay_windows`] for the formula.
//!
//! Pure: no clock, no allocation; two floats of memory for each of 521 classes and one pass over the classes per window.

mod config;
mod machine;
#[cfg(test)]
mod properties;

pub use config::{DecisionConfig, Error, Steps};
pub use machine::{Decided, Decision, State};

pub use crate::MAX_CLASSES;
