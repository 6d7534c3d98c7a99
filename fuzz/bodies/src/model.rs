//! TFLite reader and engine: reading terminates for any bytes, and a model that loads runs.

use monitor_core::graph::{self, Parts};
use monitor_core::model_card::ModelCard;
use monitor_model::owned::OwnedModel;
use monitor_nn::{Block, Isa};
use monitor_tflite::Model;

/// Reads every part of `bytes` that a program of this project reads; returns whether the file parses.
///
/// It returns for any bytes: no panic, no endless loop, no deep recursion.
pub fn read_model(bytes: &[u8]) -> bool {
    let Ok(model) = Model::parse(bytes) else { return false };
    let graph = model.graph();
    // Everything that `parse` counts must be readable.
    assert_eq!(graph.tensors().count(), graph.tensor_count());
    assert_eq!(graph.operators().count(), graph.operator_count());
    for tensor in graph.tensors() {
        let size = tensor.kind.bytes().map(|size| size * tensor.elements());
        assert!(tensor.data.is_none_or(|data| size.is_none_or(|size| size == data.len())));
        let _ = (tensor.f32s(), tensor.i32s(), tensor.i8s(), tensor.scale_and_zero_point());
    }
    for operator in graph.operators() {
        assert!(operator.inputs.iter().chain(operator.outputs.iter()).flatten().all(|i| graph.tensor(i).is_ok()));
    }
    let _ = model.metadata_entries().count();
    let _ = model.labels().map(|labels| labels.map(|labels| labels.len()));
    let _ = ModelCard::from_model(&model);
    let _ = Parts::from_graph(&graph);
    let _ = graph::head_alone(&graph);
    true
}

/// Loads the model as a device does and, if that succeeds, runs it on one window. Any probabilities are accepted; only a panic
/// is a failure.
pub fn run_model(bytes: &[u8]) {
    let Ok(model) = OwnedModel::from_bytes(bytes.to_vec(), Isa::best()) else { return };
    let classifier = &model.contents().classifier;
    let mut patch = [[0.0; 64]; 96];
    for (i, value) in patch.iter_mut().flatten().enumerate() {
        *value = (i * 37 % 101) as f32 / 10.0 - 6.0;
    }
    let mut arena = vec![Block::ZERO; classifier.arena_len()];
    let mut features = vec![0.0; classifier.kind().len()];
    let mut probabilities = vec![0.0; classifier.classes()];
    assert!(classifier.run(&patch, &mut arena, &mut features, &mut probabilities).is_ok(), "a loaded model runs");
}
