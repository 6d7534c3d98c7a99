//! The operators of YAMNet's body and classifier around random constants.

use monitor_core::log_mel::BANDS;
use monitor_core::window::COLUMNS;
use monitor_tflite::{Activation, BuiltinOp as Op, Options, Padding, TensorType};

use super::CLASSES;
use super::layers::{self, Constants};
use super::random::Random;
use crate::model_buf::{ModelBuf, QuantisationBuf, TensorId};

/// Output channels of the first convolution.
const STEM: usize = 32;
/// Stride of each depthwise convolution and output channels of the 1x1 convolution after it.
const PAIRS: [(usize, usize); 13] = [
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (2, 1024),
    (1, 1024),
];
/// Scale and zero point of the quantised patch, as YAMNet.
pub(super) const PATCH: (f32, i64) = (0.048_020_61, 16);
/// Of every activation between: 0 to 6, as YAMNet ...
const ACTIVATION: (f32, i64) = (6.0 / 255.0, -128);
/// ... but of one, the output of pair [`ODD_PAIR`], whose scale differs there, too.
const ODD_ACTIVATION: (f32, i64) = (0.020_902_72, -128);
/// See [`ODD_ACTIVATION`].
const ODD_PAIR: usize = 10;
/// Of the embedding, as YAMNet.
const EMBEDDING: (f32, i64) = (0.022_328_35, -128);
/// Of the logits: fine enough for scores away from 0 and 1.
const LOGITS: (f32, i64) = (0.05, -20);
/// Of the scores: fixed by TFLite's LOGISTIC.
const SCORES: (f32, i64) = (1.0 / 256.0, -128);
/// Deviation of sums across channels in steps of the output: one in two is negative, one in hundreds above 255.
const DEVIATION: f32 = 70.0;
/// Root mean square of the activations that follow from it.
const ACTIVATION_RMS: f32 = 50.0;
/// Root mean square of the quantised patch.
const PATCH_RMS: f32 = 70.0;

/// Adds the network on `patch`, f32 `[1 x 96 x 64]`, and returns the scores, f32 `[1 x 521]`.
pub(super) fn write(model: &mut ModelBuf, patch: TensorId) -> TensorId {
    let mut random = Random::new(1);
    let image = [1, COLUMNS, BANDS, 1];
    let mut at = apply(model, Op::QUANTIZE, 1, Options::None, &[patch], "quantised", &image[..3], PATCH);
    let to = model.integers("image/shape", &[4], &image.map(|extent| extent as i32));
    at = apply(model, Op::RESHAPE, 1, Options::Reshape, &[at, to], "image", &image, PATCH);
    // A split into one part does nothing; YAMNet's converter left it in.
    let axis = model.integers("image/axis", &[], &[3]);
    at = apply(model, Op::SPLIT, 2, Options::Split { splits: 1 }, &[axis, at], "image/part", &image, PATCH);
    let mut here = Activations { tensor: at, shape: [COLUMNS, BANDS, 1], quant: PATCH };
    let stem = layers::draw(&mut random, STEM, 9, PATCH_RMS, DEVIATION);
    here = convolution(model, "conv0", here, &stem, [3, 3, 1], 2, ACTIVATION);
    for (index, (stride, outputs)) in PAIRS.into_iter().enumerate() {
        let inputs = here.shape[2];
        let planes = layers::draw(&mut random, inputs, 9, ACTIVATION_RMS, DEVIATION);
        here = depthwise(model, &format!("depthwise{index}"), here, &planes, stride);
        let product = layers::draw(&mut random, outputs, inputs, ACTIVATION_RMS, DEVIATION);
        let quant = if index == ODD_PAIR { ODD_ACTIVATION } else { ACTIVATION };
        here = convolution(model, &format!("pointwise{index}"), here, &product, [1, 1, inputs], 1, quant);
    }
    let embedding = here.shape[2];
    let axes = model.integers("mean/axes", &[2], &[1, 2]);
    let (options, shape) = (Options::Reducer { keep_dims: true }, [1, 1, 1, embedding]);
    at = apply(model, Op::MEAN, 2, options, &[here.tensor, axes], "embedding/int8", &shape, EMBEDDING);
    at = classifier(model, &mut random, at, embedding);
    at = apply(model, Op::LOGISTIC, 2, Options::None, &[at], "scores/int8", &[1, CLASSES], SCORES);
    let scores = model.apply(Op::DEQUANTIZE, Options::None, &[at], "scores", &[1, CLASSES]);
    set_version(model, 2);
    scores
}

/// A quantised tensor `[1 x height x width x channels]`.
#[derive(Clone, Copy)]
struct Activations {
    tensor: TensorId,
    shape: [usize; 3],
    quant: (f32, i64),
}

impl Activations {
    fn strided(&self, stride: usize, channels: usize) -> [usize; 4] {
        [1, self.shape[0].div_ceil(stride), self.shape[1].div_ceil(stride), channels]
    }
}

