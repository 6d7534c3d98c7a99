//! Spectra of normal sound, which an explanation of a warning or alarm compares with: mean spectra of clusters of each class, and
//! how far unseen normal sound departs from the most similar of them.

use monitor_core::anomaly::{NormalSpectra, SPECTRUM_LEN, Spectrum, SpectrumMean};
use monitor_tflite::Scalars;
use ndarray::{ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

use super::clusters::{clusters, means, names};
use super::fit::Windows;

/// Maximum number of references of all classes (7 kB), and minimum number of windows for each.
const REFERENCES: usize = 24;
const WINDOWS: usize = 8;
/// Maximum number of windows that references are computed from.
const MOST: usize = 1500;

/// Share of the mean variance of all bands in that of each.
const SHRINKAGE: f64 = 0.2;
/// Deviation of a band in dB with which the first departures are computed.
const FIRST_DEVIATION: f32 = 2.0;
/// Least deviation of a band and of the level, in dB.
const LEAST_DEVIATION: f64 = 0.5;

/// Spectra of normal sound, as bytes of the model file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FittedSpectra {
    level_deviation: f32,
    deviations: Vec<u8>,
    references: Vec<u8>,
}

impl FittedSpectra {
    /// Fits the windows in `rows`. Each belongs to one of the `parts` of the sound, which are left out in turn: together those
    /// whose numbers leave the same remainder by `folds`. `None` where the windows have no spectra.
    pub(crate) fn fit(
        windows: &Windows<'_>,
        rows: &[usize],
        parts: &[usize],
        folds: usize,
        hop_s: f64,
    ) -> Option<Self> {
        let spectra = windows.spectra?;
        let of_fold = |fold: usize, held: bool| -> Vec<usize> {
            let each = rows.iter().zip(parts).filter(|(_, part)| (**part % folds == fold) == held);
            each.map(|(row, _)| *row).collect()
        };
        let rest: Vec<Self> =
            (0..folds).into_par_iter().map(|fold| Self::of(spectra, windows.classes, &of_fold(fold, false))).collect();
        let mut fitted = Self::of(spectra, windows.classes, rows);
        // The first deviations decide which reference is the most similar; the second are those from that reference.
        for _ in 0..2 {
            let held = rest.par_iter().enumerate().map(|(fold, rest)| {
                let own = Self { references: rest.references.clone(), ..fitted.clone() };
                Departures::of(&own.tables(), spectra, windows.recordings, &of_fold(fold, true), hop_s)
            });
            // In the order of the folds, whichever was computed first.
            let found = held.collect::<Vec<_>>().into_iter().reduce(Departures::and);
            if let Some(found) = found.filter(|found| found.count > 0) {
                found.into_deviations(&mut fitted);
            }
        }
        Some(fitted)
    }

    /// References of the windows in `rows`, with the first deviations.
    fn of(spectra: ArrayView2<'_, f32>, classes: &[usize], rows: &[usize]) -> Self {
        let rows: Vec<usize> = rows.iter().copied().step_by(rows.len().div_ceil(MOST).max(1)).collect();
        let names = names(&rows.iter().map(|row| classes[*row]).collect::<Vec<_>>());
        let most = (REFERENCES / names.len().max(1)).max(1);
        let mut references = Vec::new();
        for name in names {
            let own: Vec<usize> = rows.iter().copied().filter(|row| classes[*row] == name).collect();
            let x = spectra.select(Axis(0), &own).mapv(f64::from);
            // The level does not make sound another one.
            let mut shapes = x.clone();
            shapes.rows_mut().into_iter().for_each(|mut row| {
                let mean = row.mean().unwrap_or(0.0);
                row -= mean;
            });
            let count = most.min(own.len() / WINDOWS).max(1);
            let of = clusters(shapes.view(), count);
            let means = means(x.rows(), &of, count).into_iter().flatten();
            means.for_each(|mean| references.extend(mean.iter().flat_map(|value| (*value as f32).to_le_bytes())));
        }
        Self {
            level_deviation: FIRST_DEVIATION,
            deviations: FIRST_DEVIATION.to_le_bytes().repeat(SPECTRUM_LEN),
            references,
        }
    }

    /// The tables as the device uses them.
    pub(crate) fn tables(&self) -> NormalSpectra<'_> {
        NormalSpectra {
            level_deviation: self.level_deviation,
            deviations: Scalars::new(&self.deviations),
            references: Scalars::new(&self.references),
        }
    }
}

/// Sums of the squared departures of unseen normal sound.
struct Departures {
    count: usize,
    level: f64,
    bands: Vec<f64>,
}

