//! Mean and standard deviation over time of each log-mel band.

use super::error::Error;
use super::walk::Walk;
use crate::log_mel::BANDS;
use crate::window::COLUMNS;
use monitor_tflite::{BuiltinOp, Options, TensorType};

/// Indices of the statistics' tensors, f32 `[1 x 64]` each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statistics {
    /// Mean over the 96 columns.
    pub mean: usize,
    /// Population standard deviation: square root of the mean squared difference from the mean.
    pub deviation: usize,
}

/// Recognises MEAN, SQUARED_DIFFERENCE, MEAN, SQRT on the log-mel patch `from`, f32 `[96 x 64]`.
pub(super) fn recognise(walk: &mut Walk<'_>, from: usize) -> Result<Statistics, Error> {
    let mean = over_time(walk, from)?;
    let step = walk.take(BuiltinOp::SQUARED_DIFFERENCE, 2, from)?;
    if step.operator.inputs.get(1) != Some(mean) {
        return Err(Error::Connection { operator: step.operator.index });
    }
    let squares = step.check_output(TensorType::Float32, &[COLUMNS, BANDS], "squared differences")?;
    let variance = over_time(walk, squares)?;
    let step = walk.take(BuiltinOp::SQRT, 1, variance)?;
    let deviation = step.check_output(TensorType::Float32, &[1, BANDS], "a deviation of each of 64 bands")?;
    Ok(Statistics { mean, deviation })
}

/// Recognises a MEAN over the 96 columns.
fn over_time(walk: &mut Walk<'_>, from: usize) -> Result<usize, Error> {
    let step = walk.take(BuiltinOp::MEAN, 2, from)?;
    step.check_integers(1, &[0], "the axis of time")?;
    step.check_options(Options::Reducer { keep_dims: true })?;
    step.check_output(TensorType::Float32, &[1, BANDS], "a mean of each of 64 bands")
}
