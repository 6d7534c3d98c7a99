//! Recognises the parts of a parsed model: front end, int8 body, statistics, head.
//!
//! This program is not a graph interpreter. It runs two kinds of graphs: the base model (waveform, front end, body, 521
//! scores) and the models that this project exports (waveform, front end, features, head, probabilities). Every operator,
//! connection, shape and constant is compared with these, so a file that other runtimes would evaluate differently is
//! rejected with the position of the first difference. [`Parts`] holds the result.

mod body;
mod error;
mod front_end;
mod head;
mod statistics;
mod walk;

pub use body::Body;
pub use error::Error;
pub use front_end::{FRAME_SEGMENTS, HOP_SEGMENTS, SEGMENT, SEGMENTS};
pub use head::{Head, Layer, MAX_LAYERS};
pub use statistics::Statistics;

use crate::features::{EMBEDDING_LEN, FeatureKind};
use crate::gain::Gain;
use crate::log_mel::BANDS;
use crate::window::COLUMNS;
use monitor_tflite::{Activation, BuiltinOp, Graph, Options, TensorType};
use walk::Walk;

/// The recognised parts of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts<'a> {
    /// Gain of the waveform before the front end.
    pub gain: Gain,
    /// Index of the log-mel patch's tensor, f32 `[96 x 64]`, one column per 10 ms.
    pub log_mel: usize,
    /// The int8 network; `None` for log-mel features.
    pub body: Option<Body>,
    /// Kind of the graph's output.
    pub output: Output<'a>,
}

/// Output of a graph.
#[allow(clippy::large_enum_variant, reason = "there is no allocation here, so nothing to box with")]
#[derive(Debug, Clone, PartialEq)]
pub enum Output<'a> {
    /// The base model's own scores, each 0 to 1, independent of each other.
    Scores {
        /// Index of the int8 FULLY_CONNECTED on the embedding; LOGISTIC and DEQUANTIZE follow it.
        fully_connected: usize,
        /// Number of classes.
        classes: usize,
    },
    /// Probabilities of a trained head.
    Head {
        /// Features that the head takes.
        kind: FeatureKind,
        /// Layers of the head.
        head: Head<'a>,
    },
}

impl<'a> Parts<'a> {
    /// Recognises the parts of `graph`.
    ///
    /// # Errors
    /// The first operator, connection, shape or constant that differs from the graphs that this program runs.
    pub fn from_graph(graph: &Graph<'a>) -> Result<Self, Error> {
        if graph.inputs().len() != 1 || graph.outputs().len() != 1 {
            return Err(Error::Ends { inputs: graph.inputs().len(), outputs: graph.outputs().len() });
        }
        walk::check_order(graph)?;
        let mut walk = Walk::new(*graph);
        let (gain, log_mel) = front_end::recognise(graph, &mut walk)?;
        let mut body = None;
        let mut output = None;
        if walk.peek() == Some(BuiltinOp::RESHAPE) {
            let patch = front_end::reshape(&mut walk, log_mel, &[1, COLUMNS, BANDS])?;
            let found = body::recognise(&mut walk, patch)?;
            body = Some(found);
            if !found.tapped && walk.peek() == Some(BuiltinOp::FULLY_CONNECTED) {
                output = Some(scores(&mut walk, found.pooled)?);
            }
        }
        let (result, output) = match output {
            Some(scores) => scores,
            None => trained(&mut walk, log_mel, body)?,
        };
        check_end(graph, &walk, result)?;
        Ok(Self { gain, log_mel, body, output })
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        match &self.output {
            Output::Scores { classes, .. } => *classes,
            Output::Head { head, .. } => head.classes,
        }
    }

    /// Returns the feature kind of the head; `None` for the base model.
    pub fn feature_kind(&self) -> Option<FeatureKind> {
        match &self.output {
            Output::Scores { .. } => None,
            Output::Head { kind, .. } => Some(*kind),
        }
    }
}

/// Recognises a file that contains only a head: features f32 `[1 x n]` in, probabilities out.
///
/// # Errors
/// The first operator, connection, shape or constant that is not part of a head.
pub fn head_alone<'a>(graph: &Graph<'a>) -> Result<Head<'a>, Error> {
    let ends = Error::Ends { inputs: graph.inputs().len(), outputs: graph.outputs().len() };
    let (Some(input), 1, 1) = (graph.inputs().get(0), graph.inputs().len(), graph.outputs().len()) else {
        return Err(ends);
    };
    walk::check_order(graph)?;
    let features = graph.tensor(input)?;
    let expected = "one row of features";
    let [1, width] = *features.shape else { return Err(Error::Tensor { tensor: input, expected }) };
    walk::check(&features, TensorType::Float32, &[1, width], expected)?;
    let mut walk = Walk::new(*graph);
    let head = head::recognise(&mut walk, input, width)?;
    check_end(graph, &walk, head.probabilities)?;
    Ok(head)
}