impl Departures {
    /// Those of the windows in `rows`, averaged within each recording as on the device.
    fn of(
        tables: &NormalSpectra<'_>,
        spectra: ArrayView2<'_, f32>,
        recordings: &[usize],
        rows: &[usize],
        hop_s: f64,
    ) -> Self {
        let mut sums = Self { count: 0, level: 0.0, bands: vec![0.0; SPECTRUM_LEN] };
        let mut mean = SpectrumMean::new(hop_s as f32);
        let mut index = 0;
        for (place, row) in rows.iter().enumerate() {
            // A gap in the numbers starts the mean anew.
            index += if place > 0 && recordings[rows[place - 1]] == recordings[*row] { 1 } else { 2 };
            mean.push(index, &spectrum(spectra.row(*row)));
            let last = rows.get(place + 1).is_none_or(|next| recordings[*next] != recordings[*row]);
            let Some(found) = mean.get().filter(|_| mean.settled() || last) else { continue };
            let departure = tables.departure(found);
            sums.count += 1;
            sums.level += f64::from(departure.level).powi(2);
            sums.bands.iter_mut().zip(departure.bands).for_each(|(sum, band)| *sum += f64::from(band).powi(2));
        }
        sums
    }

    /// Both together.
    fn and(mut self, other: Self) -> Self {
        self.count += other.count;
        self.level += other.level;
        self.bands.iter_mut().zip(other.bands).for_each(|(sum, band)| *sum += band);
        self
    }

    /// Writes the deviations into `fitted`: each band's variance is shrunk towards the mean variance.
    fn into_deviations(self, fitted: &mut FittedSpectra) {
        let variance = |sum: f64| sum / self.count.max(1) as f64;
        let mean = self.bands.iter().map(|sum| variance(*sum)).sum::<f64>() / SPECTRUM_LEN as f64;
        let deviation =
            |sum: &f64| ((1.0 - SHRINKAGE) * variance(*sum) + SHRINKAGE * mean).sqrt().max(LEAST_DEVIATION) as f32;
        fitted.level_deviation = variance(self.level).sqrt().max(LEAST_DEVIATION) as f32;
        fitted.deviations = self.bands.iter().flat_map(|sum| deviation(sum).to_le_bytes()).collect();
    }
}

/// A row as a spectrum.
pub(super) fn spectrum(row: ArrayView1<'_, f32>) -> Spectrum {
    std::array::from_fn(|band| row[band])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    /// Windows of two classes in four groups: flat spectra 20 dB apart, with `spread` dB between groups in band 30.
    fn normal(spread: f32) -> (Array2<f32>, Vec<usize>, Vec<usize>) {
        let (classes, groups): (Vec<usize>, Vec<usize>) = (0..160).map(|row| (row / 80, row / 20 % 4)).unzip();
        let x = Array2::from_shape_fn((160, SPECTRUM_LEN), |(row, band)| {
            let noise = ((row * 7919 + band * 104_729) % 101) as f32 / 101.0 - 0.5;
            let tilt = if classes[row] == 1 { 0.2 * band as f32 } else { 0.0 };
            noise + tilt - 50.0 + if band == 30 && groups[row] % 2 == 0 { spread } else { 0.0 }
        });
        (x, classes, groups)
    }

    fn fitted(spread: f32) -> FittedSpectra {
        let (x, classes, groups) = normal(spread);
        let statistics = Array2::zeros((160, 256));
        let recordings: Vec<usize> = (0..160).map(|row| row / 20).collect();
        let windows = Windows {
            network: None,
            statistics: statistics.view(),
            rumble: None,
            spectra: Some(x.view()),
            classes: &classes,
            groups: &groups,
            recordings: &recordings,
        };
        FittedSpectra::fit(&windows, &(0..160).collect::<Vec<_>>(), &groups, 4, 0.48).unwrap()
    }

    #[test]
    fn each_class_has_references_and_a_band_that_differs_between_groups_a_large_deviation() {
        let fitted = fitted(8.0);
        let tables = fitted.tables();
        assert!((4..=24).contains(&tables.count()), "{}", tables.count());
        let deviations: Vec<f32> = tables.deviations.iter().collect();
        assert_eq!(deviations.len(), SPECTRUM_LEN);
        assert!(
            deviations.iter().enumerate().all(|(band, deviation)| band == 30 || *deviation < deviations[30] + 1e-6)
        );
        let tilted: Spectrum =
            std::array::from_fn(|band| 0.2 * band as f32 - 44.0 + if band == 50 { 9.0 } else { 0.0 });
        let departure = tables.departure(&tilted);
        assert!((departure.level - 6.0).abs() < 1.0 && (departure.bands[50] - 9.0).abs() < 1.0, "{departure:?}");
    }
}
