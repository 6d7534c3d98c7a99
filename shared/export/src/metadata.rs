//! TFLite Metadata (`metadata_schema.fbs`, as MediaPipe and the Task Library read it) and the archive with the label file.
//!
//! MediaPipe's AudioClassifier requires: one input with AudioProperties (rate, channels), one output with the label file as
//! TENSOR_AXIS_LABELS, `min_parser_version`, and the file itself, stored, in a zip archive behind the model.

use std::io::{Cursor, Seek, SeekFrom, Write};

use anyhow::Context;
use monitor_core::log_mel::RATE_HZ;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::flat::{self, Builder, Table};

/// The label file in the archive.
const LABEL_FILE: &str = "labels.txt";
/// First parser version that supports AudioProperties.
const MIN_PARSER_VERSION: &str = "1.3.0";
/// `ContentProperties.FeatureProperties` and `.AudioProperties`.
const FEATURES: u8 = 1;
const AUDIO: u8 = 4;
/// `AssociatedFileType.TENSOR_AXIS_LABELS`.
const AXIS_LABELS: i8 = 2;

/// Input of a model.
pub(super) enum Input {
    /// A waveform of 16 kHz, mono.
    Waveform,
    /// One row of features.
    Features,
}

/// Description of a model.
pub(super) struct Description {
    pub name: &'static str,
    pub text: String,
    pub license: Option<&'static str>,
    pub input: Input,
}

/// Returns the metadata flatbuffer.
pub(super) fn write(description: &Description) -> Vec<u8> {
    let mut builder = Builder::new();
    let b = &mut builder;
    let input = match description.input {
        Input::Waveform => {
            let audio = flat::table(b, |f| {
                f.number(0, RATE_HZ, 0);
                f.number(1, 1u32, 0);
            });
            let text = "16 kHz mono, samples from -1 to 1; one window of 0.975 s";
            tensor(b, "audio_clip", text, (AUDIO, audio), None)
        }
        Input::Features => {
            let features = flat::table(b, |_| ());
            tensor(b, "features", "Features of one window, not standardised", (FEATURES, features), None)
        }
    };
    let features = flat::table(b, |_| ());
    let text = "Probability of each class; they add up to 1";
    let labels = label_file(b);
    let output = tensor(b, "probabilities", text, (FEATURES, features), Some(labels));
    let inputs = flat::tables(b, &[input]);
    let outputs = flat::tables(b, &[output]);
    let graph = flat::table(b, |f| {
        f.offset(2, inputs);
        f.offset(3, outputs);
    });
    let graphs = flat::tables(b, &[graph]);
    let name = b.create_string(description.name);
    let text = b.create_string(&description.text);
    let version = b.create_string("v1");
    let license = description.license.map(|license| b.create_string(license));
    let parser = b.create_string(MIN_PARSER_VERSION);
    let root = flat::table(b, |f| {
        f.offset(0, name);
        f.offset(1, text);
        f.offset(2, version);
        f.offset(3, graphs);
        if let Some(license) = license {
            f.offset(5, license);
        }
        f.offset(7, parser);
    });
    flat::finish(builder, root, "M001")
}

/// Writes `TensorMetadata`. An output has labels and the range of probabilities.
fn tensor(b: &mut Builder, name: &str, text: &str, (kind, properties): (u8, Table), labels: Option<Table>) -> Table {
    let content = flat::table(b, |f| {
        f.number(0, kind, 0);
        f.offset(1, properties);
    });
    let output = labels.map(|labels| {
        let (most, least) = (b.create_vector(&[1f32]), b.create_vector(&[0f32]));
        let stats = flat::table(b, |f| {
            f.offset(0, most);
            f.offset(1, least);
        });
        (stats, flat::tables(b, &[labels]))
    });
    let (name, text) = (b.create_string(name), b.create_string(text));
    flat::table(b, |f| {
        f.offset(0, name);
        f.offset(1, text);
        f.offset(3, content);
        if let Some((stats, files)) = output {
            f.offset(5, stats);
            f.offset(6, files);
        }
    })
}

/// Writes `AssociatedFile`.
fn label_file(b: &mut Builder) -> Table {
    let name = b.create_string(LABEL_FILE);
    let text = b.create_string("One class per line, in the order of the output");
    flat::table(b, |f| {
        f.offset(0, name);
        f.offset(1, text);
        f.number(2, AXIS_LABELS, 0);
    })
}

/// Appends the archive with the label file to `model`. Offsets count from the beginning of the file and the date is fixed,
/// so equal labels give equal bytes.
pub(super) fn append_labels(model: Vec<u8>, labels: &[String]) -> anyhow::Result<Vec<u8>> {
    let mut file = Cursor::new(model);
    file.seek(SeekFrom::End(0))?;
    let mut archive = ZipWriter::new(file);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    archive.start_file(LABEL_FILE, options).context("cannot append the label file")?;
    for label in labels {
        writeln!(archive, "{label}")?;
    }
    Ok(archive.finish().context("cannot append the label file")?.into_inner())
}
