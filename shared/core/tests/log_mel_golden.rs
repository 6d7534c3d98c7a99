//! Compares the front end with LiteRT's reference kernels, and its constants with the base model's.

mod common;

use monitor_core::log_mel::{BANDS, BINS, HANN, LogMel, mel_weight};
use test_needs::needs;

/// Samples of one clip: 96 columns.
const CLIP: usize = 15_600;
/// Quantisation of the base model's input patch (tensor 28).
const SCALE: f32 = 0.048_020_61;
/// Zero point of the input patch.
const ZERO_POINT: f32 = 16.0;

/// Returns all columns of all clips, concatenated.
fn log_mel(waveforms: &[f32]) -> Vec<f32> {
    let mut cells = Vec::new();
    for clip in waveforms.chunks_exact(CLIP) {
        LogMel::new().push(clip, |column| cells.extend_from_slice(column));
    }
    cells
}

/// Differences between the computed and the golden patches after quantisation.
#[derive(Debug)]
struct Comparison {
    cells: usize,
    identical: usize,
    largest: i32,
}

impl Comparison {
    fn from_golden(waveforms: &[u8], patches: &[u8]) -> Self {
        let ours = log_mel(&common::floats(waveforms));
        let golden = common::signed(patches);
        assert_eq!(ours.len(), golden.len());
        // As TFLite's QUANTIZE: rounds half away from zero and saturates.
        let steps = ours.iter().zip(&golden).map(|(&value, &golden)| {
            let quantised = ((value / SCALE).round() + ZERO_POINT).clamp(-128.0, 127.0) as i32;
            (quantised - i32::from(golden)).abs()
        });
        let largest = steps.clone().max().unwrap_or(0);
        Self { cells: golden.len(), identical: steps.filter(|&step| step == 0).count(), largest }
    }

    fn assert_within_limits(&self) {
        println!("{self:?}: {:.4} % identical", 100.0 * self.identical as f64 / self.cells as f64);
        assert!(self.identical * 1000 >= self.cells * 999, "{self:?}");
        assert!(self.largest <= 1, "{self:?}");
    }
}

#[needs(golden)]
#[test]
fn quantised_patches_of_all_golden_clips_agree_in_999_of_1000_cells_and_differ_by_at_most_one() {
    Comparison::from_golden(&common::golden("waveform_f32.bin"), &common::golden("patch_i8.bin"))
        .assert_within_limits();
}

#[test]
fn quantised_patches_of_the_two_committed_clips_agree_equally() {
    let comparison =
        Comparison::from_golden(include_bytes!("golden/waveform_f32.bin"), include_bytes!("golden/patch_i8.bin"));
    comparison.assert_within_limits();
}

#[needs(golden)]
#[test]
fn unquantised_columns_are_within_a_tenth_of_a_quantisation_step_of_the_reference() {
    let (waveforms, golden) = (common::golden("waveform_f32.bin"), common::golden("log_mel_f32.bin"));
    let ours = log_mel(&common::floats(&waveforms));
    let differences: Vec<f32> = ours.iter().zip(common::floats(&golden)).map(|(a, b)| (a - b).abs()).collect();
    let largest = differences.iter().copied().fold(0.0, f32::max);
    let mean = differences.iter().map(|&d| f64::from(d)).sum::<f64>() / differences.len() as f64;
    println!("largest difference {largest:.3e}, mean {mean:.3e}");
    assert_eq!(ours.len(), differences.len());
    assert!(largest < 0.1 * SCALE, "{largest}");
}

#[needs(base_model)]
#[test]
fn the_base_model_holds_our_mel_matrix_and_hann_window_byte_for_byte() {
    let model = common::base_model();
    let mut matrix = Vec::new();
    for band in 0..BANDS {
        for bin in 0..BINS {
            matrix.extend(mel_weight(band, bin).to_le_bytes());
        }
    }
    let hann: Vec<u8> = HANN.iter().flat_map(|weight| weight.to_le_bytes()).collect();
    assert!(model.windows(matrix.len()).any(|bytes| bytes == matrix), "mel matrix");
    assert!(model.windows(hann.len()).any(|bytes| bytes == hann), "Hann window");
}
