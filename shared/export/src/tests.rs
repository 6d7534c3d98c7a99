//! Modified graphs are rejected at the first difference.

use monitor_core::features::FeatureKind;
use monitor_core::gain::Gain;
use monitor_core::graph::{Error, Parts};
use monitor_tflite::{BuiltinOp as Op, Model, Options};
use ndarray::Array2;

use super::model_buf::ModelBuf;
use super::{Dense, features, layers, writer};

/// Returns the graph of a log-mel classifier with two classes.
fn graph() -> ModelBuf {
    let mut model = ModelBuf::default();
    let features = features::write(&mut model, FeatureKind::LogMel, None, Gain::NONE).unwrap();
    let hidden = Dense { weights: Array2::from_elem((8, 128), 0.1), bias: vec![0.0; 8], relu: true };
    let last = Dense { weights: Array2::from_elem((2, 8), 0.1), bias: vec![0.0; 2], relu: false };
    let probabilities = layers::write(&mut model, features, &[hidden, last]);
    model.outputs.push(probabilities);
    model
}

/// Returns the error of the device's reader for the graph after `change`.
fn rejection(change: impl FnOnce(&mut ModelBuf)) -> Error {
    let mut model = graph();
    change(&mut model);
    let file = writer::write(&model);
    Parts::from_graph(&Model::parse(&file).unwrap().graph()).unwrap_err()
}

/// Returns the index of the last operator with this code.
fn place(model: &ModelBuf, code: Op) -> usize {
    model.operators.iter().rposition(|operator| operator.code == code).unwrap()
}

#[test]
fn the_graph_itself_is_accepted() {
    let file = writer::write(&graph());
    let parts = Parts::from_graph(&Model::parse(&file).unwrap().graph()).unwrap();
    assert_eq!((parts.feature_kind(), parts.classes()), (Some(FeatureKind::LogMel), 2));
}

#[test]
fn one_class_is_accepted() {
    let mut model = ModelBuf::default();
    let features = features::write(&mut model, FeatureKind::LogMel, None, Gain::NONE).unwrap();
    let head = [Dense { weights: Array2::zeros((1, 128)), bias: vec![0.0], relu: false }];
    layers::check(&head, 128, &["normal".into()]).unwrap();
    let probabilities = layers::write(&mut model, features, &head);
    model.outputs.push(probabilities);
    let file = writer::write(&model);
    assert_eq!(Parts::from_graph(&Model::parse(&file).unwrap().graph()).unwrap().classes(), 1);
}

#[test]
fn a_second_output_is_refused() {
    assert_eq!(rejection(|model| model.outputs.push(5)), Error::Ends { inputs: 1, outputs: 2 });
}

#[test]
fn an_output_that_is_not_the_probabilities_is_refused() {
    let error = rejection(|model| model.outputs[0] -= 1);
    assert!(matches!(error, Error::Output { .. }), "{error}");
}

#[test]
fn mean_and_deviation_in_the_wrong_order_are_refused() {
    let error = rejection(|model| {
        let at = place(model, Op::CONCATENATION);
        model.operators[at].inputs.swap(0, 1);
    });
    assert!(matches!(error, Error::Connection { .. }), "{error}");
}

#[test]
fn a_deviation_without_its_root_is_refused() {
    let error = rejection(|model| {
        let at = place(model, Op::SQRT);
        model.operators[at].code = Op::SQUARE;
    });
    assert!(matches!(error, Error::Operator { expected: Op::SQRT, found: Op::SQUARE, .. }), "{error}");
}

#[test]
fn a_mean_over_the_bands_instead_of_time_is_refused() {
    let error = rejection(|model| {
        let at = place(model, Op::MEAN);
        let axis = model.operators[at].inputs[1].unwrap();
        model.tensors[axis].data[0] = 1;
    });
    assert!(matches!(error, Error::Constant { .. }), "{error}");
}

#[test]
fn a_sharper_softmax_is_refused() {
    let error = rejection(|model| {
        let at = place(model, Op::SOFTMAX);
        model.operators[at].options = Options::Softmax { beta: 2.0 };
    });
    assert!(matches!(error, Error::Options { .. }), "{error}");
}

#[test]
fn a_weight_that_is_not_a_number_is_refused() {
    let error = rejection(|model| {
        let at = place(model, Op::FULLY_CONNECTED);
        let weights = model.operators[at].inputs[1].unwrap();
        model.tensors[weights].data[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    assert!(matches!(error, Error::Constant { .. }), "{error}");
}

#[test]
fn an_operator_before_what_it_reads_is_refused() {
    let error = rejection(|model| model.operators.swap(3, 4));
    assert!(matches!(error, Error::Order { operator: 3, .. }), "{error}");
}

#[test]
fn an_operator_after_the_result_is_refused() {
    let error = rejection(|model| {
        let result = model.outputs[0];
        model.apply(Op::SOFTMAX, Options::Softmax { beta: 1.0 }, &[result], "twice", &[1, 2]);
    });
    assert!(matches!(error, Error::Trailing { .. }), "{error}");
}

#[test]
fn an_error_names_the_files_that_this_program_runs() {
    let text = rejection(|model| model.outputs.push(5)).to_string();
    assert!(text.contains("2 outputs") && text.contains("host-tools train"), "{text}");
}
