//! The int8 network: from the QUANTIZE of the patch to the embedding or the tap.
//!
//! Only the position in the graph is determined here; `monitor_nn` reads and checks the layers.

use super::error::Error;
use super::walk::Walk;
use crate::features::{EMBEDDING_LEN, TAP_LEN};
use crate::log_mel::BANDS;
use crate::window::COLUMNS;
use monitor_tflite::{BuiltinOp, Options, TensorType};

/// Position of the network in the graph. Its operators are consecutive; each reads the result of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body {
    /// Index of its first operator, QUANTIZE.
    pub quantize: usize,
    /// Index of its last operator, MEAN.
    pub mean: usize,
    /// Whether the mean is a tap, f32, and not the embedding.
    pub tapped: bool,
    /// Tensor that QUANTIZE reads: the log-mel patch, f32 `[1 x 96 x 64]`.
    pub patch: usize,
    /// Tensor that MEAN writes: the embedding, int8 `[1 x 1 x 1 x 1024]`, or the tap, f32 `[1 x 512]`.
    pub pooled: usize,
}

/// Recognises the body whose input is the patch `from`, f32 `[1 x 96 x 64]`.
pub(super) fn recognise(walk: &mut Walk<'_>, from: usize) -> Result<Body, Error> {
    let quantize = walk.position();
    let step = walk.take(BuiltinOp::QUANTIZE, 1, from)?;
    let mut at = step.check_output(TensorType::Int8, &[1, COLUMNS, BANDS], "the quantised patch")?;
    loop {
        let step = match walk.peek() {
            Some(code @ BuiltinOp::RESHAPE) => walk.take(code, 2, at)?,
            Some(code @ (BuiltinOp::CONV_2D | BuiltinOp::DEPTHWISE_CONV_2D)) => walk.take(code, 3, at)?,
            Some(code @ BuiltinOp::SPLIT) => walk.take_at(code, 2, 1, at)?,
            _ => break,
        };
        if step.output.kind != TensorType::Int8 {
            return Err(Error::Tensor { tensor: step.output.index, expected: "int8, as all of the network is" });
        }
        at = step.output.index;
    }
    if walk.peek() == Some(BuiltinOp::DEQUANTIZE) {
        let step = walk.take(BuiltinOp::DEQUANTIZE, 1, at)?;
        let floats = step.output.index;
        let mean = walk.position();
        let step = walk.take(BuiltinOp::MEAN, 2, floats)?;
        step.check_integers(1, &[1, 2], "the axes of time and frequency")?;
        step.check_options(Options::Reducer { keep_dims: false })?;
        let pooled = step.check_output(TensorType::Float32, &[1, TAP_LEN], "a tap of 512 values")?;
        return Ok(Body { quantize, mean, tapped: true, patch: from, pooled });
    }
    let mean = walk.position();
    let step = walk.take(BuiltinOp::MEAN, 2, at)?;
    step.check_integers(1, &[1, 2], "the axes of time and frequency")?;
    step.check_options(Options::Reducer { keep_dims: true })?;
    let pooled = step.check_output(TensorType::Int8, &[1, 1, 1, EMBEDDING_LEN], "an embedding of 1024 values")?;
    Ok(Body { quantize, mean, tapped: false, patch: from, pooled })
}
