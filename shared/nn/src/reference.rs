//! Plain form of every int8 kernel: the arithmetic of TFLite's reference kernels, written for readability.
//!
//! Every optimised kernel is tested against it. Activations are dense NHWC, int8.

use super::body::{Kind, Layer, MAX_CHANNELS, Mean, Scores};
use super::quant::Multiplier;

/// Runs one convolution. `input` has the shape `layer.input`, `output` the shape `layer.output`.
pub fn run(layer: &Layer, input: &[i8], output: &mut [i8]) {
    match layer.kind {
        Kind::Pointwise => pointwise(layer, input, output),
        Kind::Stem | Kind::Depthwise => planar(layer, input, output),
    }
}

/// Bias and multiplier of each output channel.
type Channels = [(i32, Multiplier); MAX_CHANNELS];

fn channels(layer: &Layer) -> Channels {
    core::array::from_fn(|channel| {
        let multiplier = layer.multiplier(channel).unwrap_or(Multiplier { mantissa: 0, shift: 0 });
        (layer.bias(channel), multiplier)
    })
}

/// Converts a sum of products to int8, with TFLite's double rounding.
fn requantise(multiplier: Multiplier, zero_point: i32, sum: i32) -> i8 {
    (multiplier.apply_double_rounding(sum) + zero_point).clamp(-128, 127) as i8
}

fn pointwise(layer: &Layer, input: &[i8], output: &mut [i8]) {
    let (zero, zero_out) = (layer.input_quant.zero_point, layer.output_quant.zero_point);
    let channels = channels(layer);
    let (inputs, outputs) = (layer.input.channels, layer.output.channels);
    for (row, out) in input.chunks_exact(inputs).zip(output.chunks_exact_mut(outputs)) {
        for ((out, weights), (bias, multiplier)) in out.iter_mut().zip(layer.weights.chunks_exact(inputs)).zip(channels)
        {
            let products =
                row.iter().zip(weights).map(|(&value, &weight)| (i32::from(value) - zero) * i32::from(weight));
            *out = requantise(multiplier, zero_out, bias + products.sum::<i32>());
        }
    }
}

fn planar(layer: &Layer, input: &[i8], output: &mut [i8]) {
    let (from, to) = (layer.input, layer.output);
    let channels = channels(layer);
    let top = layer.pad_before(from.height, to.height);
    let left = layer.pad_before(from.width, to.width);
    for (position, out) in output.chunks_exact_mut(to.channels).enumerate() {
        let (y, x) = (position / to.width, position % to.width);
        for (channel, (out, (mut sum, multiplier))) in out.iter_mut().zip(channels).enumerate() {
            for tap in 0..9 {
                let row = (y * layer.stride + tap / 3).wrapping_sub(top);
                let column = (x * layer.stride + tap % 3).wrapping_sub(left);
                if row < from.height && column < from.width {
                    let (source, weight) = match layer.kind {
                        Kind::Depthwise => (channel, tap * to.channels + channel),
                        Kind::Stem | Kind::Pointwise => (0, channel * 9 + tap),
                    };
                    let value = i32::from(input[(row * from.width + column) * from.channels + source]);
                    sum += (value - layer.input_quant.zero_point) * i32::from(layer.weights[weight]);
                }
            }
            *out = requantise(multiplier, layer.output_quant.zero_point, sum);
        }
    }
}

/// Computes MEAN over all positions: `[position][channel]` to `[channel]`.
pub fn mean(mean: &Mean, input: &[i8], output: &mut [i8]) {
    let channels = mean.input.channels;
    for (channel, out) in output.iter_mut().enumerate().take(channels) {
        let sum: i32 = input.iter().skip(channel).step_by(channels).map(|&value| i32::from(value) + 128).sum();
        *out = (mean.multiplier.apply_double_rounding(sum) + mean.output_quant.zero_point).clamp(-128, 127) as i8;
    }
}

/// Computes FULLY_CONNECTED, then LOGISTIC: scores with scale 1/256 and zero point -128.
pub fn scores(scores: &Scores, embedding: &[i8], output: &mut [i8]) {
    for (class, (out, weights)) in output.iter_mut().zip(scores.weights.chunks_exact(embedding.len())).enumerate() {
        let products = embedding
            .iter()
            .zip(weights)
            .map(|(&value, &weight)| (i32::from(value) - scores.input_zero) * i32::from(weight));
        let sum = scores.bias(class) + products.sum::<i32>();
        let logit = (scores.multiplier.apply_single_rounding(sum) + scores.logits.zero_point).clamp(-128, 127);
        *out = logistic(logit, scores.logits.zero_point, scores.logits.scale);
    }
}

/// Returns one entry of LOGISTIC's table: `floor(256 * sigmoid(x) + 0.5) - 128`.
pub fn logistic(logit: i32, zero_point: i32, scale: f32) -> i8 {
    let x = (logit - zero_point) as f32 * scale;
    let sigmoid = 1.0 / (1.0 + libm::expf(-x));
    (libm::floorf(256.0 * sigmoid + 0.5) as i32 - 128).clamp(-128, 127) as i8
}
