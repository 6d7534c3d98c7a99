//! Equal input gives equal bits on every target: checksums from one machine that every other machine must reproduce.

use monitor_core::log_mel::LogMel;
use monitor_core::resample::Resampler;
use monitor_core::window::{COLUMNS, WindowRing};
use monitor_core::{log_mel, stats};

/// Returns the FNV-1a hash of the bits of all values.
fn checksum(values: &[f32]) -> u64 {
    let bytes = values.iter().flat_map(|value| value.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Returns tone and noise, computed by integer arithmetic and exact scaling only.
fn sound(len: u32) -> Vec<f32> {
    let mut state = 7_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    (0..len).map(|n| (n * n / 64 % 256) as f32 / 512.0 - 0.25 + 0.25 * noise()).collect()
}

#[test]
fn resampled_sound_has_the_same_bits_everywhere() {
    for (rate, expected) in RESAMPLED {
        let mut storage = vec![0.0; Resampler::storage_len(rate).unwrap()];
        let mut resampler = Resampler::new(rate, &mut storage).unwrap();
        let mut output = Vec::new();
        resampler.push(&sound(8000), |sample| output.push(sample));
        resampler.finish(|sample| output.push(sample));
        assert_eq!(checksum(&output), expected, "{rate} Hz: {:#018x}", checksum(&output));
    }
}

#[test]
fn columns_and_statistics_have_the_same_bits_everywhere() {
    let mut ring = WindowRing::new(1).unwrap();
    LogMel::new().push(&sound(15_600), |column| {
        ring.push(column);
    });
    let mut patch = [[0.0; log_mel::BANDS]; COLUMNS];
    ring.copy_to(&mut patch);
    let mut statistics = [0.0; stats::LEN];
    stats::log_mel_stats(&patch, &mut statistics);
    let found = (checksum(patch.as_flattened()), checksum(&statistics));
    assert_eq!(found, (COLUMNS_BITS, STATISTICS_BITS), "{found:#018x?}");
}

/// Input rate in Hz, and checksum of the resampled signal.
const RESAMPLED: [(u32, u64); 3] =
    [(8000, 0x5585_3ddd_8063_2f5d), (44_101, 0xe4fe_cc9e_363a_2bce), (48_000, 0xd7c6_351d_3ecb_5cf5)];
/// Checksum of the window's columns.
const COLUMNS_BITS: u64 = 0xec4d_467a_baca_843e;
/// Checksum of the window's statistics.
const STATISTICS_BITS: u64 = 0x0bd2_97ad_758e_097c;
