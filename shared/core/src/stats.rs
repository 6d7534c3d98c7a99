//! Mean and standard deviation over time of each log-mel band: the features that require no base model.
//!
//! Two passes in f32, first the mean, then the squared differences from it. Each band is summed in column order, so the
//! result is the same on every target and the operators of a TFLite graph can reproduce it. A log-mel value lies in about
//! [-7, 6], so the mean is within 5e-5 and the deviation within 1e-4 of the exact values (see the test). A single pass over
//! squares would lose three more digits in a loud, steady band.

use crate::log_mel::{BANDS, Column};
use crate::window::{COLUMNS, Patch};

/// Number of values: 64 means, then 64 standard deviations.
pub const LEN: usize = 2 * BANDS;

/// Writes the mean of each band over the window's 96 columns to `out[..64]` and its population standard deviation (square
/// root of the mean squared difference, divided by 96, not 95) to `out[64..]`, in the unit of the columns (natural
/// logarithm of the mel magnitude).
pub fn log_mel_stats(patch: &Patch, out: &mut [f32; LEN]) {
    let mean = average(patch, |cell, _| cell, &[0.0; BANDS]);
    let variance = average(patch, |cell, mean| (cell - mean) * (cell - mean), &mean);
    let (means, deviations) = out.split_at_mut(BANDS);
    means.copy_from_slice(&mean);
    for (deviation, variance) in deviations.iter_mut().zip(variance) {
        *deviation = libm::sqrtf(variance);
    }
}

/// Returns, for each band, the mean of `value(cell, around)` over the columns.
fn average(patch: &Patch, value: impl Fn(f32, f32) -> f32, around: &Column) -> Column {
    let mut sums = [0.0; BANDS];
    for column in patch {
        for ((sum, &cell), &around) in sums.iter_mut().zip(column).zip(around) {
            *sum += value(cell, around);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "96 is exact")]
    sums.map(|sum| sum / COLUMNS as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_band_alternating_between_two_values_has_their_midpoint_and_half_their_difference() {
        let patch: Patch = core::array::from_fn(|j| [if j % 2 == 0 { -3.0 } else { 1.0 }; BANDS]);
        let mut out = [9.0; LEN];
        log_mel_stats(&patch, &mut out);
        assert_eq!(out[..BANDS], [-1.0; BANDS]);
        assert_eq!(out[BANDS..], [2.0; BANDS]);
    }

    #[test]
    fn a_constant_band_has_a_deviation_below_1e_4() {
        let mut out = [9.0; LEN];
        log_mel_stats(&[[5.432_1; BANDS]; COLUMNS], &mut out);
        assert!(out[BANDS..].iter().all(|deviation| *deviation < 1e-4), "{}", out[BANDS]);
    }

    proptest! {
        #[test]
        fn mean_and_deviation_are_within_their_documented_error(
            cells in prop::collection::vec(-7.0_f32..6.0, COLUMNS), offset in -7.0_f32..6.0, spread in 0.0_f32..1.0,
        ) {
            let cells: Vec<f32> = cells.iter().map(|cell| offset + spread * cell).collect();
            let patch: Patch = core::array::from_fn(|j| [cells[j]; BANDS]);
            let mut out = [0.0; LEN];
            log_mel_stats(&patch, &mut out);
            let mean = cells.iter().map(|&cell| f64::from(cell)).sum::<f64>() / COLUMNS as f64;
            let variance = cells.iter().map(|&cell| (f64::from(cell) - mean).powi(2)).sum::<f64>() / COLUMNS as f64;
            prop_assert!((f64::from(out[0]) - mean).abs() < 5e-5);
            prop_assert!((f64::from(out[BANDS]) - variance.sqrt()).abs() < 1e-4);
        }
    }
}
