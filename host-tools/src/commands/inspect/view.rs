//! The contents of a model file that `inspect` shows, as text or JSON.

use monitor_core::model_card::{HASH_LEN, ModelCard};
use monitor_tflite::metadata::TensorInfo;
use monitor_tflite::{Model, Operator, Tensor};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::describe;
use crate::data::hash::hex;

/// Contents of a file.
#[derive(Debug, Serialize)]
pub(super) struct View {
    pub file: String,
    pub bytes: usize,
    pub sha256: String,
    pub description: String,
    /// The parts that this program recognises in the graph; `None` if it cannot run it.
    pub recognised: Option<String>,
    pub graphs: usize,
    pub inputs: Vec<usize>,
    pub outputs: Vec<usize>,
    pub labels: Option<Vec<String>>,
    pub operators: Vec<OperatorView>,
    pub tensors: Vec<TensorView>,
    /// Name and length of each metadata entry.
    pub metadata: Vec<(String, usize)>,
    pub tflite_metadata: Option<MetadataView>,
    pub card: Option<CardView>,
    /// Parts that cannot be read or run, and why.
    pub problems: Vec<String>,
}

/// One operator.
#[derive(Debug, Serialize)]
pub(super) struct OperatorView {
    pub index: usize,
    pub operator: String,
    pub version: i32,
    pub inputs: Vec<Option<usize>>,
    pub outputs: Vec<usize>,
    pub parameters: String,
}

/// One tensor.
#[derive(Debug, Serialize)]
pub(super) struct TensorView {
    pub index: usize,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub shape: Vec<usize>,
    /// Bytes of a constant; `None` for a tensor that is computed.
    pub constant_bytes: Option<usize>,
    /// One for the whole tensor or one per channel; empty without quantisation.
    pub scales: Vec<f32>,
    pub zero_points: Vec<i64>,
    /// Dimension of the channels, where there is more than one scale.
    pub channel_dimension: Option<usize>,
}

/// The TFLite Metadata.
#[derive(Debug, Serialize)]
pub(super) struct MetadataView {
    pub name: String,
    pub description: String,
    pub version: String,
    pub author: String,
    pub license: String,
    pub min_parser_version: String,
    pub input: Option<TensorInfoView>,
    pub output: Option<TensorInfoView>,
}

/// Metadata of a tensor.
#[derive(Debug, Serialize)]
pub(super) struct TensorInfoView {
    pub name: String,
    pub description: String,
    pub sample_rate_hz: Option<u32>,
    pub channels: Option<u32>,
    pub label_file: Option<String>,
}

/// Our model card.
#[derive(Debug, Serialize)]
pub(super) struct CardView {
    pub schema: u16,
    pub features: String,
    pub base_sha256: Option<String>,
    pub smoothing_s: f32,
    pub confidence: f32,
    pub hysteresis: f32,
    pub dwell_s: f32,
    /// Confidence of each class, 0 to 1; empty where `confidence` holds for all.
    pub class_confidence: Vec<f32>,
    pub recordings: u32,
    pub windows: u32,
    pub groups: u32,
    pub seed: u64,
    pub hop_s: f64,
    pub within_recording: bool,
    pub folds: u16,
    pub macro_f1: Option<f32>,
    pub created_unix: Option<u64>,
    pub recording_hashes: usize,
    /// Number of groups of normal sound that the anomaly score was fitted to; 0 if unknown.
    pub score_groups: u32,
    /// Number of files that the score was fitted to and the head was not.
    pub score_hashes: usize,
}

