//! Writes trained heads as TFLite files.
//!
//! **Why.** One `.tflite` file carries everything that training has learned to the device, and standard runtimes can run it.
//! [`classifier`] writes the whole model, waveform in, probabilities out: it copies the base model's operators up to the
//! embedding and omits the 521-class end, or generates all operators for features without a body. [`head`] writes the head
//! alone.
//!
//! **Constraints.** No `unsafe`. Equal arguments give equal bytes. Labels are stored as TFLite Metadata, the model card in an
//! entry of its own. Files have one output, because MediaPipe rejects more. Every file is read back with the device's reader
//! before it is returned.
//!
//! **Cost.** Memory for a few copies of the file; time is negligible compared with training.
#![forbid(unsafe_code)]
#![deny(unreachable_pub)]

pub mod cut;
mod dense;
mod features;
mod flat;
mod front_end;
mod layers;
mod metadata;
mod model_buf;
pub mod test_network;
#[cfg(test)]
mod tests;
mod writer;

use anyhow::{Context, ensure};
use monitor_core::anomaly::{self, AnomalyModel};
use monitor_core::features::FeatureKind;
use monitor_core::gain::Gain;
use monitor_core::graph::{self, Output, Parts};
use monitor_core::model_card::{self, ModelCard};
use monitor_core::training_sample::{self, TrainingSample};
use monitor_tflite::{self as tflite, Model, TensorType};
use sha2::{Digest, Sha256};

pub use dense::Dense;
use metadata::{Description, Input};
use model_buf::ModelBuf;

/// Licence of the operators and weights copied from the base model.
const BASE_LICENSE: &str = "Body: YAMNet, Apache License, Version 2.0, http://www.apache.org/licenses/LICENSE-2.0";
/// Oldest TensorFlow Lite version with every operator, padded as converters do.
const MIN_RUNTIME: &[u8; 16] = b"2.5.0\0\0\0\0\0\0\0\0\0\0\0";

/// Returns the file of the whole classifier: waveform f32 `[1 x 15600]` in, probabilities f32 `[1 x classes]` out.
///
/// `base` is the base model's file, required by kinds with an embedding. `head` takes `kind.len()` features that are not
/// standardised: include the standardisation in its first layer. Labels are in the order of the head's outputs.
/// `card.feature_kind` and `card.base_sha256` are set here.
///
/// # Errors
/// If the head does not match features and labels, a label cannot be a line, the card is out of range, or the base model is
/// missing or not YAMNet.
pub fn classifier(
    kind: FeatureKind,
    base: Option<&[u8]>,
    head: &[Dense],
    labels: &[String],
    card: &ModelCard<'_>,
) -> anyhow::Result<Vec<u8>> {
    classifier_with(kind, base, head, labels, card, &Extras::default())
}

/// What a model may have besides its head.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extras<'a> {
    /// The tables of [`monitor_core::anomaly`], as an additional Metadata entry.
    pub anomaly: Option<&'a [u8]>,
    /// The sample of [`monitor_core::training_sample`], as another one.
    pub training: Option<&'a [u8]>,
    /// Gain of the waveform, as the graph's first multiplication.
    pub gain: Gain,
}

/// As [`classifier`], with `extras`.
///
/// # Errors
/// As [`classifier`], and if the tables or the sample cannot be read back.
pub fn classifier_with(
    kind: FeatureKind,
    base: Option<&[u8]>,
    head: &[Dense],
    labels: &[String],
    card: &ModelCard<'_>,
    extras: &Extras<'_>,
) -> anyhow::Result<Vec<u8>> {
    layers::check(head, kind.len(), labels)?;
    let base = base.filter(|_| kind.needs_body());
    let card = ModelCard { feature_kind: kind, base_sha256: base.map(|bytes| Sha256::digest(bytes).into()), ..*card };
    let mut model = ModelBuf::default();
    let features = features::write(&mut model, kind, base, extras.gain)?;
    let description = Description {
        name: "sound_classifier",
        text: format!("Classifies the sound of a machine: {}. Features: {kind}.", labels.join(", ")),
        license: base.map(|_| BASE_LICENSE),
        input: Input::Waveform,
    };
    let more = [(anomaly::ENTRY, extras.anomaly), (training_sample::ENTRY, extras.training)];
    model.metadata = more.into_iter().filter_map(|(name, bytes)| Some((name.to_string(), bytes?.to_vec()))).collect();
    let file = finish(model, features, head, labels, &card, &description)?;
    verify(&file, kind, labels, &card, extras.gain)
        .context("the exported model differs from its input when read back")?;
    Ok(file)
}

/// Returns the file of the head alone: features f32 `[1 x kind.len()]` in, probabilities f32 `[1 x classes]` out.
///
/// # Errors
/// If the head does not match features and labels, a label cannot be a line, or the card is out of range.
pub fn head(kind: FeatureKind, head: &[Dense], labels: &[String], card: &ModelCard<'_>) -> anyhow::Result<Vec<u8>> {
    layers::check(head, kind.len(), labels)?;
    let card = ModelCard { feature_kind: kind, ..*card };
    let mut model = ModelBuf::default();
    let features = model.tensor("features", TensorType::Float32, &[1, kind.len()]);
    model.inputs.push(features);
    let description = Description {
        name: "sound_classifier_head",
        text: format!("Head alone, on {kind} features. Classes: {}.", labels.join(", ")),
        license: None,
        input: Input::Features,
    };
    let file = finish(model, features, head, labels, &card, &description)?;
    graph::head_alone(&Model::parse(&file)?.graph()).context("the exported head cannot be read back")?;
    Ok(file)
}

/// Adds head, metadata and labels, and returns the file.
fn finish(
    mut model: ModelBuf,
    features: usize,
    head: &[Dense],
    labels: &[String],
    card: &ModelCard<'_>,
    description: &Description,
) -> anyhow::Result<Vec<u8>> {
    let probabilities = layers::write(&mut model, features, head);
    model.outputs.push(probabilities);
    model.description = description.text.clone();
    let mut buffer = vec![0; card.max_len()];
    let card = card.write(&mut buffer).context("the model card cannot be written")?;
    let more = std::mem::take(&mut model.metadata);
    model.metadata = vec![
        ("min_runtime_version".into(), MIN_RUNTIME.to_vec()),
        (tflite::metadata::ENTRY.into(), metadata::write(description)),
        (model_card::ENTRY.into(), card.to_vec()),
    ];
    model.metadata.extend(more);
    metadata::append_labels(writer::write(&model), labels)
}

/// Reads the file back as a device does and compares it with the arguments.
fn verify(file: &[u8], kind: FeatureKind, labels: &[String], card: &ModelCard<'_>, gain: Gain) -> anyhow::Result<()> {
    let model = Model::parse(file)?;
    let parts = Parts::from_graph(&model.graph())?;
    ensure!(matches!(parts.output, Output::Head { kind: found, .. } if found == kind), "its features are not {kind}");
    ensure!(parts.gain == gain, "its input gain is not {} dB", gain.db());
    let read = model.labels()?.context("it has no labels")?;
    ensure!(read.iter().eq(labels), "its labels differ");
    ensure!(ModelCard::from_model(&model)?.as_ref() == Some(card), "its card differs");
    model.metadata(anomaly::ENTRY).map(AnomalyModel::from_bytes).transpose()?;
    model.metadata(training_sample::ENTRY).map(TrainingSample::from_bytes).transpose()?;
    Ok(())
}
