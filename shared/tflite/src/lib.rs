//! Reader of `.tflite` files: a flatbuffer (`schema.fbs`, identifier `TFL3`) with, appended, an archive of label files.
//!
//! A model file comes from a disk or a network, so nothing in it is trusted: every offset, length, vtable, string and
//! index is checked, and whatever is wrong is an [`Error`], never a panic. [`Model::parse`] verifies the whole file once;
//! the views it gives borrow from the bytes, need no alignment and allocate nothing. The reader never recurses, and the
//! limits below keep its cost linear in the file's size whatever the file says.
//!
//! ```no_run
//! # fn main() -> Result<(), monitor_tflite::Error> {
//! # let bytes: &[u8] = &[];
//! let model = monitor_tflite::Model::parse(bytes)?;
//! for operator in model.graph().operators() {
//!     let output = operator.outputs.get(0).map(|i| model.graph().tensor(i)).transpose()?;
//! }
//! # Ok(())
//! # }
//! ```
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod error;
mod flat;
pub mod metadata;
mod model;
mod op_names;
mod operator;
mod options;
mod scalars;
mod tensor;
mod types;
mod zip;

pub use error::Error;
pub use metadata::Labels;
pub use model::{Graph, Model};
pub use operator::{Indices, Operator};
pub use options::{Activation, Options, Padding};
pub use scalars::{Scalar, Scalars};
pub use tensor::{Quantisation, Shape, Tensor};
pub use types::{BuiltinOp, TensorType};

/// Most dimensions of a tensor.
pub const MAX_RANK: usize = 6;
/// Most tensors of a graph (YAMNet has 121).
const MAX_TENSORS: usize = 4096;
/// Most operators of a graph (YAMNet has 47).
const MAX_OPERATORS: usize = 4096;
/// Most inputs or outputs of an operator or a graph.
const MAX_OPERANDS: usize = 64;
/// Most operator codes.
const MAX_CODES: usize = 1024;
/// Most buffers (YAMNet has 124).
const MAX_BUFFERS: usize = 16_384;
/// Most graphs in a file.
const MAX_SUBGRAPHS: usize = 256;
/// Most metadata entries.
const MAX_METADATA: usize = 256;
/// Most scales of a tensor (YAMNet's widest layer has 1024).
const MAX_CHANNELS: usize = 16_384;
/// Longest name in bytes; converters join the names of fused operators (YAMNet's longest has 257).
const MAX_NAME: usize = 4096;
