//! The float head: fully connected layers with ReLU between them, and a softmax at the end.

use heapless::Vec;

use super::error::Error;
use super::walk::{Step, Walk, check};
use monitor_tflite::{Activation, BuiltinOp, Options, Scalars, TensorType};

/// Largest number of layers of a head. The original system has two, a linear head has one.
pub const MAX_LAYERS: usize = 4;

/// One fully connected layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layer<'a> {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// Weights `[outputs x inputs]`, all finite.
    pub weights: Scalars<'a, f32>,
    /// One bias per output, all finite.
    pub bias: Scalars<'a, f32>,
    /// Whether ReLU, max(y, 0), follows.
    pub relu: bool,
}

/// The head: features in, class probabilities out.
#[derive(Debug, Clone, PartialEq)]
pub struct Head<'a> {
    /// Layers in order. The outputs of each are the inputs of the next; all except the last have ReLU.
    pub layers: Vec<Layer<'a>, MAX_LAYERS>,
    /// Number of classes, at least 1: the outputs of the last layer. With one class the probability is always 1, and the
    /// anomaly score decides between the class and unknown.
    pub classes: usize,
    /// Index of the probabilities' tensor, f32 `[1 x classes]`.
    pub probabilities: usize,
}

/// Recognises a head whose input is the tensor `from`, f32 `[1 x inputs]`.
pub(super) fn recognise<'a>(walk: &mut Walk<'a>, from: usize, inputs: usize) -> Result<Head<'a>, Error> {
    let mut layers: Vec<Layer<'a>, MAX_LAYERS> = Vec::new();
    let (mut at, mut width) = (from, inputs);
    loop {
        let step = walk.take(BuiltinOp::FULLY_CONNECTED, 3, at)?;
        let layer = layer(&step, width)?;
        (at, width) = (step.output.index, layer.outputs);
        layers.push(layer).map_err(|_| step.wrong_options())?;
        if !layer.relu {
            break;
        }
    }
    let step = walk.take(BuiltinOp::SOFTMAX, 1, at)?;
    step.check_options(Options::Softmax { beta: 1.0 })?;
    if width < 1 {
        return Err(Error::Tensor { tensor: at, expected: "one value for each of at least one class" });
    }
    let probabilities = step.check_output(TensorType::Float32, &[1, width], "a probability of each class")?;
    Ok(Head { layers, classes: width, probabilities })
}

fn layer<'a>(step: &Step<'a>, inputs: usize) -> Result<Layer<'a>, Error> {
    let relu = match step.operator.options {
        Options::FullyConnected { activation: Activation::None, shuffled: false, .. } => false,
        Options::FullyConnected { activation: Activation::Relu, shuffled: false, .. } => true,
        _ => return Err(step.wrong_options()),
    };
    let outputs = match *step.output.shape {
        [1, outputs] => outputs,
        _ => return Err(Error::Tensor { tensor: step.output.index, expected: "one row of values" }),
    };
    step.check_output(TensorType::Float32, &[1, outputs], "one row of floats")?;
    let weights = floats(step, 1, &[outputs, inputs], "finite weights, one row per output")?;
    let bias = floats(step, 2, &[outputs], "a finite bias of each output")?;
    Ok(Layer { inputs, outputs, weights, bias, relu })
}

/// Returns input `i`, a constant of finite floats of the given shape.
fn floats<'a>(step: &Step<'a>, i: usize, shape: &[usize], expected: &'static str) -> Result<Scalars<'a, f32>, Error> {
    let tensor = step.input(i)?;
    check(&tensor, TensorType::Float32, shape, expected)?;
    match tensor.f32s() {
        Some(values) if values.iter().all(f32::is_finite) => Ok(values),
        _ => Err(Error::Constant { tensor: tensor.index, expected }),
    }
}
