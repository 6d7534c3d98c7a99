//! Reads the int8 body from a parsed graph: from QUANTIZE to the embedding, and the scores if the file contains YAMNet's own
//! classifier.
//!
//! Operators are read in the file's order, which is their order of execution. Each must read the result of the one before.
//! RESHAPE and a SPLIT into one part change no byte and are skipped. Any other operator is an error.

use heapless::Vec;

use super::body::{Body, Kind, Layer, Mean, Pooling, Quant, Scores, Shape};
use super::error::Error;
use super::quant::Multiplier;
use monitor_tflite::{Activation, BuiltinOp, Graph, Operator, Options, Padding, Tensor, TensorType};

/// A body and its position in the graph.
#[derive(Clone, Debug)]
pub struct ParsedBody<'a> {
    /// The network.
    pub body: Body<'a>,
    /// Index of the tensor of the embedding, int8, or of the tap, f32.
    pub pooled: usize,
    /// Index of the tensor of the 521 scores, int8; `None` if the file has no classifier.
    pub scores: Option<usize>,
    /// Index of the first operator after the body.
    pub next_operator: usize,
}

impl<'a> Body<'a> {
    /// Reads the body of `graph` that begins with the operator at index `quantize`.
    ///
    /// # Errors
    /// The first operator, shape, quantisation or constant that the engine does not support.
    pub fn from_graph(graph: &Graph<'a>, quantize: usize) -> Result<ParsedBody<'a>, Error> {
        let first = operator(graph, quantize)?;
        if first.code != BuiltinOp::QUANTIZE {
            return Err(Error::UnsupportedOperator(first.code.0));
        }
        let patch = output(graph, &first)?;
        let patch_quant = quant(&patch)?;
        let mut at = patch.index;
        let mut layers: Vec<Layer<'a>, { super::body::MAX_LAYERS }> = Vec::new();
        let mut index = quantize + 1;
        let pooling_operator = loop {
            let operator = operator(graph, index)?;
            index += 1;
            let data = if operator.code == BuiltinOp::SPLIT { 1 } else { 0 };
            if operator.inputs.get(data) != Some(at) {
                return Err(Error::UnsupportedShape);
            }
            if matches!(operator.code, BuiltinOp::MEAN | BuiltinOp::DEQUANTIZE) {
                break operator;
            }
            let to = output(graph, &operator)?;
            match operator.code {
                BuiltinOp::RESHAPE => same_quant(graph, at, &to)?,
                BuiltinOp::SPLIT if operator.outputs.len() == 1 => same_quant(graph, at, &to)?,
                BuiltinOp::CONV_2D | BuiltinOp::DEPTHWISE_CONV_2D => {
                    let layer = layer(graph, &operator, at, &to)?;
                    layers.push(layer).map_err(|_| Error::UnsupportedShape)?;
                }
                other => return Err(Error::UnsupportedOperator(other.0)),
            }
            at = to.index;
        };
        if pooling_operator.code == BuiltinOp::DEQUANTIZE {
            let (pooling, pooled) = read_tap(graph, &pooling_operator, index, at)?;
            let body = Body { patch_quant, layers, pooling, scores: None }.checked()?;
            return Ok(ParsedBody { body, pooled, scores: None, next_operator: index + 1 });
        }
        let embedding = output(graph, &pooling_operator)?;
        let pooling = Pooling::Embedding(read_mean(graph, &pooling_operator, at, &embedding)?);
        let (scores, scores_tensor) = read_scores(graph, index, &embedding)?.unzip();
        let next_operator = index + if scores.is_some() { 2 } else { 0 };
        let body = Body { patch_quant, layers, pooling, scores }.checked()?;
        Ok(ParsedBody { body, pooled: embedding.index, scores: scores_tensor, next_operator })
    }
}

fn operator<'a>(graph: &Graph<'a>, index: usize) -> Result<Operator<'a>, Error> {
    graph.operator(index).map_err(|_| Error::UnsupportedShape)
}

fn tensor<'a>(graph: &Graph<'a>, operator: &Operator<'a>, input: usize) -> Result<Tensor<'a>, Error> {
    let index = operator.inputs.get(input).ok_or(Error::MissingConstant)?;
    graph.tensor(index).map_err(|_| Error::MissingConstant)
}

