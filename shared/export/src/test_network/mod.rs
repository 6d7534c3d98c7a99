//! An int8 network with YAMNet's topology and random weights, for tests that must not need YAMNet itself.
//!
//! It has every operator, kernel, stride and channel count of YAMNet's body, so it runs through every kernel of the engine
//! and is accepted wherever the base model is. Weights, scales and inputs are drawn from [`SEED`] by integer arithmetic and
//! correctly rounded operations, so every machine writes the same bytes. The outputs that LiteRT's reference kernels
//! compute for it are in `shared/export/tests/golden/`, made by `scripts/golden/make.py`.

mod anomaly;
mod graph;
mod heads;
mod inputs;
mod layers;
mod random;

use monitor_core::log_mel::BANDS;
use monitor_core::window::{COLUMNS, SAMPLES};
use monitor_tflite::{self as tflite, TensorType};

use super::front_end;
use super::metadata::{self, Description, Input};
use super::model_buf::ModelBuf;
use super::writer;

pub use anomaly::anomaly_tables;
pub use heads::classifier;
pub use inputs::{patches, waveforms};

/// Seed of weights, scales and inputs.
pub const SEED: u64 = 521;
/// Number of classes, as YAMNet.
pub const CLASSES: usize = 521;

/// Writes the network with YAMNet's front end and 521 labels: waveform f32 `[15600]` in, scores f32 `[1 x 521]` out.
///
/// The file takes the base model's place in tests: [`super::classifier`] accepts it as `base`.
///
/// # Errors
/// When the label archive cannot be written.
pub fn from_waveform() -> anyhow::Result<Vec<u8>> {
    let mut model = ModelBuf::default();
    let waveform = model.tensor("waveform", TensorType::Float32, &[SAMPLES]);
    model.inputs.push(waveform);
    let log_mel = front_end::write(&mut model, waveform);
    let patch = model.reshape(log_mel, "patch", TensorType::Float32, &[1, COLUMNS, BANDS]);
    let scores = graph::write(&mut model, patch);
    model.outputs.push(scores);
    let description = Description {
        name: "test_network",
        text: "Random weights in YAMNet's topology, for tests.".into(),
        license: None,
        input: Input::Waveform,
    };
    model.description = description.text.clone();
    model.metadata = vec![(tflite::metadata::ENTRY.into(), metadata::write(&description))];
    let labels: Vec<String> = (0..CLASSES).map(|class| format!("class {class}")).collect();
    metadata::append_labels(writer::write(&model), &labels)
}

/// Writes the network alone: log-mel patch f32 `[1 x 96 x 64]` in, scores f32 `[1 x 521]` out.
pub fn from_patch() -> Vec<u8> {
    let mut model = ModelBuf { description: "The test network without a front end".into(), ..ModelBuf::default() };
    let patch = model.tensor("patch", TensorType::Float32, &[1, COLUMNS, BANDS]);
    model.inputs.push(patch);
    let scores = graph::write(&mut model, patch);
    model.outputs.push(scores);
    writer::write(&model)
}
