//! The input of the log-mel detector: the shape of a window's spectrum and its variation, independent of the level.

use crate::log_mel::BANDS;
use crate::stats::{self, log_mel_stats};
use crate::window::{COLUMNS, Patch};

/// Values: four per band.
pub const STATISTICS_LEN: usize = 4 * BANDS;

/// Rank of the high quantile among the 96 columns, from 0: the 95th per cent.
const HIGH: usize = 90;

/// Writes, band by band in four runs of 64: the mean over the columns less the mean of all bands (so that the level falls
/// out), the population deviation, how far the 95th percentile lies above the mean (impacts), and the mean absolute change
/// from one column to the next (roughness). All in natural logarithms.
pub fn statistics(patch: &Patch, out: &mut [f32; STATISTICS_LEN]) {
    let mut plain = [0.0; stats::LEN];
    log_mel_stats(patch, &mut plain);
    let (means, deviations) = plain.split_at(BANDS);
    let level = means.iter().sum::<f32>() / BANDS as f32;
    for band in 0..BANDS {
        let mut cells: [f32; COLUMNS] = core::array::from_fn(|column| patch[column][band]);
        let change: f32 = cells.windows(2).map(|pair| libm::fabsf(pair[1] - pair[0])).sum();
        let (_, high, _) = cells.select_nth_unstable_by(HIGH, f32::total_cmp);
        out[band] = means[band] - level;
        out[BANDS + band] = deviations[band];
        out[2 * BANDS + band] = *high - means[band];
        out[3 * BANDS + band] = change / (COLUMNS - 1) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_falls_out() {
        let patch: Patch =
            core::array::from_fn(|j| core::array::from_fn(|b| ((j * 7 + b * 13) % 17) as f32 / 4.0 - 2.0));
        let louder = patch.map(|column| column.map(|cell| cell + 2.0));
        let (mut quiet, mut loud) = ([0.0; STATISTICS_LEN], [0.0; STATISTICS_LEN]);
        statistics(&patch, &mut quiet);
        statistics(&louder, &mut loud);
        assert!(quiet.iter().zip(loud).all(|(a, b)| (a - b).abs() < 1e-4));
    }

    #[test]
    fn a_band_that_alternates_has_the_values_of_the_definition() {
        let patch: Patch =
            core::array::from_fn(|j| core::array::from_fn(|b| if b == 0 && j % 2 == 1 { 64.0 } else { 0.0 }));
        let mut out = [0.0; STATISTICS_LEN];
        statistics(&patch, &mut out);
        assert_eq!([out[0], out[64], out[128], out[192]], [31.5, 32.0, 32.0, 64.0]);
        assert_eq!([out[1], out[65], out[129], out[193]], [-0.5, 0.0, 0.0, 0.0]);
    }
}
