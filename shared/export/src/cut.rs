//! Extracts the int8 network from the base model, for runtimes that do not support its front end.

use std::collections::HashMap;

use anyhow::Context;
use monitor_core::graph::Parts;
use monitor_core::log_mel::BANDS;
use monitor_core::window::COLUMNS;
use monitor_tflite::{BuiltinOp as Op, Model, Options, TensorType};

use super::model_buf::ModelBuf;
use super::writer;

/// Last operator of the extracted network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The last convolution, `[1 x 3 x 2 x 1024]`.
    LastConvolution,
    /// The mean over its positions: the embedding, `[1 x 1 x 1 x 1024]`.
    Mean,
}

/// Returns a model that computes `end`, dequantised to f32, from the log-mel patch, f32 `[1 x 96 x 64]`.
///
/// SPLIT has no effect there (one output of the same shape) and is omitted, because old runtimes reject its int8 form.
///
/// # Errors
/// If `base` is not the base model.
pub fn network(base: &[u8], end: End) -> anyhow::Result<Vec<u8>> {
    let base = Model::parse(base).context("the base model")?;
    let graph = base.graph();
    let parts = Parts::from_graph(&graph).context("the base model")?;
    let body = parts.body.context("the base model has no int8 network; `host-tools fetch` gets one that has")?;
    let last = match end {
        End::LastConvolution => body.mean - 1,
        End::Mean => body.mean,
    };
    let mut model = ModelBuf { description: "YAMNet's int8 network".into(), ..ModelBuf::default() };
    let patch = model.tensor("patch", TensorType::Float32, &[1, COLUMNS, BANDS]);
    model.inputs.push(patch);
    let mut known = HashMap::from([(body.patch, patch)]);
    for index in body.quantize..=last {
        let operator = graph.operator(index)?;
        if operator.code == Op::SPLIT {
            let (from, to) = (operator.inputs.get(1), operator.outputs.get(0));
            let from = from.and_then(|from| known.get(&from).copied()).context("SPLIT is not connected")?;
            known.insert(to.context("SPLIT has no output")?, from);
        } else {
            model.copy(&graph, index, &mut known)?;
        }
    }
    let result = graph.operator(last)?.outputs.get(0).context("the network has no result")?;
    let shape = graph.tensor(result)?.shape.to_vec();
    let result = known.get(&result).copied().context("the network's result is not connected")?;
    let floats = model.apply(Op::DEQUANTIZE, Options::None, &[result], "result", &shape);
    if let Some(operator) = model.operators.last_mut() {
        operator.version = 2;
    }
    model.outputs.push(floats);
    Ok(writer::write(&model))
}
