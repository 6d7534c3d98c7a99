//! Parameters of operators (`union BuiltinOptions` of the schema) that the graphs of this project use.

use super::error::Error;
use super::flat::Table;

/// Activation function fused into an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// No activation.
    None,
    /// max(x, 0).
    Relu,
    /// min(max(x, 0), 6).
    Relu6,
    /// Any other activation, by its number in the schema.
    Other(u8),
}

impl Activation {
    fn read(table: &Table<'_>, id: usize) -> Result<Self, Error> {
        Ok(match table.number::<u8>(id, 0)? {
            0 => Self::None,
            1 => Self::Relu,
            3 => Self::Relu6,
            other => Self::Other(other),
        })
    }
}

/// Padding of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Output size is input size divided by the stride, rounded up; an odd cell of padding is added at the end.
    Same,
    /// No padding.
    Valid,
}

impl Padding {
    fn read(table: &Table<'_>, id: usize) -> Result<Self, Error> {
        match table.number::<u8>(id, 0)? {
            0 => Ok(Self::Same),
            1 => Ok(Self::Valid),
            _ => Err(Error::Unsupported("an unknown kind of padding")),
        }
    }
}

/// Parameters of an operator. Pairs are height (time), then width (bands).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Options {
    /// The file has no options for this operator.
    None,
    /// `Conv2DOptions`.
    Conv2d {
        /// Padding.
        padding: Padding,
        /// Step, height then width; at least 1.
        stride: [usize; 2],
        /// Spacing of the kernel's elements, height then width; at least 1.
        dilation: [usize; 2],
        /// Activation of the result.
        activation: Activation,
    },
    /// `DepthwiseConv2DOptions`.
    DepthwiseConv2d {
        /// Padding.
        padding: Padding,
        /// Step, height then width; at least 1.
        stride: [usize; 2],
        /// Spacing of the kernel's elements, height then width; at least 1.
        dilation: [usize; 2],
        /// Output channels per input channel.
        multiplier: usize,
        /// Activation of the result.
        activation: Activation,
    },
    /// `FullyConnectedOptions`.
    FullyConnected {
        /// Activation of the result.
        activation: Activation,
        /// Whether the result keeps all dimensions except the last.
        keep_num_dims: bool,
        /// Whether the weights are shuffled for old NEON kernels instead of stored as `[out x in]`.
        shuffled: bool,
    },
    /// `SoftmaxOptions`.
    Softmax {
        /// Factor of the exponent.
        beta: f32,
    },
    /// `ConcatenationOptions`.
    Concatenation {
        /// Dimension along which the inputs are joined; negative values count from the last.
        axis: i32,
        /// Activation of the result.
        activation: Activation,
    },
    /// `ReducerOptions` (MEAN, SUM).
    Reducer {
        /// Whether reduced dimensions are kept with size 1.
        keep_dims: bool,
    },
    /// `ReshapeOptions`. The output tensor's shape is authoritative.
    Reshape,
    /// `SplitOptions`.
    Split {
        /// Number of outputs.
        splits: i32,
    },
    /// `GatherOptions`.
    Gather {
        /// Dimension that is indexed.
        axis: i32,
        /// Leading dimensions shared with the indices.
        batch_dims: i32,
    },
    /// `StridedSliceOptions`; bit `i` of a mask applies to dimension `i`.
    StridedSlice {
        /// Dimensions whose begin index is ignored.
        begin_mask: i32,
        /// Dimensions whose end index is ignored.
        end_mask: i32,
        /// Whether an ellipsis, new-axis or shrink-axis mask or the offset form is used.
        other: bool,
    },
    /// `AddOptions`, `SubOptions`, `MulOptions`, `DivOptions`.
    Arithmetic {
        /// Activation of the result.
        activation: Activation,
    },
    /// Options that are not decoded, by their number in the union.
    Other(u8),
}

/// Reads a factor that must be at least 1.
fn positive(table: &Table<'_>, id: usize, default: i32) -> Result<usize, Error> {
    match usize::try_from(table.number::<i32>(id, default)?) {
        Ok(value) if value > 0 => Ok(value),
        _ => Err(Error::Unsupported("a stride, dilation or multiplier below 1")),
    }
}

impl Options {
    /// Decodes the options of union member `code`. Field numbers are those of `schema.fbs`.
    pub(super) fn read(code: u8, table: Option<Table<'_>>) -> Result<Self, Error> {
        let Some(t) = table else { return Ok(if code == 0 { Self::None } else { Self::Other(code) }) };
        Ok(match code {
            0 => Self::None,
            1 => Self::Conv2d {
                padding: Padding::read(&t, 0)?,
                stride: [positive(&t, 2, 0)?, positive(&t, 1, 0)?],
                dilation: [positive(&t, 5, 1)?, positive(&t, 4, 1)?],
                activation: Activation::read(&t, 3)?,
            },
            2 => Self::DepthwiseConv2d {
                padding: Padding::read(&t, 0)?,
                stride: [positive(&t, 2, 0)?, positive(&t, 1, 0)?],
                dilation: [positive(&t, 6, 1)?, positive(&t, 5, 1)?],
                multiplier: positive(&t, 3, 0)?,
                activation: Activation::read(&t, 4)?,
            },
            8 => Self::FullyConnected {
                activation: Activation::read(&t, 0)?,
                keep_num_dims: t.flag(2)?,
                shuffled: t.number::<u8>(1, 0)? != 0,
            },
            9 => Self::Softmax { beta: t.number(0, 0.0)? },
            10 => Self::Concatenation { axis: t.number(0, 0)?, activation: Activation::read(&t, 1)? },
            11 | 21 | 28 | 29 => Self::Arithmetic { activation: Activation::read(&t, 0)? },
            17 => Self::Reshape,
            23 => Self::Gather { axis: t.number(0, 0)?, batch_dims: t.number(1, 0)? },
            27 => Self::Reducer { keep_dims: t.flag(0)? },
            32 => Self::StridedSlice {
                begin_mask: t.number(0, 0)?,
                end_mask: t.number(1, 0)?,
                other: t.number::<i32>(2, 0)? != 0
                    || t.number::<i32>(3, 0)? != 0
                    || t.number::<i32>(4, 0)? != 0
                    || t.flag(5)?,
            },
            35 => Self::Split { splits: t.number(0, 0)? },
            other => Self::Other(other),
        })
    }
}
