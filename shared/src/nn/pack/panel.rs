//! One panel of a product: eight output channels.

use super::constants::{self, Channel, origin};
use super::exact;
use super::sink::Sink;
use crate::nn::body::{Kind, Layer, Scores};
use crate::nn::plan::PANEL;
use crate::nn::simd::{CONSTANTS_LEN, Vectors};

/// Where the weights of a product come from.
pub enum Source<'a> {
    /// A 1x1 convolution: input byte `k` is channel `k`.
    Pointwise(&'a Layer<'a>),
    /// The first convolution: three lines of three bytes, this many bytes apart.
    Stem(&'a Layer<'a>, usize),
    /// FULLY_CONNECTED with this many inputs.
    Scores(&'a Scores<'a>, usize),
}

impl<'a> Source<'a> {
    /// The product of a convolution; `row_step` is that of the image.
    pub fn layer(layer: &'a Layer<'a>, row_step: usize) -> Self {
        if layer.kind == Kind::Stem { Self::Stem(layer, row_step) } else { Self::Pointwise(layer) }
    }

    /// The product of the network's own classifier.
    pub fn scores(scores: &'a Scores<'a>, inputs: usize) -> Self {
        Self::Scores(scores, inputs)
    }

    /// Number of steps of `len` bytes.
    pub fn steps(&self, len: usize) -> usize {
        match self {
            Self::Pointwise(layer) => layer.input.channels.div_ceil(len),
            Self::Stem(..) => 3,
            Self::Scores(_, inputs) => inputs.div_ceil(len),
        }
    }

    /// Input offset of a step of `len` bytes.
    pub fn offset(&self, step: usize, len: usize) -> usize {
        match self {
            Self::Pointwise(_) | Self::Scores(..) => step * len,
            Self::Stem(_, row_step) => step * row_step,
        }
    }

    /// Weight of output `channel` for byte `byte` of a step of `len` bytes; zero where there is none.
    pub fn weight(&self, channel: usize, step: usize, byte: usize, len: usize) -> i8 {
        let (weights, row, inputs, index) = match self {
            Self::Pointwise(layer) => (layer.weights, channel, layer.input.channels, step * len + byte),
            Self::Scores(scores, inputs) => (scores.weights, channel, *inputs, step * len + byte),
            Self::Stem(layer, _) if byte < 3 => (layer.weights, channel, 9, 3 * step + byte),
            Self::Stem(..) => return 0,
        };
        if index < inputs { weights.get(row * inputs + index).copied().unwrap_or(0) } else { 0 }
    }

    fn total(&self, channel: usize) -> i32 {
        let (weights, inputs) = match self {
            Self::Pointwise(layer) => (layer.weights, layer.input.channels),
            Self::Stem(layer, _) => (layer.weights, 9),
            Self::Scores(scores, inputs) => (scores.weights, *inputs),
        };
        let row = weights.get(channel * inputs..(channel + 1) * inputs);
        row.map_or(0, |row| row.iter().map(|&weight| i32::from(weight)).sum())
    }

    fn channel<I: Vectors>(&self, channel: usize) -> Channel {
        let total = self.total(channel);
        match self {
            Self::Pointwise(layer) | Self::Stem(layer, _) if channel < layer.output.channels => {
                Channel::convolution(layer, channel, total, origin::<I>())
            }
            Self::Scores(scores, _) if channel < scores.classes => {
                Channel::score(scores, channel, total, origin::<I>())
            }
            _ => Channel::NONE,
        }
    }
}

/// Packs panel number `panel` at `at`: constants, weights, offsets. Returns the groups of 4, 3, 2 and 1 steps and the end.
pub fn pack<I: Vectors>(sink: &mut Sink, source: &Source, panel: usize, at: usize) -> ([usize; 4], usize) {
    let constants = core::array::from_fn(|lane| source.channel::<I>(PANEL * panel + lane));
    sink.write(at, &constants::bytes(&constants));
    let weights_at = at + CONSTANTS_LEN;
    let (groups, steps) = if I::PAIRS {
        exact::pack::<I>(sink, source, PANEL * panel, weights_at)
    } else {
        natural::<I>(sink, source, PANEL * panel, weights_at)
    };
    let end = weights_at + steps * (PANEL * I::STEP + size_of::<u16>());
    (groups, end.next_multiple_of(64))
}

/// All steps in the order of the input, one per group.
fn natural<I: Vectors>(sink: &mut Sink, source: &Source, first: usize, at: usize) -> ([usize; 4], usize) {
    let steps = source.steps(I::STEP);
    let offsets_at = at + steps * PANEL * I::STEP;
    for step in 0..steps {
        sink.with(at + step * PANEL * I::STEP, PANEL * I::STEP, |out| {
            for lane in 0..PANEL {
                for byte in 0..I::STEP {
                    let weight = source.weight(first + lane, step, byte, I::STEP);
                    out[I::weight_index(lane, byte)] = weight.cast_unsigned();
                }
            }
        });
        let offset = source.offset(step, I::STEP) as u16;
        sink.write(offsets_at + 2 * step, &offset.to_le_bytes());
    }
    ([0, 0, 0, steps], steps)
}
