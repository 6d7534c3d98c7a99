//! Checked description of the int8 network. Kernels, plan and tests all use it.
//!
//! The engine runs one family of networks, YAMNet's: QUANTIZE, a 3x3 convolution of stride 2 from one channel, pairs of
//! depthwise 3x3 and 1x1 convolutions, MEAN over the remaining plane, and optionally FULLY_CONNECTED and LOGISTIC.
//! Creating a [`Layer`] checks every condition that the kernels require for exact results; the kernels do not check again.
//! Weights and biases are read in place from the file's bytes.

use heapless::Vec;

use super::error::Error;
use super::quant::Multiplier;
use monitor_tflite::Scalars;

/// Largest number of convolutions. YAMNet has 27.
pub const MAX_LAYERS: usize = 40;
/// Largest number of channels of a layer: the width of YAMNet's embedding.
pub const MAX_CHANNELS: usize = 1024;
/// Largest activation, in bytes. YAMNet's largest has 98,304 (48 x 32 x 64).
const MAX_ACTIVATION: usize = 1 << 20;
/// Largest number of classes of the network's own classifier: YAMNet's 521.
pub const MAX_SCORES: usize = 521;
/// Largest magnitude of a bias: larger ones could overflow a sum. Real ones are below 2^20.
const MAX_BIAS: i32 = 1 << 30;

/// Height, width and channels of an activation (the batch size is always 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows (time).
    pub height: usize,
    /// Columns (frequency).
    pub width: usize,
    /// Channels, innermost.
    pub channels: usize,
}

impl Shape {
    /// Number of positions in the plane: height times width.
    pub fn positions(&self) -> usize {
        self.height * self.width
    }

    /// Size of an int8 activation of this shape, in bytes.
    pub fn len(&self) -> usize {
        self.positions() * self.channels
    }

    /// Whether the activation is empty (never true for a checked layer).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Scale and zero point of an activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quant {
    /// Real value of one quantisation step.
    pub scale: f32,
    /// Int8 value that represents 0.0.
    pub zero_point: i32,
}

/// Kinds of convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 3x3, one input channel, weights `[out][3][3]`.
    Stem,
    /// 3x3, each channel separately, weights `[3][3][channels]`.
    Depthwise,
    /// 1x1, weights `[out][in]`.
    Pointwise,
}

/// One convolution with its weights, biases and scales, as stored in the file.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// Kind of convolution.
    pub kind: Kind,
    /// Stride, 1 or 2, in both directions (1 for pointwise).
    pub stride: usize,
    /// Shape of the input activation.
    pub input: Shape,
    /// Shape of the output activation.
    pub output: Shape,
    /// Quantisation of the input.
    pub input_quant: Quant,
    /// Quantisation of the output; its zero point is -128.
    pub output_quant: Quant,
    /// Weights, in the layout documented at [`Kind`]; their zero point is 0.
    pub weights: &'a [i8],
    /// One bias per output channel, in units of input scale times weight scale.
    pub bias: Scalars<'a, i32>,
    /// One weight scale per output channel.
    pub weight_scales: Scalars<'a, f32>,
}

