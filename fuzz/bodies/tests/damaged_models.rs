//! Damaged model files are errors, never panics: thousands of seeded mutations of the structure of valid files. `stable.rs`
//! mutates any byte, which seldom hits an offset or a length between megabytes of weights.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../../shared/core/tests/common/mod.rs"]
mod common;

use fuzz_bodies::model::{read_model, run_model};
use monitor_core::features::FeatureKind;
use monitor_core::model_card::{ModelCard, TrainingSummary};
use monitor_export::{self as export, Dense, test_network};
use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use test_needs::needs;

/// Mutations of each file.
const CASES: u64 = 4000;
/// Every n-th readable mutation of the base model is run too, not more: packing 4 MB of weights is slow.
const RUN_EVERY: u64 = 40;

fn classifier() -> Vec<u8> {
    let training = TrainingSummary {
        macro_f1: Some(0.875),
        created_unix: Some(1_700_000_000),
        recording_hashes: &[7; 24],
        ..TrainingSummary::default()
    };
    let card = ModelCard { training, ..ModelCard::untrained(FeatureKind::LogMel) };
    let head = Dense { weights: Array2::from_elem((3, 128), 0.5), bias: vec![0.0; 3], relu: false };
    let labels = ["good", "bad", "off"].map(String::from);
    export::classifier(FeatureKind::LogMel, None, &[head], &labels, &card).unwrap()
}

/// Offsets of the file's structure: everything but the contents of large constants, where a change means nothing.
fn structure(file: &[u8]) -> Vec<usize> {
    let mut is_structure = vec![true; file.len()];
    let model = monitor_tflite::Model::parse(file).unwrap();
    for data in model.graph().tensors().filter_map(|tensor| tensor.data).filter(|data| data.len() > 256) {
        let at = data.as_ptr() as usize - file.as_ptr() as usize;
        is_structure[at..at + data.len()].fill(false);
    }
    (0..file.len()).filter(|&at| is_structure[at]).collect()
}

/// Damages a copy of `file` as a storage fault or an attacker could.
fn damage(file: &[u8], structure: &[usize], rng: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..rng.gen_range(1..=4) {
        let at = structure[rng.gen_range(0..structure.len())];
        let word = at & !3;
        match rng.gen_range(0..7) {
            0 => bytes[at] ^= 1 << rng.gen_range(0..8),
            1 => bytes[at] = rng.r#gen(),
            2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][rng.gen_range(0..5)],
            // An offset, length or count: extreme, or a little off.
            3 if word + 4 <= bytes.len() => {
                let extreme: u32 =
                    [0, 1, u32::MAX, i32::MAX as u32, 0x8000_0000, file.len() as u32][rng.gen_range(0..6)];
                bytes[word..word + 4].copy_from_slice(&extreme.to_le_bytes());
            }
            4 if word + 4 <= bytes.len() => {
                let old = u32::from_le_bytes(bytes[word..word + 4].try_into().unwrap());
                let new = old.wrapping_add_signed(rng.gen_range(-64..=64));
                bytes[word..word + 4].copy_from_slice(&new.to_le_bytes());
            }
            // A piece of the file in another place.
            5 => {
                let from = structure[rng.gen_range(0..structure.len())];
                let len = rng.gen_range(1..=32).min(bytes.len() - from.max(at));
                bytes.copy_within(from..from + len, at);
            }
            _ => {
                if rng.gen_range(0..4) == 0 {
                    bytes.truncate(rng.gen_range(0..=bytes.len()));
                    return bytes;
                }
            }
        }
    }
    bytes
}

fn survives(file: &[u8], seed: u64, run_every: u64) {
    let structure = structure(file);
    let mut still_read = 0;
    for case in 0..CASES {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed + case);
        let damaged = damage(file, &structure, &mut rng);
        let reads = read_model(&damaged);
        still_read += u64::from(reads);
        if reads && case % run_every == 0 {
            run_model(&damaged);
        }
    }
    assert!(
        (CASES / 100..CASES * 99 / 100).contains(&still_read),
        "{still_read} of {CASES} still read: no real damage"
    );
}

#[test]
fn mutations_of_an_exported_model_are_errors_or_models() {
    survives(&classifier(), 1, 1);
}

#[test]
fn mutations_of_the_test_network_are_errors_or_models() {
    survives(&test_network::from_waveform().unwrap(), 2, RUN_EVERY);
}

#[needs(base_model)]
#[test]
fn mutations_of_the_base_model_are_errors_or_models() {
    survives(&common::base_model(), 2, RUN_EVERY);
}

#[test]
fn an_exported_model_cut_anywhere_in_its_flatbuffer_is_an_error() {
    let file = classifier();
    let labels_at = file.windows(4).position(|bytes| bytes == b"PK\x03\x04").unwrap();
    for end in (0..labels_at).step_by(37) {
        assert!(!read_model(&file[..end]), "cut at {end}");
    }
}
