//! Writes the test network, its inputs and classifiers on it, for `scripts/golden/make.py` to run in LiteRT.
//!
//! Usage: `cargo run -p monitor-export --example test_network -- FOLDER`

use std::path::PathBuf;

use anyhow::Context;
use monitor_core::features::FeatureKind;
use monitor_export::test_network;

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(std::env::args_os().nth(1).context("name the folder to write to")?);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    };
    let bytes = |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|value| value.to_le_bytes()).collect() };
    write("network.tflite", &test_network::from_patch())?;
    let patches: Vec<f32> = test_network::patches().iter().flat_map(|patch| patch.as_flattened().to_vec()).collect();
    write("patches_f32.bin", &bytes(&patches))?;
    for kind in FeatureKind::ALL {
        write(&format!("{kind}.tflite"), &test_network::classifier(kind)?)?;
    }
    write("waveforms_f32.bin", &bytes(&test_network::waveforms().concat()))?;
    Ok(())
}