impl<'a> Layer<'a> {
    /// Checks every condition that the kernels require: lengths, SAME geometry, zero points, and ranges of multipliers
    /// (below one half) and biases in which every sum fits 32 bits and the fused rounding is exact.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`], [`Error::MissingConstant`] or [`Error::UnsupportedQuantisation`].
    pub fn checked(self) -> Result<Self, Error> {
        let outputs = self.output.channels;
        let (kernel, strides_ok) = match self.kind {
            Kind::Stem => (9, self.input.channels == 1),
            Kind::Depthwise => (9, self.input.channels == outputs),
            Kind::Pointwise => (self.input.channels, self.stride == 1),
        };
        let shapes_ok = strides_ok
            && matches!(self.stride, 1 | 2)
            && (1..=MAX_CHANNELS).contains(&self.input.channels)
            && (1..=MAX_CHANNELS).contains(&outputs)
            && [self.input, self.output].iter().all(|shape| {
                (1..=MAX_ACTIVATION).contains(&shape.height)
                    && (1..=MAX_ACTIVATION / shape.height).contains(&shape.width)
                    && shape.positions() <= MAX_ACTIVATION / shape.channels
            })
            && self.output.height == self.input.height.div_ceil(self.stride)
            && self.output.width == self.input.width.div_ceil(self.stride);
        if !shapes_ok {
            return Err(Error::UnsupportedShape);
        }
        if self.weights.len() != kernel * outputs || self.bias.len() != outputs || self.weight_scales.len() != outputs {
            return Err(Error::MissingConstant);
        }
        let zero = self.input_quant.zero_point;
        if !(-128..=127).contains(&zero) || self.output_quant.zero_point != -128 || self.weights.contains(&-128) {
            return Err(Error::UnsupportedQuantisation);
        }
        for channel in 0..outputs {
            if self.bias(channel).unsigned_abs() > MAX_BIAS.unsigned_abs() {
                return Err(Error::UnsupportedQuantisation);
            }
            let multiplier = self.multiplier(channel).ok_or(Error::UnsupportedQuantisation)?;
            if !(-30..=-1).contains(&multiplier.shift) {
                return Err(Error::UnsupportedQuantisation);
            }
        }
        Ok(self)
    }

    /// Returns the bias of an output channel; 0 past the last.
    pub fn bias(&self, channel: usize) -> i32 {
        self.bias.get(channel).unwrap_or(0)
    }

    /// Returns the requantisation multiplier of an output channel; `None` if the file's scales are out of range.
    pub fn multiplier(&self, channel: usize) -> Option<Multiplier> {
        Multiplier::from_scales(self.input_quant.scale, self.weight_scales.get(channel)?, self.output_quant.scale)
    }

    /// Returns the number of padding rows (or columns) before the first: the smaller half, as defined by SAME.
    pub(crate) fn pad_before(&self, extent_in: usize, extent_out: usize) -> usize {
        ((extent_out - 1) * self.stride + 3).saturating_sub(extent_in) / 2
    }

    /// Number of multiply-accumulate operations of one run.
    pub fn macs(&self) -> u64 {
        let taps = match self.kind {
            Kind::Stem | Kind::Depthwise => 9,
            Kind::Pointwise => self.input.channels,
        };
        (self.output.len() * taps) as u64
    }
}

/// Global mean over all positions; its result is the embedding.
#[derive(Clone, Copy, Debug)]
pub struct Mean {
    /// Shape of the input activation.
    pub input: Shape,
    /// Conversion from input to output units, including the division by the number of positions.
    pub multiplier: Multiplier,
    /// Quantisation of the embedding; its zero point is -128.
    pub output_quant: Quant,
}

impl Mean {
    /// Creates a mean whose multiplier includes the division by the number of positions, as in TFLite.
    ///
    /// # Errors
    /// [`Error::UnsupportedQuantisation`] if a zero point is not -128 or the multiplier is out of range.
    pub fn checked(input: Shape, input_quant: Quant, output_quant: Quant) -> Result<Self, Error> {
        if input_quant.zero_point != -128 || output_quant.zero_point != -128 {
            return Err(Error::UnsupportedQuantisation);
        }
        let count = u32::try_from(input.positions()).map_err(|_| Error::UnsupportedShape)?;
        let multiplier = Multiplier::from_real(f64::from(input_quant.scale) / f64::from(output_quant.scale))
            .and_then(|multiplier| multiplier.divided_by(count))
            .filter(|multiplier| (-30..=7).contains(&multiplier.shift))
            .ok_or(Error::UnsupportedQuantisation)?;
        Ok(Self { input, multiplier, output_quant })
    }
}

/// What follows the last convolution: a mean over all positions, in one of two forms.
#[derive(Clone, Copy, Debug)]
pub enum Pooling {
    /// MEAN in int8; the result is YAMNet's embedding.
    Embedding(Mean),
    /// DEQUANTIZE, then MEAN in f32: a *tap*, the mean activation of a block in the middle of the network.
    Tap {
        /// Shape of the input activation.
        input: Shape,
        /// Quantisation of the input activation; its zero point is -128.
        input_quant: Quant,
    },
}

impl Pooling {
    /// Shape of the input activation.
    pub fn input(&self) -> Shape {
        match self {
            Self::Embedding(mean) => mean.input,
            Self::Tap { input, .. } => *input,
        }
    }
}

