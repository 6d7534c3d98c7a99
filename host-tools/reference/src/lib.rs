//! Compares our int8 network with the TFLite C++ interpreter.
//!
//! The reference is the interpreter of TensorFlow 1.15 that the crate `tflite` builds; it supports neither the base model's
//! front end nor int8 outputs, so it runs the network alone, cut out of the base model and dequantised at its end. Up to
//! the last convolution both must agree bit for bit; that interpreter's MEAN may differ by one step, which is counted.
//!
//! Without the feature `runtime` this crate is empty.
#![forbid(unsafe_code)]
#![cfg(feature = "runtime")]

mod compare;
mod interpreter;
mod patches;

pub use compare::{Differences, Outcome, compare};
