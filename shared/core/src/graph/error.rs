//! Reasons to reject a graph.

use monitor_tflite::{self as tflite, BuiltinOp};

/// Remedy, part of every message about the graph.
const REMEDY: &str = "this program runs yamnet.tflite and what `host-tools train` exports";

/// The first difference from the graphs that this program runs. Every variant is permanent: another file is needed.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Error {
    /// The file itself is damaged.
    #[error(transparent)]
    File(#[from] tflite::Error),
    /// The graph does not have exactly one input and one output.
    #[error("the graph has {inputs} inputs and {outputs} outputs instead of one waveform and one result; {REMEDY}")]
    Ends {
        /// Number of inputs.
        inputs: usize,
        /// Number of outputs.
        outputs: usize,
    },
    /// An operator reads a tensor that has not been written, or writes one that has.
    #[error("operator {operator} and tensor {tensor} are not in the order of execution; {REMEDY}")]
    Order {
        /// Index of the operator.
        operator: usize,
        /// Index of the tensor.
        tensor: usize,
    },
    /// An unexpected operator.
    #[error("operator {index} is {found} where {expected} belongs; {REMEDY}")]
    Operator {
        /// Index of the operator.
        index: usize,
        /// Expected operator.
        expected: BuiltinOp,
        /// Operator in the file.
        found: BuiltinOp,
    },
    /// The graph ends where an operator is expected.
    #[error("the graph ends after {operators} operators where {expected} belongs; {REMEDY}")]
    Incomplete {
        /// Number of operators in the graph.
        operators: usize,
        /// Expected operator.
        expected: BuiltinOp,
    },
    /// The operator does not read the expected tensor.
    #[error("operator {operator} reads another tensor than it should; {REMEDY}")]
    Connection {
        /// Index of the operator.
        operator: usize,
    },
    /// The operator's parameters differ from the expected ones.
    #[error("operator {operator} has parameters that do not belong here; {REMEDY}")]
    Options {
        /// Index of the operator.
        operator: usize,
    },
    /// A tensor's type or shape differs from the expected one.
    #[error("tensor {tensor} is not {expected}; {REMEDY}")]
    Tensor {
        /// Index of the tensor.
        tensor: usize,
        /// Expected type and shape, in words.
        expected: &'static str,
    },
    /// A constant differs from this program's, so the program's own front end would compute different values.
    #[error("tensor {tensor} does not hold {expected}; {REMEDY}")]
    Constant {
        /// Index of the tensor.
        tensor: usize,
        /// Expected content, in words.
        expected: &'static str,
    },
    /// Operators follow the graph's result.
    #[error("operator {operator} follows after the result; {REMEDY}")]
    Trailing {
        /// Index of the first of them.
        operator: usize,
    },
    /// The result is not the graph's output.
    #[error("the result, tensor {tensor}, is not the graph's output; {REMEDY}")]
    Output {
        /// Index of the result's tensor.
        tensor: usize,
    },
}