/// The network's own classifier: FULLY_CONNECTED, then LOGISTIC.
#[derive(Clone, Copy, Debug)]
pub struct Scores<'a> {
    /// Number of classes.
    pub classes: usize,
    /// Weights `[classes][inputs]`.
    pub weights: &'a [i8],
    /// One bias per class.
    pub bias: Scalars<'a, i32>,
    /// Zero point of the embedding.
    pub input_zero: i32,
    /// Conversion from sums of products to the units of the logits.
    pub multiplier: Multiplier,
    /// Quantisation of the logits.
    pub logits: Quant,
}

impl Scores<'_> {
    /// Checks lengths and ranges; `inputs` is the width of the embedding.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`], [`Error::MissingConstant`] or [`Error::UnsupportedQuantisation`].
    pub fn checked(self, inputs: usize) -> Result<Self, Error> {
        let classes = self.classes;
        if !(1..=MAX_SCORES).contains(&classes) || inputs > MAX_CHANNELS {
            return Err(Error::UnsupportedShape);
        }
        if self.weights.len() != classes * inputs || self.bias.len() != classes {
            return Err(Error::MissingConstant);
        }
        let biases_ok = (0..classes).all(|class| self.bias(class).unsigned_abs() <= MAX_BIAS.unsigned_abs());
        let ranges_ok = self.input_zero == -128
            && (-128..=127).contains(&self.logits.zero_point)
            && (-20..=-1).contains(&self.multiplier.shift)
            && !self.weights.contains(&-128);
        if biases_ok && ranges_ok { Ok(self) } else { Err(Error::UnsupportedQuantisation) }
    }

    /// Returns the bias of a class; 0 past the last.
    pub fn bias(&self, class: usize) -> i32 {
        self.bias.get(class).unwrap_or(0)
    }
}

/// The whole int8 network.
#[derive(Clone, Debug)]
pub struct Body<'a> {
    /// Quantisation of the float patch.
    pub patch_quant: Quant,
    /// Convolutions in order; the output of each is the input of the next.
    pub layers: Vec<Layer<'a>, MAX_LAYERS>,
    /// Mean over all positions of the last convolution's result.
    pub pooling: Pooling,
    /// The network's own classifier; `None` if the file has none.
    pub scores: Option<Scores<'a>>,
}

impl<'a> Body<'a> {
    /// Cuts the network after block `block` (1 is the first pair of depthwise and pointwise convolutions) and pools that
    /// block's result: the network of a tap. Everything behind the block is dropped.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`] if there is no such block.
    pub fn tapped(mut self, block: usize) -> Result<Body<'a>, Error> {
        let layers = 1 + 2 * block;
        if block == 0 || layers > self.layers.len() {
            return Err(Error::UnsupportedShape);
        }
        self.layers.truncate(layers);
        let last = self.layers.last().ok_or(Error::UnsupportedShape)?;
        self.pooling = Pooling::Tap { input: last.output, input_quant: last.output_quant };
        self.scores = None;
        self.checked()
    }

    /// Checks that the layers are a stem and pairs of depthwise and pointwise convolutions, and that adjacent layers match.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`].
    pub fn checked(self) -> Result<Self, Error> {
        let (first, rest) = self.layers.split_first().ok_or(Error::UnsupportedShape)?;
        let pairs = rest.chunks_exact(2);
        let order_ok = first.kind == Kind::Stem
            && !rest.is_empty()
            && pairs.remainder().is_empty()
            && pairs.clone().all(|pair| pair[0].kind == Kind::Depthwise && pair[1].kind == Kind::Pointwise);
        let joints_ok = self
            .layers
            .windows(2)
            .all(|pair| pair[0].output == pair[1].input && pair[0].output_quant == pair[1].input_quant)
            && first.input_quant == self.patch_quant
            && self.layers.last().is_some_and(|layer| layer.output == self.pooling.input());
        if order_ok && joints_ok { Ok(self) } else { Err(Error::UnsupportedShape) }
    }

    /// Number of values that the pooling computes: the width of the embedding or the tap.
    pub fn pooled_len(&self) -> usize {
        self.pooling.input().channels
    }
}