/// Returns the single output, int8, of an operator of the body.
fn output<'a>(graph: &Graph<'a>, operator: &Operator<'a>) -> Result<Tensor<'a>, Error> {
    let index = operator.outputs.get(0).filter(|_| operator.outputs.len() == 1).ok_or(Error::UnsupportedShape)?;
    let tensor = graph.tensor(index).map_err(|_| Error::UnsupportedShape)?;
    if tensor.kind == TensorType::Int8 { Ok(tensor) } else { Err(Error::UnsupportedQuantisation) }
}

fn quant(tensor: &Tensor) -> Result<Quant, Error> {
    let (scale, zero) = tensor.scale_and_zero_point().ok_or(Error::UnsupportedQuantisation)?;
    let zero_point = i32::try_from(zero).map_err(|_| Error::UnsupportedQuantisation)?;
    Ok(Quant { scale, zero_point })
}

/// Checks that an operator which changes no byte also keeps their number and quantisation.
fn same_quant(graph: &Graph, from: usize, to: &Tensor) -> Result<(), Error> {
    let from = graph.tensor(from).map_err(|_| Error::UnsupportedShape)?;
    if from.elements() != to.elements() {
        return Err(Error::UnsupportedShape);
    }
    if quant(&from)? == quant(to)? { Ok(()) } else { Err(Error::UnsupportedQuantisation) }
}

/// Returns the shape of a tensor `[1, height, width, channels]`.
fn shape(tensor: &Tensor) -> Result<Shape, Error> {
    match *tensor.shape {
        [1, height, width, channels] => Ok(Shape { height, width, channels }),
        _ => Err(Error::UnsupportedShape),
    }
}

/// Returns whether the fused activation is equivalent to clamping to [-128, 127], which is what the kernels do.
fn activation_is_clamp(activation: Activation, quant: Quant) -> bool {
    let relu6_top = libm::roundf(6.0 / quant.scale) as i32;
    match activation {
        Activation::None => true,
        Activation::Relu => quant.zero_point == -128,
        Activation::Relu6 => quant.zero_point == -128 && relu6_top >= 255,
        Activation::Other(_) => false,
    }
}

fn layer<'a>(graph: &Graph<'a>, operator: &Operator<'a>, from: usize, to: &Tensor<'a>) -> Result<Layer<'a>, Error> {
    let from = graph.tensor(from).map_err(|_| Error::UnsupportedShape)?;
    let (weights, bias) = (tensor(graph, operator, 1)?, tensor(graph, operator, 2)?);
    let (input, output) = (shape(&from)?, shape(to)?);
    let (padding, [down, across], dilation, activation, per_channel) = match operator.options {
        Options::Conv2d { padding, stride, dilation, activation } => (padding, stride, dilation, activation, 1),
        Options::DepthwiseConv2d { padding, stride, dilation, multiplier, activation } => {
            (padding, stride, dilation, activation, multiplier)
        }
        _ => return Err(Error::UnsupportedShape),
    };
    let depthwise = operator.code == BuiltinOp::DEPTHWISE_CONV_2D;
    let (kind, channel_dimension) = match *weights.shape {
        [1, 3, 3, channels] if depthwise && channels == output.channels => (Kind::Depthwise, 3),
        [outputs, 3, 3, 1] if !depthwise && outputs == output.channels => (Kind::Stem, 0),
        [outputs, 1, 1, inputs] if !depthwise && outputs == output.channels && inputs == input.channels => {
            (Kind::Pointwise, 0)
        }
        _ => return Err(Error::UnsupportedShape),
    };
    let output_quant = quant(to)?;
    if down != across || dilation != [1, 1] || per_channel != 1 || (padding != Padding::Same && kind != Kind::Pointwise)
    {
        return Err(Error::UnsupportedShape);
    }
    let scales = weights.quantisation.ok_or(Error::MissingConstant)?;
    let symmetric = (0..scales.channels()).all(|channel| scales.zero_point(channel) == 0);
    if !activation_is_clamp(activation, output_quant) || !symmetric || scales.dimension != channel_dimension {
        return Err(Error::UnsupportedQuantisation);
    }
    Layer {
        kind,
        stride: down,
        input,
        output,
        input_quant: quant(&from)?,
        output_quant,
        weights: weights.i8s().ok_or(Error::MissingConstant)?,
        bias: bias.i32s().ok_or(Error::MissingConstant)?,
        weight_scales: scales.scales,
    }
    .checked()
}

