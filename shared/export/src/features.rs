//! Operators from the waveform to the features of each kind.

use std::collections::HashMap;

use anyhow::{Context, bail, ensure};
use monitor_core::features::{EMBEDDING_LEN, FeatureKind, TAP_LEN};
use monitor_core::gain::Gain;
use monitor_core::graph::{Body, Parts};
use monitor_core::log_mel::BANDS;
use monitor_core::window::{COLUMNS, SAMPLES};
use monitor_tflite::{Activation, BuiltinOp as Op, Graph, Model, Options, TensorType};

use super::front_end;
use super::model_buf::{ModelBuf, TensorId};

const F32: TensorType = TensorType::Float32;

/// Adds the input, f32 `[1 x 15600]`, and all operators up to the features, f32 `[1 x kind.len()]`. Returns the features.
///
/// `base` is the base model, required by kinds with an embedding; `gain` raises the waveform.
pub(super) fn write(
    model: &mut ModelBuf,
    kind: FeatureKind,
    base: Option<&[u8]>,
    gain: Gain,
) -> anyhow::Result<TensorId> {
    let input = model.tensor("waveform", F32, &[1, SAMPLES]);
    model.inputs.push(input);
    let mut waveform = model.reshape(input, "waveform/flat", F32, &[SAMPLES]);
    if gain != Gain::NONE {
        let factor = model.floats("gain", &[1], [gain.factor()]);
        let options = Options::Arithmetic { activation: Activation::None };
        waveform = model.apply(Op::MUL, options, &[waveform, factor], "waveform/raised", &[SAMPLES]);
    }
    if !kind.needs_body() {
        let log_mel = front_end::write(model, waveform);
        let [mean, deviation] = statistics(model, log_mel);
        return Ok(concatenate(model, kind, &[mean, deviation]));
    }
    let base = base.with_context(|| format!("{kind} features need the base model; `host-tools fetch` gets it"))?;
    let base = Model::parse(base).context("the base model")?;
    let graph = base.graph();
    let parts = Parts::from_graph(&graph).context("the base model")?;
    let body = parts.body.context("the base model has no int8 network; `host-tools fetch` gets one that has")?;
    let last = match kind.tap_block() {
        None => body.mean,
        Some(block) => end_of_block(&graph, body, block)?,
    };
    let (log_mel, result) = copy_body(model, &graph, &parts, last, waveform)?;
    let pooled = if kind.tap_block().is_some() { tap(model, result) } else { embedding(model, result) };
    if !kind.has_statistics() {
        return Ok(pooled);
    }
    let [mean, deviation] = statistics(model, log_mel);
    Ok(concatenate(model, kind, &[pooled, mean, deviation]))
}

/// Returns the index of the last operator of block `block`: the first convolution is followed by two of each block.
fn end_of_block(graph: &Graph<'_>, body: Body, block: usize) -> anyhow::Result<usize> {
    let mut convolutions = 0;
    for index in body.quantize..body.mean {
        convolutions += usize::from(matches!(graph.operator(index)?.code, Op::CONV_2D | Op::DEPTHWISE_CONV_2D));
        if convolutions == 1 + 2 * block {
            return Ok(index);
        }
    }
    bail!("the base model has no block {block}: take the official yamnet.tflite, `host-tools fetch` gets it")
}

/// Copies front end and body of the base model up to operator `last`. Returns the log-mel patch and that operator's result.
fn copy_body(
    model: &mut ModelBuf,
    graph: &Graph<'_>,
    parts: &Parts<'_>,
    last: usize,
    waveform: TensorId,
) -> anyhow::Result<(TensorId, TensorId)> {
    let input = graph.inputs().get(0).context("the base model has no input")?;
    ensure!(
        *graph.tensor(input)?.shape == [SAMPLES],
        "the base model's input is not [{SAMPLES}]: take the official yamnet.tflite, `host-tools fetch` gets it"
    );
    let mut known = HashMap::from([(input, waveform)]);
    for operator in 0..=last {
        model.copy(graph, operator, &mut known)?;
    }
    let here = |tensor| known.get(&tensor).copied().context("the base model's parts are not connected");
    let result = graph.operator(last)?.outputs.get(0).context("the base model's last operator has no result")?;
    Ok((here(parts.log_mel)?, here(result)?))
}

/// Adds the embedding in f32, `[1 x 1024]`, from the int8 result of MEAN.
fn embedding(model: &mut ModelBuf, result: TensorId) -> TensorId {
    let floats = dequantize(model, result, "embedding/float", &[1, 1, 1, EMBEDDING_LEN]);
    model.reshape(floats, "embedding", F32, &[1, EMBEDDING_LEN])
}

/// Adds the tap, f32 `[1 x 512]`: the mean over time and frequency of an int8 activation.
fn tap(model: &mut ModelBuf, activation: TensorId) -> TensorId {
    let shape = model.tensors[activation].shape.clone();
    let floats = dequantize(model, activation, "tap/float", &shape);
    let axes = model.integers("tap/axes", &[2], &[1, 2]);
    model.apply(Op::MEAN, Options::Reducer { keep_dims: false }, &[floats, axes], "tap", &[1, TAP_LEN])
}

/// Adds the f32 values of an int8 tensor.
fn dequantize(model: &mut ModelBuf, from: TensorId, name: &str, shape: &[usize]) -> TensorId {
    let floats = model.apply(Op::DEQUANTIZE, Options::None, &[from], name, shape);
    // DEQUANTIZE supports int8 from version 2 on.
    if let Some(operator) = model.operators.last_mut() {
        operator.version = 2;
    }
    floats
}

/// Adds mean and population standard deviation of each band over the 96 columns, f32 `[1 x 64]` each.
fn statistics(model: &mut ModelBuf, log_mel: TensorId) -> [TensorId; 2] {
    let time = model.integers("statistics/time", &[1], &[0]);
    let (mean_over, row) = (Options::Reducer { keep_dims: true }, [1, BANDS]);
    let mean = model.apply(Op::MEAN, mean_over, &[log_mel, time], "statistics/mean", &row);
    let inputs = [log_mel, mean];
    // `SquaredDifferenceOptions` in `union BuiltinOptions`; it has no fields.
    let options = Options::Other(76);
    let name = "statistics/squares";
    let squares = model.apply(Op::SQUARED_DIFFERENCE, options, &inputs, name, &[COLUMNS, BANDS]);
    let variance = model.apply(Op::MEAN, mean_over, &[squares, time], "statistics/variance", &row);
    let deviation = model.apply(Op::SQRT, Options::None, &[variance], "statistics/deviation", &row);
    [mean, deviation]
}

fn concatenate(model: &mut ModelBuf, kind: FeatureKind, parts: &[TensorId]) -> TensorId {
    let options = Options::Concatenation { axis: 1, activation: Activation::None };
    model.apply(Op::CONCATENATION, options, parts, "features", &[1, kind.len()])
}
