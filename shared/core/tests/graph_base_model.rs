//! Recognition of the base model, and rejection of modified ones.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use common::base_model;
use monitor_core::graph::{Body, Error, Output, Parts};
use monitor_tflite::Model;
use test_needs::needs;

#[needs(base_model)]
#[test]
fn the_base_model_is_front_end_body_and_scores() {
    let bytes = base_model();
    let parts = Parts::from_graph(&Model::parse(&bytes).unwrap().graph()).unwrap();
    assert_eq!(parts.log_mel, 25);
    assert_eq!(parts.body, Some(Body { quantize: 13, mean: 43, patch: 27, pooled: 115, tapped: false }));
    assert_eq!(parts.output, Output::Scores { fully_connected: 44, classes: 521 });
    assert_eq!((parts.classes(), parts.feature_kind()), (521, None));
}

/// Changes one 4-byte word of constant tensor `tensor` and returns the resulting error.
fn with_changed_constant(tensor: usize, word: usize, change: impl Fn([u8; 4]) -> [u8; 4]) -> Error {
    let mut bytes = base_model();
    let data = Model::parse(&bytes).unwrap().graph().tensor(tensor).unwrap().data.unwrap();
    let at = data.as_ptr() as usize - bytes.as_ptr() as usize + 4 * word;
    let changed = change(bytes[at..at + 4].try_into().unwrap());
    bytes[at..at + 4].copy_from_slice(&changed);
    Parts::from_graph(&Model::parse(&bytes).unwrap().graph()).unwrap_err()
}

/// Returns a change that adds `by` to a float.
fn plus(by: f32) -> impl Fn([u8; 4]) -> [u8; 4] {
    move |word| (f32::from_le_bytes(word) + by).to_le_bytes()
}

#[needs(base_model)]
#[test]
fn another_window_function_is_refused() {
    let error = with_changed_constant(11, 200, plus(2e-6));
    assert!(matches!(error, Error::Constant { tensor: 11, .. }), "{error}");
}

#[needs(base_model)]
#[test]
fn other_mel_weights_are_refused() {
    let error = with_changed_constant(22, 257 * 30 + 40, plus(0.01));
    assert!(matches!(error, Error::Constant { tensor: 22, .. }), "{error}");
}

#[needs(base_model)]
#[test]
fn a_mel_weight_that_is_not_a_number_is_refused() {
    let error = with_changed_constant(22, 5, |_| f32::NAN.to_le_bytes());
    assert!(matches!(error, Error::Constant { tensor: 22, .. }), "{error}");
}

#[needs(base_model)]
#[test]
fn another_floor_under_the_logarithm_is_refused() {
    let error = with_changed_constant(23, 63, plus(0.001));
    assert!(matches!(error, Error::Constant { tensor: 23, .. }), "{error}");
}

#[needs(base_model)]
#[test]
fn another_hop_is_refused() {
    let error = with_changed_constant(7, 5, |word| (i32::from_le_bytes(word) + 1).to_le_bytes());
    assert!(matches!(error, Error::Constant { tensor: 7, .. }), "{error}");
}