fn read_mean(graph: &Graph, operator: &Operator, from: usize, to: &Tensor) -> Result<Mean, Error> {
    let from = graph.tensor(from).map_err(|_| Error::UnsupportedShape)?;
    let input = shape(&from)?;
    let axes = tensor(graph, operator, 1)?.i32s().ok_or(Error::MissingConstant)?;
    if !axes.iter().eq([1, 2]) || to.elements() != input.channels {
        return Err(Error::UnsupportedShape);
    }
    Mean::checked(input, quant(&from)?, quant(to)?)
}

/// Reads a tap: DEQUANTIZE of the activation `from`, then, at operator `index`, MEAN over time and frequency in f32.
/// Returns the pooling and the index of the result's tensor.
fn read_tap(graph: &Graph, dequantize: &Operator, index: usize, from: usize) -> Result<(Pooling, usize), Error> {
    let activation = graph.tensor(from).map_err(|_| Error::UnsupportedShape)?;
    let (input, input_quant) = (shape(&activation)?, quant(&activation)?);
    let mean = operator(graph, index)?;
    let floats = dequantize.outputs.get(0);
    let axes = tensor(graph, &mean, 1)?.i32s().ok_or(Error::MissingConstant)?;
    let (result, elements) = match mean.outputs.get(0).map(|result| graph.tensor(result)) {
        Some(Ok(result)) => (result.index, result.elements()),
        _ => return Err(Error::UnsupportedShape),
    };
    let fits = mean.code == BuiltinOp::MEAN
        && floats.is_some()
        && mean.inputs.get(0) == floats
        && axes.iter().eq([1, 2])
        && elements == input.channels;
    if !fits {
        return Err(Error::UnsupportedShape);
    }
    if input_quant.zero_point != -128 {
        return Err(Error::UnsupportedQuantisation);
    }
    Ok((Pooling::Tap { input, input_quant }, result))
}

/// Reads FULLY_CONNECTED and LOGISTIC on the embedding; `None` if the next two operators are not these.
fn read_scores<'a>(
    graph: &Graph<'a>,
    index: usize,
    embedding: &Tensor<'a>,
) -> Result<Option<(Scores<'a>, usize)>, Error> {
    let (Ok(dense), Ok(logistic)) = (graph.operator(index), graph.operator(index + 1)) else { return Ok(None) };
    let is_classifier = dense.code == BuiltinOp::FULLY_CONNECTED
        && logistic.code == BuiltinOp::LOGISTIC
        && dense.inputs.get(0) == Some(embedding.index);
    if !is_classifier {
        return Ok(None);
    }
    let (weights, bias) = (tensor(graph, &dense, 1)?, tensor(graph, &dense, 2)?);
    let (logits, result) = (output(graph, &dense)?, output(graph, &logistic)?);
    let plain = matches!(dense.options, Options::FullyConnected { activation: Activation::None, shuffled: false, .. });
    let result_quant = Quant { scale: 1.0 / 256.0, zero_point: -128 };
    if !plain || logistic.inputs.get(0) != Some(logits.index) || quant(&result)? != result_quant {
        return Err(Error::UnsupportedQuantisation);
    }
    let (weight_scale, weight_zero) = weights.scale_and_zero_point().ok_or(Error::UnsupportedQuantisation)?;
    let (from, to) = (quant(embedding)?, quant(&logits)?);
    // TFLite rounds the product of the two scales to f32 for this operator.
    let real = f64::from(from.scale * weight_scale) / f64::from(to.scale);
    let multiplier = Multiplier::from_real(real).filter(|_| weight_zero == 0).ok_or(Error::UnsupportedQuantisation)?;
    let scores = Scores {
        classes: weights.shape.first().copied().unwrap_or(0),
        weights: weights.i8s().ok_or(Error::MissingConstant)?,
        bias: bias.i32s().ok_or(Error::MissingConstant)?,
        input_zero: from.zero_point,
        multiplier,
        logits: to,
    }
    .checked(embedding.elements())?;
    Ok(Some((scores, result.index)))
}
