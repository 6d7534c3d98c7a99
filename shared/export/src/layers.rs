//! Operators of the trained head: fully connected layers and a softmax.

use anyhow::{Context, ensure};
use monitor_core::graph::MAX_LAYERS;
use monitor_tflite::{Activation, BuiltinOp as Op, Options};

use super::dense::Dense;
use super::model_buf::{ModelBuf, TensorId};

/// Adds the head on `features`. Returns the probabilities, f32 `[1 x classes]`.
pub(super) fn write(model: &mut ModelBuf, features: TensorId, head: &[Dense]) -> TensorId {
    let mut at = features;
    for (i, layer) in head.iter().enumerate() {
        let (inputs, outputs) = (layer.inputs(), layer.outputs());
        let name = if i + 1 == head.len() { "head/logits".into() } else { format!("head/hidden{i}") };
        // `iter` visits an array row by row for any memory layout.
        let weights = layer.weights.iter().copied();
        let weights = model.floats(&format!("{name}/weights"), &[outputs, inputs], weights);
        let bias = model.floats(&format!("{name}/bias"), &[outputs], layer.bias.iter().copied());
        let activation = if layer.relu { Activation::Relu } else { Activation::None };
        let options = Options::FullyConnected { activation, keep_num_dims: false, shuffled: false };
        at = model.apply(Op::FULLY_CONNECTED, options, &[at, weights, bias], &name, &[1, outputs]);
    }
    let classes = head.last().map_or(0, Dense::outputs);
    model.apply(Op::SOFTMAX, Options::Softmax { beta: 1.0 }, &[at], "probabilities", &[1, classes])
}

/// Checks that the layers match each other, the features and the labels, and that all values are finite.
pub(super) fn check(head: &[Dense], features: usize, labels: &[String]) -> anyhow::Result<()> {
    ensure!(
        (1..=MAX_LAYERS).contains(&head.len()),
        "a head has 1 to {MAX_LAYERS} layers, this one {}; train it again",
        head.len()
    );
    let mut width = features;
    for (i, layer) in head.iter().enumerate() {
        ensure!(
            layer.inputs() == width && layer.bias.len() == layer.outputs(),
            "layer {i} of the head takes {} values and has {} biases; {width} values and {} biases are expected",
            layer.inputs(),
            layer.bias.len(),
            layer.outputs(),
        );
        ensure!(
            layer.weights.iter().chain(&layer.bias).all(|value| value.is_finite()),
            "layer {i} of the head has a weight that is no finite number; training diverged: lower the learning rate"
        );
        ensure!(
            layer.relu == (i + 1 < head.len()),
            "layer {i} of {} has {}: all layers but the last have ReLU",
            head.len(),
            if layer.relu { "ReLU" } else { "no ReLU" },
        );
        width = layer.outputs();
    }
    let last = head.last().context("a head has at least one layer")?;
    ensure!(
        last.outputs() == labels.len(),
        "the head has {} classes, but there are {} labels",
        last.outputs(),
        labels.len()
    );
    check_labels(labels)
}

/// Checks the labels, which become lines of a file: at least one, none empty, none twice, none with control characters or
/// outer spaces.
fn check_labels(labels: &[String]) -> anyhow::Result<()> {
    ensure!(!labels.is_empty(), "a classifier needs at least one class; name one");
    for (i, label) in labels.iter().enumerate() {
        let plain = !label.is_empty() && label.trim() == label && !label.chars().any(char::is_control);
        ensure!(plain, "the label {label:?} is empty or has control characters or outer spaces; rename its folder");
        ensure!(!labels[..i].contains(label), "the label {label:?} occurs twice; rename one of its folders");
    }
    Ok(())
}
