//! What the int8 network consists of, checked: the one description that the kernels, the plan and the tests read.
//!
//! The engine runs one family of networks, YAMNet's: QUANTIZE, a 3x3 convolution of stride 2 from one channel, pairs of
//! depthwise 3x3 and 1x1 convolution, MEAN over what is left of the plane, and optionally FULLY_CONNECTED and LOGISTIC.
//! Everything that the exactness of the kernels rests on is checked when a [`Layer`] is made, so that they need not.
//! Weights and biases stay where they are, in the file's bytes.

use heapless::Vec;

use super::error::Error;
use super::quant::Multiplier;
use monitor_tflite::Scalars;

/// The most convolutions a body may have. YAMNet has 27.
pub const MAX_LAYERS: usize = 40;
/// The most channels a layer may have: the embedding's width.
pub const MAX_CHANNELS: usize = 1024;
/// The most bytes an activation may take. YAMNet's largest has 98,304 (48 x 32 x 64).
pub const MAX_ACTIVATION: usize = 1 << 20;
/// The most classes of the network's own classifier. YAMNet has 521.
pub const MAX_SCORES: usize = 1024;
/// Biases beyond this could overflow a sum; real ones are below 2^20.
const MAX_BIAS: i32 = 1 << 30;

/// Height, width and channels of an activation (batch is always 1).
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
    /// Positions in the plane.
    pub fn positions(&self) -> usize {
        self.height * self.width
    }

    /// Bytes of an int8 activation of this shape.
    pub fn len(&self) -> usize {
        self.positions() * self.channels
    }

    /// Whether it holds nothing (never true of a checked layer).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Scale and zero point of an activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quant {
    /// Real value of one step.
    pub scale: f32,
    /// The int8 value that stands for 0.0.
    pub zero_point: i32,
}

/// The three kinds of convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 3x3, one input channel, weights `[out][3][3]`.
    Stem,
    /// 3x3, each channel by itself, weights `[3][3][channels]`.
    Depthwise,
    /// 1x1, weights `[out][in]`.
    Pointwise,
}

/// One convolution with its weights, biases and scales, as the file gives them.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// Which convolution.
    pub kind: Kind,
    /// 1 or 2, the same in both directions (1 for pointwise).
    pub stride: usize,
    /// Input activation.
    pub input: Shape,
    /// Output activation.
    pub output: Shape,
    /// Quantisation of the input.
    pub input_quant: Quant,
    /// Quantisation of the output; its zero point is -128.
    pub output_quant: Quant,
    /// Weights in the order that [`Kind`] gives; their zero point is 0.
    pub weights: &'a [i8],
    /// One per output channel, in units of input scale times weight scale.
    pub bias: Scalars<'a, i32>,
    /// The weights' scales: one per output channel.
    pub weight_scales: Scalars<'a, f32>,
}

impl<'a> Layer<'a> {
    /// Checks everything the kernels rely on: lengths, SAME geometry, zero points, and that the range of multipliers
    /// (below one half) and biases keeps every sum in 32 bits and makes the fused rounding exact.
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

    /// The bias of an output channel; zero past the last.
    pub fn bias(&self, channel: usize) -> i32 {
        self.bias.get(channel).unwrap_or(0)
    }

    /// The requantisation of an output channel; `None` if the file's scales make none.
    pub fn multiplier(&self, channel: usize) -> Option<Multiplier> {
        Multiplier::of_scales(self.input_quant.scale, self.weight_scales.get(channel)?, self.output_quant.scale)
    }

    /// Rows (or columns) of padding before the first, as SAME places it: the smaller half.
    pub fn pad_before(&self, extent_in: usize, extent_out: usize) -> usize {
        ((extent_out - 1) * self.stride + 3).saturating_sub(extent_in) / 2
    }

    /// Multiplications and additions of one run.
    pub fn macs(&self) -> u64 {
        let taps = match self.kind {
            Kind::Stem | Kind::Depthwise => 9,
            Kind::Pointwise => self.input.channels,
        };
        (self.output.len() * taps) as u64
    }
}

/// The global mean at the end: the embedding.
#[derive(Clone, Copy, Debug)]
pub struct Mean {
    /// What is averaged.
    pub input: Shape,
    /// Input to output units, with the division by the number of positions folded in.
    pub multiplier: Multiplier,
    /// Quantisation of the embedding; its zero point is -128.
    pub output_quant: Quant,
}

impl Mean {
    /// Folds the division by the number of positions into the rescaling, as TFLite does.
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

/// The network's own classifier: FULLY_CONNECTED and LOGISTIC.
#[derive(Clone, Copy, Debug)]
pub struct Scores<'a> {
    /// Number of classes.
    pub classes: usize,
    /// Weights `[classes][inputs]`.
    pub weights: &'a [i8],
    /// One per class.
    pub bias: Scalars<'a, i32>,
    /// Zero point of the embedding.
    pub input_zero: i32,
    /// Sum of products to the logits' units.
    pub multiplier: Multiplier,
    /// Quantisation of the logits.
    pub logits: Quant,
}

impl Scores<'_> {
    /// Checks lengths and ranges; `inputs` is the embedding's width.
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

    /// The bias of a class; zero past the last.
    pub fn bias(&self, class: usize) -> i32 {
        self.bias.get(class).unwrap_or(0)
    }
}

/// The whole int8 network.
#[derive(Clone, Debug)]
pub struct Body<'a> {
    /// How the float patch is quantised.
    pub patch_quant: Quant,
    /// The convolutions in order, each the input of the next.
    pub layers: Vec<Layer<'a>, MAX_LAYERS>,
    /// The embedding.
    pub mean: Mean,
    /// The network's own classifier, where the file has one.
    pub scores: Option<Scores<'a>>,
}

impl Body<'_> {
    /// Checks that the layers are a stem and then pairs of depthwise and pointwise, each fitting the next.
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
            && self.layers.last().is_some_and(|layer| layer.output == self.mean.input);
        if order_ok && joints_ok { Ok(self) } else { Err(Error::UnsupportedShape) }
    }

    /// Width of the embedding.
    pub fn embedding_len(&self) -> usize {
        self.mean.input.channels
    }
}
