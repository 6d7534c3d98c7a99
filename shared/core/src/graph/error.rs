//! Why a graph is not one that this program runs.

use core::fmt;

use monitor_tflite::{self as tflite, BuiltinOp};

/// What does not fit. All are permanent: another file is needed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Error {
    /// The file itself is at fault.
    File(tflite::Error),
    /// The graph does not have exactly one input and one output.
    Ends {
        /// Inputs it has.
        inputs: usize,
        /// Outputs it has.
        outputs: usize,
    },
    /// An operator reads a tensor that nothing has written, or writes one that is taken.
    Order {
        /// Index of the operator.
        operator: usize,
        /// Index of the tensor.
        tensor: usize,
    },
    /// Another operator than the one that belongs here.
    Operator {
        /// Index of the operator.
        index: usize,
        /// What belongs here.
        expected: BuiltinOp,
        /// What is there; `None` at the end of the graph.
        found: Option<BuiltinOp>,
    },
    /// The operator does not work on the result that it should.
    Connection {
        /// Index of the operator.
        operator: usize,
    },
    /// The operator's parameters are not those that this part of the graph has.
    Options {
        /// Index of the operator.
        operator: usize,
    },
    /// A tensor has another type or another shape than this part of the graph needs.
    Tensor {
        /// Index of the tensor.
        tensor: usize,
        /// What it should be.
        expected: &'static str,
    },
    /// A constant has other values than ours, so that the front end of this program would hear something else.
    Constant {
        /// Index of the tensor.
        tensor: usize,
        /// What it should hold.
        expected: &'static str,
    },
    /// Operators follow after the graph's result.
    Trailing {
        /// Index of the first of them.
        operator: usize,
    },
    /// The result is not the graph's output.
    Output {
        /// Index of the tensor that should be.
        tensor: usize,
    },
}

impl From<tflite::Error> for Error {
    fn from(error: tflite::Error) -> Self {
        Self::File(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::File(error) => return error.fmt(f),
            Self::Ends { inputs, outputs } => {
                write!(f, "the graph has {inputs} inputs and {outputs} outputs instead of one waveform and one result")
            }
            Self::Order { operator, tensor } => {
                write!(f, "operator {operator} and tensor {tensor} are not in the order of execution")
            }
            Self::Operator { index, expected, found: Some(found) } => {
                write!(f, "operator {index} is {found} where {expected} belongs")
            }
            Self::Operator { index, expected, found: None } => {
                write!(f, "the graph ends after {index} operators where {expected} belongs")
            }
            Self::Connection { operator } => write!(f, "operator {operator} works on another tensor than it should"),
            Self::Options { operator } => write!(f, "operator {operator} has parameters that do not belong here"),
            Self::Tensor { tensor, expected } => write!(f, "tensor {tensor} is not {expected}"),
            Self::Constant { tensor, expected } => write!(f, "tensor {tensor} does not hold {expected}"),
            Self::Trailing { operator } => write!(f, "operator {operator} follows after the result"),
            Self::Output { tensor } => write!(f, "the result, tensor {tensor}, is not the graph's output"),
        }?;
        f.write_str("; this program runs yamnet.tflite and what `host-tools train` exports")
    }
}

impl core::error::Error for Error {}
