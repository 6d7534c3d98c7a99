//! A model of three sounds with the sample that training stores, and clips of these sounds.
#![allow(dead_code, clippy::unwrap_used)] // Each test program uses its part; a panic is how a test fails.

use std::path::Path;

use monitor_core::anomaly::Persistence;
use monitor_core::classifier::Classifier;
use monitor_core::decision::DecisionConfig;
use monitor_core::features::FeatureKind;
use monitor_core::model_card::ModelCard;
use monitor_core::training_sample::{ClassSummary, Flags, Header, SampleWindow, TrainingSample};
use monitor_export::test_network::anomaly_tables;
use monitor_export::{self as export, Dense};
use monitor_model::owned::Memory;

use crate::common::model::write_wav;

/// Names of the sounds that the model has.
pub const LABELS: [&str; 2] = ["hiss", "hum"];

/// Seconds of noise at 48 kHz with a tone of `hz` and of this share of the level.
pub fn sound(seed: u32, seconds: f32, hz: f32, tone: f32, level: f32) -> Vec<i16> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(7);
    (0..(seconds * 48_000.0) as usize)
        .map(|at| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 16) as f32 / 32_768.0 - 1.0;
            let wave = (at as f32 * hz * std::f32::consts::TAU / 48_000.0).sin();
            (level * (tone * wave + (1.0 - tone) * noise)) as i16
        })
        .collect()
}

/// A clip of a class of the model: noise, or a tone of 400 Hz in it. Class 2, which it does not have, is a tone of 2 kHz.
pub fn clip(class: usize, seed: u32, seconds: f32) -> Vec<i16> {
    // Each recording has its own level.
    let level = 4000.0 + 500.0 * (seed % 7) as f32;
    let (hz, tone) = [(400.0, 0.0), (400.0, 0.7), (2000.0, 0.7)][class];
    sound(seed, seconds, hz, tone, level)
}

/// Log-mel features of a sound, a window every 0.25 s.
fn features(samples: &[i16]) -> Vec<Vec<f32>> {
    let classifier = Classifier::log_mel();
    let mut memory = Memory::new(&classifier, 48_000).unwrap();
    let mut pipeline = memory.pipeline(classifier, 48_000, 25).unwrap();
    let samples: Vec<f32> = samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
    let mut found = Vec::new();
    pipeline.push(&samples, |verdict| found.push(verdict.features.to_vec()));
    found
}

/// The model, with an anomaly score by which every sound is far from normal.
pub fn model() -> Vec<u8> {
    model_with(true)
}

/// The same, with or without its sample.
pub fn model_with(sample: bool) -> Vec<u8> {
    let windows: Vec<(usize, u32, Vec<f32>)> = (0..8)
        .flat_map(|seed| {
            (0..2).flat_map(move |class| {
                features(&clip(class, seed, 3.0)).into_iter().map(move |window| (class, seed, window))
            })
        })
        .collect();
    let len = FeatureKind::LogMel.len();
    let count = windows.len() as f32;
    let mean = |place: usize| windows.iter().map(|(_, _, x)| x[place]).sum::<f32>() / count;
    let means: Vec<f32> = (0..len).map(mean).collect();
    let deviation =
        |place: usize| windows.iter().map(|(_, _, x)| (x[place] - means[place]).powi(2)).sum::<f32>() / count;
    let scales: Vec<f32> = (0..len).map(|place| 1.0 / deviation(place).sqrt().max(0.1)).collect();
    let bytes: Vec<Vec<u8>> = windows
        .iter()
        .map(|(_, _, x)| {
            (0..len)
                .map(|place| (((x[place] - means[place]) * scales[place] * 16.0).clamp(-127.0, 127.0) as i8) as u8)
                .collect()
        })
        .collect();
    // Recordings 6 and 7 are to validate by.
    let mut rows: Vec<SampleWindow<'_>> = windows
        .iter()
        .zip(&bytes)
        .map(|((class, seed, _), values)| SampleWindow { class: *class as u16, group: *seed as u16, values })
        .collect();
    rows.sort_by_key(|row| row.group >= 6);
    let fit = rows.iter().filter(|row| row.group < 6).count();
    let header = Header {
        kind: FeatureKind::LogMel,
        flags: Flags { within_recording: false, trained_on: false, linear: false },
        alpha: 5.0,
        temperature: 1.0,
        step: 1.0 / 16.0,
        varying: &[0xff; 16],
        means: &means,
        scales: &scales,
    };
    let classes = [ClassSummary { windows: fit as u32 / 2, weight: 1.0 }; 2];
    let mut entry = Vec::new();
    TrainingSample::write(&header, &classes, (&rows, fit), |part| entry.extend_from_slice(part));
    let card = ModelCard {
        decision: DecisionConfig { smoothing_s: 0.3, confidence: 0.6, hysteresis: 0.1, dwell_s: 0.5 },
        ..ModelCard::untrained(FeatureKind::LogMel)
    };
    let tables = anomaly_tables(Persistence { raise_s: 0.5, within_s: 0.75, change_s: 0.5 });
    let extras =
        export::Extras { anomaly: Some(&tables), training: sample.then_some(&entry[..]), ..Default::default() };
    export::classifier_with(FeatureKind::LogMel, None, &[head(&windows)], &LABELS.map(String::from), &card, &extras)
        .unwrap()
}

/// A head along the difference of the means of the two classes.
fn head(windows: &[(usize, u32, Vec<f32>)]) -> Dense {
    let len = FeatureKind::LogMel.len();
    let mean = |class: usize, place: usize| {
        let own = windows.iter().filter(|(other, _, _)| *other == class);
        own.clone().map(|(_, _, x)| x[place]).sum::<f32>() / own.count() as f32
    };
    let half: Vec<f32> = (0..len).map(|place| (mean(1, place) - mean(0, place)) / 2.0).collect();
    let centre: f32 = (0..len).map(|place| half[place] * (mean(1, place) + mean(0, place)) / 2.0).sum();
    let weights = ndarray::Array2::from_shape_fn((2, len), |(class, place)| [-half[place], half[place]][class]);
    Dense { weights, bias: vec![centre, -centre], relu: false }
}

/// Writes clips of `class` into `folder`; returns the rows of a list of labels that give them `label` and `condition`.
pub fn clips(folder: &Path, class: usize, seeds: std::ops::Range<u32>, label: &str, condition: &str) -> String {
    seeds
        .map(|seed| {
            let name = format!("clip_{class}_{seed}.wav");
            write_wav(&folder.join(&name), &clip(class, seed, 4.0));
            format!("{name},{label},{condition}\n")
        })
        .collect()
}
