//! What export writes, read by the device's reader.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../shared/core/tests/common/mod.rs"]
mod common;

use std::path::Path;

use monitor_core::features::FeatureKind;
use monitor_core::graph::{Output, Parts};
use monitor_core::model_card::{ModelCard, TrainingSummary};
use monitor_export::{self as export, Dense, test_network};
use monitor_tflite::Model;
use ndarray::Array2;
use sha2::{Digest, Sha256};
use test_needs::needs;

fn card() -> ModelCard<'static> {
    let training = TrainingSummary { within_recording: true, recording_hashes: &[1; 8], ..TrainingSummary::default() };
    ModelCard { training, ..ModelCard::untrained(FeatureKind::LogMel) }
}

fn labels() -> Vec<String> {
    ["off_state", "on_state", "soft_state", "solid_state"].map(String::from).to_vec()
}

/// A layer with small weights of both signs that differ everywhere.
fn dense(inputs: usize, outputs: usize, relu: bool) -> Dense {
    let weight = |(out, i): (usize, usize)| (((out * 7919 + i * 104_729) % 1009) as f32 / 1009.0 - 0.5) / 8.0;
    let weights = Array2::from_shape_fn((outputs, inputs), weight);
    Dense { weights, bias: (0..outputs).map(|out| out as f32 / 100.0).collect(), relu }
}

fn mlp(kind: FeatureKind) -> Vec<Dense> {
    vec![dense(kind.len(), 128, true), dense(128, 4, false)]
}

/// Exports a classifier on the test network. The file stays in the target folder.
fn exported(kind: FeatureKind, head: &[Dense]) -> Vec<u8> {
    let base = test_network::from_waveform().unwrap();
    let file = export::classifier(kind, Some(&base), head, &labels(), &card()).unwrap();
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{kind}_{}.tflite", head.len())), &file)
        .unwrap();
    file
}

#[test]
fn every_kind_reads_back_with_its_head_labels_and_card() {
    let base_sha256: [u8; 32] = Sha256::digest(test_network::from_waveform().unwrap()).into();
    for kind in FeatureKind::ALL {
        for head in [mlp(kind), vec![dense(kind.len(), 4, false)]] {
            let file = exported(kind, &head);
            let model = Model::parse(&file).unwrap();
            let parts = Parts::from_graph(&model.graph()).unwrap();
            let Output::Head { kind: found, head: read } = parts.output else { panic!("no head") };
            assert_eq!(found, kind);
            assert_eq!(read.layers.len(), head.len());
            for (read, layer) in read.layers.iter().zip(&head) {
                assert!(read.weights.iter().eq(layer.weights.iter().copied()));
                assert!(read.bias.iter().eq(layer.bias.iter().copied()));
                assert_eq!(read.relu, layer.relu);
            }
            assert!(model.labels().unwrap().unwrap().iter().eq(labels()));
            let read = ModelCard::from_model(&model).unwrap().unwrap();
            assert_eq!((read.feature_kind, read.training), (kind, card().training));
            assert_eq!(read.base_sha256, kind.needs_body().then_some(base_sha256));
        }
    }
}

/// Exports an `mlp` on the embedding of `bytes`, and checks that tensors 1 to `embedding` are copies and that no tensor of
/// the classifier behind is there.
fn check_that_the_body_is_copied(bytes: &[u8], embedding: usize) {
    let kind = FeatureKind::Yamnet;
    let file = export::classifier(kind, Some(bytes), &mlp(kind), &labels(), &card()).unwrap();
    let (base, model) = (Model::parse(bytes).unwrap(), Model::parse(&file).unwrap());
    let (base, graph) = (base.graph(), model.graph());
    assert!(graph.tensors().all(|tensor| !tensor.shape.contains(&521)));
    for tensor in base.tensors().take(embedding + 1).skip(1) {
        let copy = graph.tensors().find(|copy| copy.name == tensor.name).unwrap();
        assert_eq!((copy.data, copy.kind, &*copy.shape), (tensor.data, tensor.kind, &*tensor.shape), "{}", tensor.name);
        let both = copy.quantisation.zip(tensor.quantisation);
        assert!(both.is_none_or(|(a, b)| a.scales == b.scales && a.zero_points == b.zero_points));
    }
    let head_bytes = 4 * (1024 * 128 + 128 + 128 * 4 + 4);
    assert!(file.len() < bytes.len() - 521 * 1024 + head_bytes + 8192, "{} bytes", file.len());
}

#[test]
fn the_body_is_taken_over_byte_for_byte_and_the_521_class_end_is_not() {
    let base = test_network::from_waveform().unwrap();
    let embedding = Parts::from_graph(&Model::parse(&base).unwrap().graph()).unwrap().body.unwrap().pooled;
    check_that_the_body_is_copied(&base, embedding);
}

#[needs(base_model)]
#[test]
fn the_body_of_the_base_model_is_taken_over_likewise() {
    check_that_the_body_is_copied(&common::base_model(), 115);
}

#[test]
fn equal_arguments_give_equal_bytes() {
    let kind = FeatureKind::LogMel;
    assert!(exported(kind, &mlp(kind)) == exported(kind, &mlp(kind)));
}

#[test]
fn constants_begin_at_16_byte_boundaries() {
    let file = exported(FeatureKind::LogMel, &mlp(FeatureKind::LogMel));
    for tensor in Model::parse(&file).unwrap().graph().tensors() {
        let Some(data) = tensor.data else { continue };
        let at = data.as_ptr() as usize - file.as_ptr() as usize;
        assert_eq!(at % 16, 0, "{}", tensor.name);
    }
}

#[test]
fn the_head_alone_takes_features() {
    let kind = FeatureKind::Hybrid;
    let file = export::head(kind, &mlp(kind), &labels(), &card()).unwrap();
    let model = Model::parse(&file).unwrap();
    let graph = model.graph();
    let shape = |index: Option<usize>| graph.tensor(index.unwrap()).unwrap().shape.to_vec();
    assert_eq!((shape(graph.inputs().get(0)), shape(graph.outputs().get(0))), (vec![1, 1152], vec![1, 4]));
    assert!(model.labels().unwrap().unwrap().iter().eq(labels()));
}

#[test]
fn a_head_that_does_not_fit_is_refused_by_what_does_not_fit() {
    let kind = FeatureKind::LogMel;
    let refusal = |head: &[Dense], labels: &[String]| {
        format!("{:#}", export::classifier(kind, None, head, labels, &card()).unwrap_err())
    };
    assert!(refusal(&mlp(FeatureKind::Yamnet), &labels()).contains("takes 1024 values"));
    assert!(refusal(&mlp(kind), &labels()[..3]).contains("3 labels"));
    assert!(refusal(&[], &labels()).contains("1 to 4 layers"));
    let mut diverged = mlp(kind);
    diverged[1].bias[0] = f32::NAN;
    assert!(refusal(&diverged, &labels()).contains("no finite number"));
    let mut twice = labels();
    twice[1] = twice[0].clone();
    assert!(refusal(&mlp(kind), &twice).contains("twice"));
    twice[1] = "two\nlines".into();
    assert!(refusal(&mlp(kind), &twice).contains("control characters"));
    let needs_base = export::classifier(FeatureKind::Hybrid, None, &mlp(FeatureKind::Hybrid), &labels(), &card());
    assert!(format!("{:#}", needs_base.unwrap_err()).contains("fetch"));
}
