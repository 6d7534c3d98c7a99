//! The float head: fully connected layers with ReLU between them, softmax at the end.

use heapless::Vec;

use super::error::Error;
use super::walk::{Step, Walk, check};
use monitor_tflite::{Activation, BuiltinOp, Options, Scalars, TensorType};

/// Most layers of a head: the original's has two, a linear one has one.
pub const MAX_LAYERS: usize = 4;

/// One fully connected layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layer<'a> {
    /// Values it takes.
    pub inputs: usize,
    /// Values it gives.
    pub outputs: usize,
    /// `[outputs x inputs]`, all finite.
    pub weights: Scalars<'a, f32>,
    /// One per output, all finite.
    pub bias: Scalars<'a, f32>,
    /// Whether max(y, 0) follows.
    pub relu: bool,
}

/// The head: what it takes is what its first layer takes, what it gives are probabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct Head<'a> {
    /// Layers in order: each takes as many values as the one before gives; all but the last have ReLU.
    pub layers: Vec<Layer<'a>, MAX_LAYERS>,
    /// Number of classes, at least 2: what the last layer gives.
    pub classes: usize,
    /// Tensor of the probabilities, f32 [1 x classes].
    pub probabilities: usize,
}

/// Recognises a head on the features `from`, f32 [1 x `inputs`].
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
    step.options(Options::Softmax { beta: 1.0 })?;
    if width < 2 {
        return Err(Error::Tensor { tensor: at, expected: "one value for each of at least two classes" });
    }
    let probabilities = step.gives(TensorType::Float32, &[1, width], "a probability of each class")?;
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
    step.gives(TensorType::Float32, &[1, outputs], "one row of floats")?;
    let weights = floats(step, 1, &[outputs, inputs], "finite weights, one row per output")?;
    let bias = floats(step, 2, &[outputs], "a finite bias of each output")?;
    Ok(Layer { inputs, outputs, weights, bias, relu })
}

/// Constant floats of a shape, all finite.
fn floats<'a>(step: &Step<'a>, i: usize, shape: &[usize], expected: &'static str) -> Result<Scalars<'a, f32>, Error> {
    let tensor = step.input(i)?;
    check(&tensor, TensorType::Float32, shape, expected)?;
    match tensor.f32s() {
        Some(values) if values.iter().all(f32::is_finite) => Ok(values),
        _ => Err(Error::Constant { tensor: tensor.index, expected }),
    }
}
