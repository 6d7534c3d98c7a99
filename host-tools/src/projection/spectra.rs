//! The mean spectrum of each class, from the log-mel statistics of its windows.

use monitor_core::log_mel::BANDS;
use ndarray::ArrayView2;

use crate::plots::log_mel::Spectrum;

/// Pools the statistics `x` [windows x 128: mean, then deviation of each band] of each class over its windows, as if mean and
/// deviation were computed over all their columns at once. Classes without a window are left out.
pub(crate) fn spectra(x: ArrayView2<'_, f32>, labels: &[usize], classes: &[String]) -> Vec<Spectrum> {
    let mut sums = vec![(0usize, [0.0_f64; BANDS], [0.0_f64; BANDS]); classes.len()];
    for (row, &label) in x.rows().into_iter().zip(labels) {
        let (windows, firsts, seconds) = &mut sums[label];
        *windows += 1;
        for band in 0..BANDS {
            let (mean, deviation) = (f64::from(row[band]), f64::from(row[BANDS + band]));
            firsts[band] += mean;
            seconds[band] += mean * mean + deviation * deviation;
        }
    }
    sums.into_iter()
        .zip(classes)
        .filter(|((windows, ..), _)| *windows > 0)
        .map(|((windows, firsts, seconds), class)| {
            let count = windows as f64;
            let mean = firsts.map(|sum| sum / count);
            let deviation = std::array::from_fn(|band| (seconds[band] / count - mean[band].powi(2)).max(0.0).sqrt());
            Spectrum { class: class.clone(), windows, mean, deviation }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn pooled_figures_equal_those_of_all_columns_together() {
        // Class 1 has two windows with means 1 and 3 and deviations 0 and 2: columns 1, 1 and 1, 5.
        let mut x = Array2::zeros((3, 128));
        for (window, mean, deviation) in [(0, 9.0, 1.0), (1, 1.0, 0.0), (2, 3.0, 2.0)] {
            x.row_mut(window).iter_mut().take(64).for_each(|v| *v = mean);
            x.row_mut(window).iter_mut().skip(64).for_each(|v| *v = deviation);
        }
        let classes = ["empty", "two", "one"].map(String::from);
        let spectra = spectra(x.view(), &[2, 1, 1], &classes);
        assert_eq!(spectra.len(), 2);
        assert_eq!((spectra[0].class.as_str(), spectra[0].windows, spectra[0].mean[5]), ("two", 2, 2.0));
        assert!((spectra[0].deviation[5] - 3f64.sqrt()).abs() < 1e-12, "{}", spectra[0].deviation[5]);
        assert_eq!(spectra[1].deviation[63], 1.0);
    }
}
