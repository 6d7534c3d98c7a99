//! Mel bands: weighted sums over ranges of adjacent bins.
//!
//! Only 461 of the 64 x 257 weights are positive, so each band stores its first bin and its weights. `build.rs` generates
//! the tables.

use super::{BANDS, BINS, Column};

include!(concat!(env!("OUT_DIR"), "/log_mel_tables.rs"));

/// Returns the weight of frequency bin `bin` (of [`BINS`]) in mel band `band` (of [`BANDS`]): one element of the dense matrix
/// `[BANDS][BINS]` in a graph of this front end. Zero outside the band and outside the matrix.
///
/// HTK mel scale, triangles of height 1, 125 to 7500 Hz: `tf.signal.linear_to_mel_weight_matrix(64, 257, 16000, 125, 7500)`.
#[must_use]
pub fn mel_weight(band: usize, bin: usize) -> f32 {
    if band >= BANDS {
        return 0.0;
    }
    let (first, weights) = run(band);
    bin.checked_sub(first).and_then(|at| weights.get(at)).copied().unwrap_or(0.0)
}

/// Returns the weighted sum of each band. Bins are added in rising order, as in TFLite's reference kernel.
pub(super) fn bands(magnitudes: &[f32; BINS]) -> Column {
    core::array::from_fn(|band| {
        let (first, weights) = run(band);
        weights.iter().zip(&magnitudes[first..]).fold(0.0, |sum, (weight, magnitude)| sum + weight * magnitude)
    })
}

/// Returns the first bin of a band and the weights from that bin on.
fn run(band: usize) -> (usize, &'static [f32]) {
    let (from, to) = (usize::from(OFFSETS[band]), usize::from(OFFSETS[band + 1]));
    (usize::from(FIRST_BIN[band]), &WEIGHTS[from..to])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sparse_sums_equal_the_sums_over_the_dense_matrix() {
        let magnitudes: [f32; BINS] = core::array::from_fn(|bin| 1.0 + (bin as f32 * 0.37).sin());
        let dense: Column =
            core::array::from_fn(|band| (0..BINS).fold(0.0, |sum, bin| sum + mel_weight(band, bin) * magnitudes[bin]));
        assert_eq!(bands(&magnitudes), dense);
    }

    #[test]
    fn outside_the_matrix_the_weight_is_zero() {
        assert_eq!(mel_weight(BANDS, 100), 0.0);
        assert_eq!(mel_weight(0, BINS), 0.0);
        assert_eq!(mel_weight(BANDS - 1, usize::MAX), 0.0);
    }

    #[test]
    fn the_weights_of_a_bin_between_two_peaks_add_to_one() {
        // 500 to 7000 Hz: inside the first and last peak.
        for bin in 16..224 {
            let sum: f32 = (0..BANDS).map(|band| mel_weight(band, bin)).sum();
            assert!((sum - 1.0).abs() < 1e-5, "bin {bin}: {sum}");
        }
    }
}
