//! The core of the acoustic machine monitor: samples in, verdicts out.
//!
//! The same code runs on the workstation and on the device, so training sees exactly what the device will see. Principles,
//! in order of weight:
//!
//! 1. **Correct on any input.** A bad file or a bad sample is an error or a counted event, never a panic.
//! 2. **Bounded.** No allocation, lock, system call or log after start-up; every buffer is fixed or lent by the caller.
//! 3. **The same everywhere.** Integer results equal TFLite's reference kernels bit for bit; float sums have one fixed
//!    order and transcendental functions come from `libm`, so that scores are identical on every target.
//! 4. **Simple and clear before clever.** Each module knows the one before it only by its data.
//!
//! The way of a sample: [`pcm`] -> [`resample`] -> [`log_mel`] -> [`window`] -> [`features`] ([`nn`] and [`stats`]) ->
//! [`head`] and [`anomaly`] -> [`decision`]; [`monitor`] owns the chain.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod anomaly;
pub mod classifier;
pub mod decision;
pub mod features;
pub mod graph;
pub mod head;
pub mod log_mel;
pub mod microphone;
pub mod model_card;
pub mod monitor;
pub mod pcm;
pub mod pipeline;
pub mod resample;
pub mod stats;
pub mod window;
