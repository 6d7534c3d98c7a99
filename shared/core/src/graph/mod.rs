//! Recognises the parts of a parsed model: front end, int8 body, statistics, head.
//!
//! This program does not interpret graphs. It runs two kinds: the plain base model (waveform, front end, body, 521 scores)
//! and what this project exports (waveform, front end, features, head, probabilities). Every operator, connection, shape
//! and constant is compared with those, so that a file which would sound different elsewhere than here is refused with the
//! place where it differs. What is recognised is handed on as [`Parts`].

mod body;
mod error;
mod front_end;
mod head;
mod statistics;
mod walk;

pub use body::Body;
pub use error::Error;
pub use front_end::{FRAME_PIECES, HOP_PIECES, PIECE, PIECES};
pub use head::{Head, Layer, MAX_LAYERS};
pub use statistics::Statistics;

use crate::features::{EMBEDDING_LEN, FeatureKind};
use crate::log_mel::BANDS;
use crate::window::COLUMNS;
use monitor_tflite::{Activation, BuiltinOp, Graph, Options, TensorType};
use walk::Walk;

/// The recognised parts of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts<'a> {
    /// Tensor of the log-mel patch, f32 [96 x 64], columns of 10 ms.
    pub log_mel: usize,
    /// The int8 network, where there is one.
    pub body: Option<Body>,
    /// What the graph's output is.
    pub output: Output<'a>,
}

/// What a graph ends in.
#[allow(clippy::large_enum_variant, reason = "there is no allocation here, so nothing to box with")]
#[derive(Debug, Clone, PartialEq)]
pub enum Output<'a> {
    /// The base model's own scores, each 0 to 1 by itself.
    Scores {
        /// Index of the int8 FULLY_CONNECTED on the embedding; LOGISTIC and DEQUANTIZE follow it.
        fully_connected: usize,
        /// Number of classes.
        classes: usize,
    },
    /// Probabilities of a trained head.
    Head {
        /// What the head looks at.
        kind: FeatureKind,
        /// Its layers.
        head: Head<'a>,
    },
}

impl<'a> Parts<'a> {
    /// Recognises the parts of `graph`.
    ///
    /// # Errors
    /// At the first operator, connection, shape or constant that differs from what this program runs.
    pub fn of(graph: &Graph<'a>) -> Result<Self, Error> {
        if graph.inputs().len() != 1 || graph.outputs().len() != 1 {
            return Err(Error::Ends { inputs: graph.inputs().len(), outputs: graph.outputs().len() });
        }
        walk::check_order(graph)?;
        let mut walk = Walk::new(*graph);
        let log_mel = front_end::recognise(graph, &mut walk)?;
        let mut body = None;
        let mut output = None;
        if walk.peek() == Some(BuiltinOp::RESHAPE) {
            let patch = front_end::reshape(&mut walk, log_mel, &[1, COLUMNS, BANDS])?;
            let found = body::recognise(&mut walk, patch)?;
            body = Some(found);
            if walk.peek() == Some(BuiltinOp::FULLY_CONNECTED) {
                output = Some(scores(&mut walk, found.embedding)?);
            }
        }
        let (result, output) = match output {
            Some(scores) => scores,
            None => trained(&mut walk, log_mel, body)?,
        };
        ends_in(graph, &walk, result)?;
        Ok(Self { log_mel, body, output })
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        match &self.output {
            Output::Scores { classes, .. } => *classes,
            Output::Head { head, .. } => head.classes,
        }
    }

    /// What the head looks at; `None` for the plain base model.
    pub fn feature_kind(&self) -> Option<FeatureKind> {
        match &self.output {
            Output::Scores { .. } => None,
            Output::Head { kind, .. } => Some(*kind),
        }
    }
}

/// The head of a file that has nothing else: features f32 [1 x n] in, probabilities out.
///
/// # Errors
/// At the first operator, connection, shape or constant that no head has.
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
    ends_in(graph, &walk, head.probabilities)?;
    Ok(head)
}

/// Checks that nothing follows after `result` and that it is the graph's output.
fn ends_in(graph: &Graph<'_>, walk: &Walk<'_>, result: usize) -> Result<(), Error> {
    if walk.peek().is_some() {
        return Err(Error::Trailing { operator: walk.position() });
    }
    if graph.outputs().get(0) == Some(result) { Ok(()) } else { Err(Error::Output { tensor: result }) }
}

/// The base model's own end: FULLY_CONNECTED, LOGISTIC, DEQUANTIZE.
fn scores<'a>(walk: &mut Walk<'a>, embedding: usize) -> Result<(usize, Output<'a>), Error> {
    let fully_connected = walk.position();
    let step = walk.take(BuiltinOp::FULLY_CONNECTED, 3, embedding)?;
    match step.operator.options {
        Options::FullyConnected { activation: Activation::None, shuffled: false, .. } => (),
        _ => return Err(step.wrong_options()),
    }
    let classes = step.output.elements();
    let shape = [1, classes];
    let logits = step.gives(TensorType::Int8, &shape, "one int8 value of each class")?;
    let step = walk.take(BuiltinOp::LOGISTIC, 1, logits)?;
    let quantised = step.gives(TensorType::Int8, &shape, "one int8 score of each class")?;
    let step = walk.take(BuiltinOp::DEQUANTIZE, 1, quantised)?;
    let result = step.gives(TensorType::Float32, &shape, "one score of each class")?;
    Ok((result, Output::Scores { fully_connected, classes }))
}

/// Features and head of a model that this project exported.
fn trained<'a>(walk: &mut Walk<'a>, log_mel: usize, body: Option<Body>) -> Result<(usize, Output<'a>), Error> {
    let mut embedding = None;
    if let Some(body) = body {
        let step = walk.take(BuiltinOp::DEQUANTIZE, 1, body.embedding)?;
        let floats = step.gives(TensorType::Float32, &[1, 1, 1, EMBEDDING_LEN], "the embedding as floats")?;
        embedding = Some(front_end::reshape(walk, floats, &[1, EMBEDDING_LEN])?);
    }
    let (kind, features) = match (embedding, walk.peek()) {
        (Some(embedding), Some(BuiltinOp::FULLY_CONNECTED)) => (FeatureKind::Yamnet, embedding),
        (embedding, _) => {
            let kind = if embedding.is_some() { FeatureKind::Hybrid } else { FeatureKind::LogMel };
            let statistics = statistics::recognise(walk, log_mel)?;
            (kind, concatenation(walk, embedding, statistics, kind)?)
        }
    };
    let head = head::recognise(walk, features, kind.len())?;
    Ok((head.probabilities, Output::Head { kind, head }))
}

/// CONCATENATION of [embedding |] mean | deviation.
fn concatenation(
    walk: &mut Walk<'_>,
    embedding: Option<usize>,
    Statistics { mean, deviation }: Statistics,
    kind: FeatureKind,
) -> Result<usize, Error> {
    let first = embedding.unwrap_or(mean);
    let step = walk.take(BuiltinOp::CONCATENATION, 2 + usize::from(embedding.is_some()), first)?;
    let parts = embedding.into_iter().chain([mean, deviation]).map(Some);
    if !step.operator.inputs.iter().eq(parts) {
        return Err(Error::Connection { operator: step.operator.index });
    }
    match step.operator.options {
        Options::Concatenation { axis: 1 | -1, activation: Activation::None } => (),
        _ => return Err(step.wrong_options()),
    }
    step.gives(TensorType::Float32, &[1, kind.len()], "the features in one row")
}
