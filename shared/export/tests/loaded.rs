//! Exported models, loaded: the input gain for quiet machines, and contents that move with the model.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

use monitor_core::features::FeatureKind;
use monitor_core::gain::Gain;
use monitor_core::model_card::ModelCard;
use monitor_export::{self as export, Dense, Extras};
use monitor_model::owned::{Memory, OwnedModel};
use monitor_nn::Isa;
use ndarray::Array2;

fn model(gain: Gain) -> OwnedModel {
    let weights = Array2::from_shape_fn((2, 128), |(class, value)| ((7 * value + 3 * class) % 11) as f32 / 50.0 - 0.1);
    let head = Dense { weights, bias: vec![0.1, -0.1], relu: false };
    let (kind, labels) = (FeatureKind::LogMel, ["off".to_string(), "on".to_string()]);
    let extras = Extras { gain, ..Extras::default() };
    let file = export::classifier_with(kind, None, &[head], &labels, &ModelCard::untrained(kind), &extras).unwrap();
    OwnedModel::from_bytes(file, Isa::best()).unwrap()
}

/// The bits of all features and probabilities, and the levels, of `samples` at 16 kHz.
fn run(model: &OwnedModel, samples: &[f32]) -> (Vec<u32>, Vec<f32>) {
    let classifier = model.contents().classifier.clone();
    let mut memory = Memory::new(&classifier, 16_000).unwrap();
    let mut pipeline = memory.pipeline(classifier, 16_000, 48).unwrap();
    let (mut bits, mut levels) = (Vec::new(), Vec::new());
    pipeline.push(samples, |verdict| {
        bits.extend(verdict.features.iter().chain(verdict.probabilities).map(|value| value.to_bits()));
        levels.push(verdict.level_dbfs);
    });
    (bits, levels)
}

#[test]
fn a_raised_model_on_quiet_sound_is_the_plain_model_on_loud_sound_and_levels_are_the_microphones() {
    let gain = Gain::from_db(33).unwrap();
    let (plain, raised) = (model(Gain::NONE), model(gain));
    assert_eq!(raised.contents().classifier.gain(), gain);
    let mut state = 1_u32;
    let quiet: Vec<f32> = (0..40_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 8) as f32 / 16_777_216.0 - 0.5) / 100.0
        })
        .collect();
    let loud: Vec<f32> = quiet.iter().map(|sample| sample * gain.factor()).collect();
    let ((bits, levels), (plain_bits, plain_levels)) = (run(&raised, &quiet), run(&plain, &loud));
    assert!(!bits.is_empty());
    assert_eq!(bits, plain_bits);
    assert!(levels.iter().zip(plain_levels).all(|(quiet, loud)| (loud - quiet - 33.0).abs() < 0.01));
}

#[test]
fn without_a_gain_the_file_is_the_one_of_earlier_versions() {
    let operators = |gain| model(gain).contents().file.graph().operator_count();
    assert_eq!(operators(Gain::from_db(1).unwrap()), operators(Gain::NONE) + 1);
}

#[test]
fn contents_stay_in_their_place_when_the_model_moves_to_another_thread() {
    let model = model(Gain::NONE);
    let place = |model: &OwnedModel| std::ptr::from_ref(model.contents()).addr();
    let (loaded, sound) = (place(&model), vec![0.1; 16_000]);
    let here = run(&model, &sound);
    let there = std::thread::spawn(move || (place(&model), run(&model, &sound))).join().unwrap();
    assert_eq!(there, (loaded, here));
}