/// Checks that no operator follows `result` and that it is the graph's output.
fn check_end(graph: &Graph<'_>, walk: &Walk<'_>, result: usize) -> Result<(), Error> {
    if walk.peek().is_some() {
        return Err(Error::Trailing { operator: walk.position() });
    }
    if graph.outputs().get(0) == Some(result) { Ok(()) } else { Err(Error::Output { tensor: result }) }
}

/// Recognises the end of the base model: FULLY_CONNECTED, LOGISTIC, DEQUANTIZE.
fn scores<'a>(walk: &mut Walk<'a>, embedding: usize) -> Result<(usize, Output<'a>), Error> {
    let fully_connected = walk.position();
    let step = walk.take(BuiltinOp::FULLY_CONNECTED, 3, embedding)?;
    match step.operator.options {
        Options::FullyConnected { activation: Activation::None, shuffled: false, .. } => (),
        _ => return Err(step.wrong_options()),
    }
    let classes = step.output.elements();
    let shape = [1, classes];
    let logits = step.check_output(TensorType::Int8, &shape, "one int8 value of each class")?;
    let step = walk.take(BuiltinOp::LOGISTIC, 1, logits)?;
    let quantised = step.check_output(TensorType::Int8, &shape, "one int8 score of each class")?;
    let step = walk.take(BuiltinOp::DEQUANTIZE, 1, quantised)?;
    let result = step.check_output(TensorType::Float32, &shape, "one score of each class")?;
    Ok((result, Output::Scores { fully_connected, classes }))
}

/// Recognises features and head of a model that this project has exported.
fn trained<'a>(walk: &mut Walk<'a>, log_mel: usize, body: Option<Body>) -> Result<(usize, Output<'a>), Error> {
    let pooled = match body {
        None => None,
        Some(body) if body.tapped => Some(body.pooled),
        Some(body) => {
            let step = walk.take(BuiltinOp::DEQUANTIZE, 1, body.pooled)?;
            let floats =
                step.check_output(TensorType::Float32, &[1, 1, 1, EMBEDDING_LEN], "the embedding as floats")?;
            Some(front_end::reshape(walk, floats, &[1, EMBEDDING_LEN])?)
        }
    };
    let tapped = body.is_some_and(|body| body.tapped);
    let (alone, with_statistics) = match (body.is_some(), tapped) {
        (false, _) => (None, FeatureKind::LogMel),
        (true, false) => (Some(FeatureKind::Yamnet), FeatureKind::Hybrid),
        (true, true) => (Some(FeatureKind::Tap), FeatureKind::Texture),
    };
    let (kind, features) = match (pooled, alone, walk.peek()) {
        (Some(pooled), Some(alone), Some(BuiltinOp::FULLY_CONNECTED)) => (alone, pooled),
        _ => {
            let statistics = statistics::recognise(walk, log_mel)?;
            (with_statistics, concatenation(walk, pooled, statistics, with_statistics)?)
        }
    };
    let head = head::recognise(walk, features, kind.len())?;
    Ok((head.probabilities, Output::Head { kind, head }))
}

/// Recognises the CONCATENATION of embedding or tap (if any), mean and deviation.
fn concatenation(
    walk: &mut Walk<'_>,
    pooled: Option<usize>,
    Statistics { mean, deviation }: Statistics,
    kind: FeatureKind,
) -> Result<usize, Error> {
    let first = pooled.unwrap_or(mean);
    let step = walk.take(BuiltinOp::CONCATENATION, 2 + usize::from(pooled.is_some()), first)?;
    let parts = pooled.into_iter().chain([mean, deviation]).map(Some);
    if !step.operator.inputs.iter().eq(parts) {
        return Err(Error::Connection { operator: step.operator.index });
    }
    match step.operator.options {
        Options::Concatenation { axis: 1 | -1, activation: Activation::None } => (),
        _ => return Err(step.wrong_options()),
    }
    step.check_output(TensorType::Float32, &[1, kind.len()], "the features in one row")
}
