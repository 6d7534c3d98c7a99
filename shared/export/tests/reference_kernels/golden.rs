//! The committed tensors and what they belong to.

use std::path::Path;

use monitor_export::test_network;
use serde_json::Value;
use sha2::{Digest, Sha256};

fn read(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A tensor of int8 values.
pub fn int8(name: &str) -> Vec<i8> {
    read(name).into_iter().map(u8::cast_signed).collect()
}

/// A tensor of floats.
pub fn floats(name: &str) -> Vec<f32> {
    read(name).chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

fn index() -> Value {
    serde_json::from_slice(&read("index.json")).unwrap()
}

/// The reference kernels' digest of each activation, patch after patch: `digests()[patch]` begins with the quantised patch.
pub fn digests() -> Vec<Vec<u64>> {
    let index = index();
    let pairs = (0..13).flat_map(|pair| [format!("depthwise{pair}"), format!("pointwise{pair}")]);
    let names: Vec<String> = ["quantised".into(), "conv0".into()].into_iter().chain(pairs).collect();
    assert_eq!(names.len(), index["layers"].as_object().unwrap().len());
    let digest = |name: &String, patch: usize| index["layers"][name][patch].as_str().unwrap().to_string();
    let parse = |text: String| u64::from_str_radix(&text, 16).unwrap();
    (0..test_network::patches().len()).map(|patch| names.iter().map(|n| parse(digest(n, patch))).collect()).collect()
}

/// Sum over channels of the FNV-1a hash of each channel's plane: it does not depend on the order of channels, which the
/// packers change.
pub fn digest(activation: &[i8], channels: usize) -> u64 {
    let mut hashes = vec![0xcbf2_9ce4_8422_2325_u64; channels];
    for pixel in activation.chunks_exact(channels) {
        for (hash, value) in hashes.iter_mut().zip(pixel) {
            *hash = (*hash ^ u64::from(value.cast_unsigned())).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hashes.into_iter().fold(0, u64::wrapping_add)
}

#[test]
fn the_committed_tensors_belong_to_the_network_and_inputs_that_are_generated() {
    let index = index();
    let check = |name: &str, bytes: &[u8]| {
        let found: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(index["sha256"][name], found, "{name} changed: run scripts/golden/make.py again");
    };
    let bytes = |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|value| value.to_le_bytes()).collect() };
    check("network.tflite", &test_network::from_patch());
    check("patches_f32.bin", &bytes(test_network::patches().as_flattened().as_flattened()));
    check("waveforms_f32.bin", &bytes(&test_network::waveforms().concat()));
}
