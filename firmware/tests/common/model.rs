//! Generated models and recordings for tests: log-mel features need no base model.
#![allow(dead_code, clippy::unwrap_used)] // Each test program uses its part; a panic is how a test fails.

use std::path::Path;

use monitor_core::anomaly::Persistence;
use monitor_core::decision::DecisionConfig;
use monitor_core::features::FeatureKind;
use monitor_core::model_card::ModelCard;
use monitor_export::test_network::anomaly_tables;
use monitor_export::{self as export, Dense};

/// A model with two states, quiet (the first) and loud (the second), which it separates by the sum of the band means.
pub fn loudness_model(quiet: &str, loud: &str) -> Vec<u8> {
    loudness_model_with(quiet, loud, None)
}

/// The same with an anomaly score: the distance of the statistics from 0, mostly along the first component.
pub fn loudness_model_with_anomaly_score(quiet: &str, loud: &str) -> Vec<u8> {
    let persistence = Persistence { raise_s: 0.5, within_s: 0.75, change_s: 0.5 };
    loudness_model_with(quiet, loud, Some(&anomaly_tables(persistence)))
}

fn loudness_model_with(quiet: &str, loud: &str, anomaly: Option<&[u8]>) -> Vec<u8> {
    // Means are ln(magnitude + 0.001): -6.9 a band in silence, above -3 in loud noise.
    let mut weights = vec![0.0; 2 * 128];
    weights[128..192].fill(0.05);
    let head = Dense {
        weights: ndarray::Array2::from_shape_vec((2, 128), weights).unwrap(),
        bias: vec![0.0, 64.0 * 0.05 * 4.5],
        relu: false,
    };
    let card = ModelCard {
        decision: DecisionConfig { smoothing_s: 0.3, confidence: 0.6, hysteresis: 0.1, dwell_s: 1.0 },
        class_confidence: &[60, 65],
        ..ModelCard::untrained(FeatureKind::LogMel)
    };
    let labels = [quiet.into(), loud.into()];
    export::classifier_with(
        FeatureKind::LogMel,
        None,
        &[head],
        &labels,
        &card,
        &export::Extras { anomaly, ..Default::default() },
    )
    .unwrap()
}

/// S16 noise at 48 kHz: alternating quiet and loud parts of `part_s` seconds.
pub fn noise(parts: usize, part_s: f32) -> Vec<i16> {
    let mut state = 7u32;
    let mut samples = Vec::new();
    for part in 0..parts {
        let amplitude = if part % 2 == 0 { 20 } else { 12_000 };
        for _ in 0..(part_s * 48_000.0) as usize {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            samples.push(((state >> 16) as i32 * amplitude / 32_768 - amplitude) as i16);
        }
    }
    samples
}

/// Writes mono samples at 48 kHz.
pub fn write_wav(path: &Path, samples: &[i16]) {
    monitor_model::wav::write(path, 48_000, 1, |writer| writer.push_i16(samples)).unwrap();
}
