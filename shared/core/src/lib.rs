//! The core of the acoustic machine monitor: samples in, classes, anomaly scores and alarms out.
//!
//! **Why.** Workstation and device run this same code, so training uses exactly the features that the device computes.
//!
//! **Constraints**, in order of priority:
//!
//! 1. *Correct on any input.* A bad file or a bad sample is an error or a counted event, never a panic.
//! 2. *Bounded.* `no_std`; no allocation, lock, system call or log; every buffer is fixed or lent by the caller.
//! 3. *Reproducible.* Integer results equal TFLite's reference kernels bit for bit. Float sums have one fixed order and
//!    transcendental functions come from `libm`, so scores are identical on every target.
//! 4. *Simple before clever.* A module depends on the previous one only through its data.
//!
//! **Cost.** Memory and time of each step are documented in its module.
//!
//! Signal path: [`pcm`] -> [`resample`] -> [`log_mel`] -> [`window`] -> [`features`] ([`monitor_nn`] and [`stats`]) ->
//! [`head`] and [`anomaly`] -> [`decision`]. [`monitor`] owns the whole path.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![warn(unreachable_pub)]
// See docs/development/decisions/casts.md.
#![cfg_attr(
    not(test),
    warn(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss
    )
)]

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "statistics of counts below 2^24"
)]
pub mod anomaly;
pub mod classifier;
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "window counts, checked ranges")]
pub mod decision;
pub mod features;
pub mod gain;
pub mod graph;
pub mod head;
pub mod log_mel;
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "statistics of counts below 2^24"
)]
pub mod microphone;
pub mod model_card;
pub mod monitor;
pub mod pcm;
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "levels in dB")]
pub mod pipeline;
pub mod resample;
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "indices below 2^11, and taps rounded to f32"
)]
pub mod rumble;
pub mod sealed;
pub mod stats;
pub mod training_sample;
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "counts and days below 2^24"
)]
pub mod trend;
pub mod window;

/// Largest number of classes of any classifier: the 521 AudioSet classes of YAMNet.
pub const MAX_CLASSES: usize = monitor_nn::body::MAX_SCORES;
