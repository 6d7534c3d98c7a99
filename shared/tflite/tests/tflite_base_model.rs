//! The reader on the YAMNet base model.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../core/tests/common/mod.rs"]
mod common;

use common::base_model;
use monitor_tflite::{Activation, BuiltinOp, Model, Options, Padding, TensorType};
use test_needs::needs;

#[needs(base_model)]
#[test]
fn every_tensor_and_operator_of_the_base_model_is_read() {
    let bytes = base_model();
    let model = Model::parse(&bytes).unwrap();
    let graph = model.graph();
    assert_eq!(
        (graph.tensor_count(), graph.operator_count(), graph.tensors().count(), graph.operators().count()),
        (121, 47, 121, 47)
    );
    assert_eq!(graph.inputs().iter().collect::<Vec<_>>(), [Some(0)]);
    assert_eq!(graph.outputs().iter().collect::<Vec<_>>(), [Some(120)]);
    assert_eq!(&*graph.tensor(0).unwrap().shape, [15600]);
    assert_eq!(graph.tensor(31).unwrap().shape.elements(), Some(1), "a scalar has one element");
}

#[needs(base_model)]
#[test]
fn convolution_options_and_quantisation_are_those_that_tflite_shows() {
    let bytes = base_model();
    let graph = Model::parse(&bytes).unwrap().graph();
    let first = graph.operator(16).unwrap();
    assert_eq!(first.code, BuiltinOp::CONV_2D);
    assert_eq!(
        first.options,
        Options::Conv2d { padding: Padding::Same, stride: [2, 2], dilation: [1, 1], activation: Activation::Relu6 }
    );
    let weights = graph.tensor(36).unwrap();
    assert_eq!((weights.kind, &*weights.shape), (TensorType::Int8, &[1, 3, 3, 32][..]));
    assert_eq!(weights.i8s().unwrap().len(), 288);
    let quantisation = weights.quantisation.unwrap();
    assert_eq!((quantisation.dimension, quantisation.channels(), quantisation.scale(0)), (3, 32, Some(0.016_208_902)));
    assert_eq!(graph.tensor(28).unwrap().scale_and_zero_point(), Some((0.048_020_61, 16)));
    assert!(graph.tensor(5).unwrap().i32s().unwrap().equals(&[195, 80]));
}

#[needs(base_model)]
#[test]
fn the_labels_come_from_the_archive_behind_the_model() {
    let bytes = base_model();
    let model = Model::parse(&bytes).unwrap();
    let labels = model.labels().unwrap().unwrap();
    assert_eq!((labels.len(), labels.get(0), labels.get(520)), (521, Some("Speech"), Some("Field recording")));
    let input = model.tflite_metadata().unwrap().unwrap().input(0).unwrap();
    assert_eq!((input.name, input.audio), ("audio_clip", Some((16_000, 1))));
}
