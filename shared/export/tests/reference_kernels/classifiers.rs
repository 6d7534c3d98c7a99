//! Exported classifiers on the test network: features and probabilities of whole waveforms.
//!
//! Float operators add up in another order than LiteRT's, so floats are compared within a tolerance (found: 6e-7).

use monitor_core::features::{EMBEDDING_LEN, FeatureKind};
use monitor_core::log_mel::{BANDS, LogMel};
use monitor_core::window::{COLUMNS, Patch};
use monitor_export::test_network;
use monitor_model::owned::OwnedModel;
use monitor_nn::{Block, Isa};

use super::golden;

/// Real value of one step of the embedding.
const STEP: f32 = 0.022_328_35;

fn patch(waveform: &[f32]) -> Patch {
    let mut patch = [[0.0; BANDS]; COLUMNS];
    let mut columns = patch.iter_mut();
    LogMel::new().push(waveform, |column| *columns.next().unwrap() = *column);
    assert!(columns.next().is_none());
    patch
}

/// Features and probabilities of every waveform, one after the other.
fn computed(kind: FeatureKind) -> (Vec<f32>, Vec<f32>) {
    let model = OwnedModel::from_bytes(test_network::classifier(kind).unwrap(), Isa::best()).unwrap();
    let classifier = model.contents().classifier.clone();
    let mut arena = vec![Block::ZERO; classifier.arena_len()];
    let (mut all_features, mut all_probabilities) = (Vec::new(), Vec::new());
    for waveform in test_network::waveforms() {
        let (mut features, mut probabilities) = (vec![0.0; kind.len()], vec![0.0; classifier.classes()]);
        classifier.run(&patch(&waveform), &mut arena, &mut features, &mut probabilities).unwrap();
        all_features.extend(features);
        all_probabilities.extend(probabilities);
    }
    (all_features, all_probabilities)
}

fn furthest(ours: &[f32], golden: &[f32]) -> f32 {
    assert_eq!(ours.len(), golden.len());
    ours.iter().zip(golden).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn probabilities_of_every_kind_of_classifier_are_those_of_litert() {
    for kind in FeatureKind::ALL {
        let golden = golden::floats(&format!("{kind}_probabilities_f32.bin"));
        let found = computed(kind).1;
        let furthest = furthest(&found, &golden);
        assert!(furthest < 1e-5, "{kind}: {furthest}, {found:?} {golden:?}");
        assert!(golden.iter().all(|probability| *probability > 0.01), "{kind}: saturated, so nothing is compared");
    }
}

#[test]
fn the_embedding_is_that_of_litert_and_the_statistics_are_close() {
    let (found, golden) = (computed(FeatureKind::Hybrid).0, golden::floats("features_f32.bin"));
    for (ours, golden) in found.chunks_exact(1152).zip(golden.chunks_exact(1152)) {
        let ((embedding, statistics), (golden_embedding, golden_statistics)) =
            (ours.split_at(EMBEDDING_LEN), golden.split_at(EMBEDDING_LEN));
        let (steps, difference) =
            (furthest(embedding, golden_embedding) / STEP, furthest(statistics, golden_statistics));
        assert!(steps < 0.5, "{steps} steps");
        assert!(difference < 1e-5, "{difference}");
    }
}

#[test]
fn the_tap_is_that_of_litert_but_for_the_rounding_of_its_sum() {
    let (found, golden) = (computed(FeatureKind::Tap).0, golden::floats("tap_f32.bin"));
    let largest = golden.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
    let difference = furthest(&found, &golden);
    assert!(largest > 0.1 && difference < 1e-5 * largest, "{difference} of {largest}");
}