/// Adds CONV_2D; `kernel` is height, width and input channels.
fn convolution(
    model: &mut ModelBuf,
    name: &str,
    from: Activations,
    constants: &Constants,
    kernel: [usize; 3],
    stride: usize,
    quant: (f32, i64),
) -> Activations {
    let outputs = constants.bias.len();
    let scales = weight_scales(constants, from.quant.0, quant.0);
    let shape = [outputs, kernel[0], kernel[1], kernel[2]];
    let weights = int8(model, &format!("{name}/weights"), &shape, &constants.weights, (&scales, 0));
    let bias = bias(model, name, constants, from.quant.0, &scales);
    let options = Options::Conv2d {
        padding: Padding::Same,
        stride: [stride; 2],
        dilation: [1, 1],
        activation: Activation::Relu6,
    };
    let shape = from.strided(stride, outputs);
    let tensor = apply(model, Op::CONV_2D, 3, options, &[from.tensor, weights, bias], name, &shape, quant);
    Activations { tensor, shape: [shape[1], shape[2], shape[3]], quant }
}

/// Adds DEPTHWISE_CONV_2D with a kernel of 3x3.
fn depthwise(model: &mut ModelBuf, name: &str, from: Activations, constants: &Constants, stride: usize) -> Activations {
    let channels = from.shape[2];
    let scales = weight_scales(constants, from.quant.0, ACTIVATION.0);
    // TFLite wants [tap][channel]; they are drawn channel by channel.
    let by_tap: Vec<i8> = (0..9).flat_map(|tap| constants.weights.iter().copied().skip(tap).step_by(9)).collect();
    let weights = int8(model, &format!("{name}/weights"), &[1, 3, 3, channels], &by_tap, (&scales, 3));
    let bias = bias(model, name, constants, from.quant.0, &scales);
    let options = Options::DepthwiseConv2d {
        padding: Padding::Same,
        stride: [stride; 2],
        dilation: [1, 1],
        multiplier: 1,
        activation: Activation::Relu6,
    };
    let (inputs, shape) = ([from.tensor, weights, bias], from.strided(stride, channels));
    let tensor = apply(model, Op::DEPTHWISE_CONV_2D, 3, options, &inputs, name, &shape, ACTIVATION);
    Activations { tensor, shape: [shape[1], shape[2], channels], quant: ACTIVATION }
}

/// Adds the FULLY_CONNECTED that makes logits of the embedding; its weights share one scale.
fn classifier(model: &mut ModelBuf, random: &mut Random, embedding: TensorId, inputs: usize) -> TensorId {
    let constants = layers::draw(random, CLASSES, inputs, ACTIVATION_RMS, 35.0);
    let mean = constants.multipliers.iter().sum::<f32>() / CLASSES as f32;
    let scales = [mean * LOGITS.0 / EMBEDDING.0];
    let weights = int8(model, "logits/weights", &[CLASSES, inputs], &constants.weights, (&scales, 0));
    let bias = bias(model, "logits", &constants, EMBEDDING.0, &scales);
    let options = Options::FullyConnected { activation: Activation::None, keep_num_dims: false, shuffled: false };
    let inputs = [embedding, weights, bias];
    apply(model, Op::FULLY_CONNECTED, 4, options, &inputs, "logits", &[1, CLASSES], LOGITS)
}

/// The weight scales that give the drawn multipliers.
fn weight_scales(constants: &Constants, input: f32, output: f32) -> Vec<f32> {
    constants.multipliers.iter().map(|multiplier| multiplier * output / input).collect()
}

/// Adds int8 weights with one scale, or one per channel along the dimension that is given with them.
fn int8(
    model: &mut ModelBuf,
    name: &str,
    shape: &[usize],
    values: &[i8],
    (scales, dimension): (&[f32], usize),
) -> TensorId {
    let data = values.iter().map(|value| value.cast_unsigned()).collect();
    let quantisation = Some(quantisation(scales, 0, dimension));
    model.constant(name, TensorType::Int8, shape, data, quantisation)
}

/// Adds biases in units of input scale times weight scale.
fn bias(model: &mut ModelBuf, name: &str, constants: &Constants, input: f32, scales: &[f32]) -> TensorId {
    let data = constants.bias.iter().flat_map(|value| value.to_le_bytes()).collect();
    let scales: Vec<f32> = scales.iter().map(|scale| scale * input).collect();
    let (name, quantisation) = (format!("{name}/bias"), Some(quantisation(&scales, 0, 0)));
    model.constant(&name, TensorType::Int32, &[constants.bias.len()], data, quantisation)
}

/// Adds an operator with one quantised int8 output.
#[allow(clippy::too_many_arguments, reason = "an operator's fields and its output's, each once")]
fn apply(
    model: &mut ModelBuf,
    code: Op,
    version: i32,
    options: Options,
    inputs: &[TensorId],
    name: &str,
    shape: &[usize],
    (scale, zero_point): (f32, i64),
) -> TensorId {
    let output = model.apply_to(code, options, inputs, name, TensorType::Int8, shape);
    set_version(model, version);
    model.tensors[output].quantisation = Some(quantisation(&[scale], zero_point, 0));
    output
}

fn quantisation(scales: &[f32], zero_point: i64, dimension: usize) -> QuantisationBuf {
    QuantisationBuf { scales: scales.to_vec(), zero_points: vec![zero_point; scales.len()], dimension }
}

/// Version of the operator that was added last: the first one with its int8 form.
fn set_version(model: &mut ModelBuf, version: i32) {
    if let Some(operator) = model.operators.last_mut() {
        operator.version = version;
    }
}