impl View {
    /// Collects the contents of `model`.
    pub(super) fn from_model(file: &str, model: &Model<'_>) -> Self {
        let graph = model.graph();
        let mut problems = Problems::default();
        let labels = problems.note("labels", model.labels()).flatten();
        let card = problems.note("model card", ModelCard::from_model(model)).flatten();
        Self {
            file: file.into(),
            bytes: model.bytes().len(),
            sha256: hex(&Sha256::digest(model.bytes())),
            description: model.description().into(),
            recognised: problems.note("graph", describe::recognised(&graph)),
            graphs: model.graph_count(),
            inputs: graph.inputs().iter().flatten().collect(),
            outputs: graph.outputs().iter().flatten().collect(),
            labels: labels.map(|labels| labels.iter().map(String::from).collect()),
            operators: graph.operators().map(|operator| OperatorView::from_operator(&operator)).collect(),
            tensors: graph.tensors().map(|tensor| TensorView::from_tensor(&tensor)).collect(),
            metadata: model.metadata_entries().map(|(name, data)| (name.into(), data.len())).collect(),
            tflite_metadata: problems.note("TFLite Metadata", metadata(model)).flatten(),
            card: card.as_ref().map(CardView::from_card),
            problems: problems.0,
        }
    }
}

/// Errors so far.
#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    /// The value; on an error, notes it and returns `None`.
    fn note<T, E: std::fmt::Display>(&mut self, what: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.0.push(format!("{what}: {error}"))).ok()
    }
}

impl OperatorView {
    fn from_operator(operator: &Operator<'_>) -> Self {
        let name = if operator.custom.is_empty() { operator.code.to_string() } else { operator.custom.into() };
        Self {
            index: operator.index,
            operator: name,
            version: operator.version,
            inputs: operator.inputs.iter().collect(),
            outputs: operator.outputs.iter().flatten().collect(),
            parameters: describe::options(&operator.options),
        }
    }
}

impl TensorView {
    fn from_tensor(tensor: &Tensor<'_>) -> Self {
        let quantisation = tensor.quantisation;
        Self {
            index: tensor.index,
            name: tensor.name.into(),
            kind: tensor.kind.to_string(),
            shape: tensor.shape.to_vec(),
            constant_bytes: tensor.data.map(<[u8]>::len),
            scales: quantisation.map(|held| held.scales.iter().collect()).unwrap_or_default(),
            zero_points: quantisation.map(|held| held.zero_points.iter().collect()).unwrap_or_default(),
            channel_dimension: quantisation.filter(|held| held.channels() > 1).map(|held| held.dimension),
        }
    }
}

fn metadata(model: &Model<'_>) -> Result<Option<MetadataView>, monitor_tflite::Error> {
    let Some(found) = model.tflite_metadata()? else { return Ok(None) };
    Ok(Some(MetadataView {
        name: found.name.into(),
        description: found.description.into(),
        version: found.version.into(),
        author: found.author.into(),
        license: found.license.into(),
        min_parser_version: found.min_parser_version.into(),
        // Metadata of inputs and outputs are optional.
        input: found.input(0).ok().map(TensorInfoView::from_info),
        output: found.output(0).ok().map(TensorInfoView::from_info),
    }))
}

impl TensorInfoView {
    fn from_info(info: TensorInfo<'_>) -> Self {
        Self {
            name: info.name.into(),
            description: info.description.into(),
            sample_rate_hz: info.audio.map(|(rate, _)| rate),
            channels: info.audio.map(|(_, channels)| channels),
            label_file: info.labels.map(String::from),
        }
    }
}

impl CardView {
    fn from_card(card: &ModelCard<'_>) -> Self {
        let (decision, training) = (&card.decision, &card.training);
        Self {
            schema: card.schema,
            features: card.feature_kind.to_string(),
            base_sha256: card.base_sha256.map(|hash| hex(&hash)),
            smoothing_s: decision.smoothing_s,
            confidence: decision.confidence,
            hysteresis: decision.hysteresis,
            dwell_s: decision.dwell_s,
            class_confidence: (0..card.class_confidence.len()).map(|class| card.confidence_of(class)).collect(),
            recordings: training.recordings,
            windows: training.windows,
            groups: training.groups,
            seed: training.seed,
            hop_s: f64::from(training.hop_columns) / 100.0,
            within_recording: training.within_recording,
            folds: training.folds,
            macro_f1: training.macro_f1,
            created_unix: training.created_unix,
            recording_hashes: training.recording_hashes.len() / HASH_LEN,
            score_groups: card.score.groups,
            score_hashes: card.score.recording_hashes.len() / HASH_LEN,
        }
    }
}
