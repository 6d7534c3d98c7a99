//! Verified reader of `.tflite` files: a flatbuffer (`schema.fbs`, identifier `TFL3`), followed by a zip archive of label
//! files.
//!
//! **Why.** Workstation and device load the same model files. They come from a disk or a network and are not trusted: every
//! offset, length, vtable, string and index is checked, and each fault is an [`Error`], never a panic.
//!
//! **Constraints.** `no_std`, no allocation, no `unsafe`, no recursion. The views borrow from the file's bytes and require no
//! alignment.
//!
//! **Cost.** [`Model::parse`] verifies the whole file once, in one pass over its tables; weights are not read. The limits
//! below keep that pass linear in the file's size.
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
#![deny(unreachable_pub)]
// See docs/development/decisions/casts.md.
#![warn(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]

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

/// Largest number of dimensions of a tensor.
pub const MAX_RANK: usize = 6;
/// Largest number of tensors of a graph (YAMNet has 121).
const MAX_TENSORS: usize = 4096;
/// Largest number of operators of a graph (YAMNet has 47).
const MAX_OPERATORS: usize = 4096;
/// Largest number of inputs or outputs of an operator or a graph.
const MAX_OPERANDS: usize = 64;
/// Largest number of operator codes.
const MAX_CODES: usize = 1024;
/// Largest number of buffers (YAMNet has 124).
const MAX_BUFFERS: usize = 16_384;
/// Largest number of graphs in a file.
const MAX_SUBGRAPHS: usize = 256;
/// Largest number of metadata entries.
const MAX_METADATA: usize = 256;
/// Largest number of scales of a tensor (YAMNet's widest layer has 1024).
const MAX_CHANNELS: usize = 16_384;
/// Longest name, in bytes; converters join the names of fused operators (YAMNet's longest has 257).
const MAX_NAME: usize = 4096;
