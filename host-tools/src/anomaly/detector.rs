//! One detector: standardisation, principal components and clusters of normal windows.

use std::borrow::Cow;

use anyhow::Context;
use monitor_core::anomaly::{Input, Interval, MAX_COMPONENTS, SPANS, SubspaceDetector};
use monitor_core::rumble::BANDS;
use monitor_model::anomaly::thresholds::{Scale, Unseen};
use monitor_tflite::Scalars;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, Zip};

use super::clusters::{clusters, means, names};
use super::components::Components;

/// Shrinkage of every component's variance towards the mean variance.
const SHRINKAGE: f64 = 0.1;
/// Least standard deviation of a value, as a share of the median one.
const FLOOR: f64 = 0.1;
/// Least standard deviation of a value of the tap, as a share of the root mean square of all.
const LEAST_DEVIATION: f64 = 0.3;
/// Least standard deviation of a band of rumble, in ln of power: 0.4 dB.
const LEAST_RUMBLE: f64 = 0.1;
/// Variance of a standardised value below which it counts as constant.
const CONSTANT: f64 = 1e-12;
/// Maximum number of windows of a fit: more do not change the components.
const MOST: usize = 3000;
/// Multiple of its usual size at which the residual counts as much as one component.
const RESIDUAL: f64 = 3.0;

/// Maximum number of clusters of all classes (12 kB with 48 components) and of one class; minimum number of windows per
/// cluster.
const CLUSTERS: usize = 64;
const CLASS_CLUSTERS: usize = 16;
const WINDOWS: usize = 8;

/// Levels of a detector that has not been scaled.
const UNSCALED: [Interval; SPANS] = [Interval { typical: 0.0, alarm: 1.0 }; SPANS];

/// Tables of one detector, as bytes of the model file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FittedDetector {
    /// Its input.
    pub input: Input,
    /// See [`SubspaceDetector`]; 0, with a scale of 1, until the detector is scaled.
    pub location: f32,
    /// See [`SubspaceDetector`].
    pub scale: f32,
    /// See [`SubspaceDetector`]; 0 to 1 until the detector is scaled.
    pub intervals: [Interval; SPANS],
    /// The class of each state; empty where all sound has one location and scale.
    state_classes: Vec<usize>,
    states: Vec<u8>,
    residual: f32,
    projection: Vec<u8>,
    means: Vec<u8>,
    precisions: Vec<u8>,
    inverse_deviations: Vec<u8>,
    centres: Vec<u8>,
}

/// Number of components of a detector over `input`; 48 for the embedding keep the tables below 256 kB.
fn wanted(input: Input) -> usize {
    match input {
        Input::Embedding => 48,
        Input::Statistics | Input::Tap => 32,
        Input::Rumble => BANDS,
    }
}

impl FittedDetector {
    /// A Mahalanobis distance of all normal windows `x` to their mean, with a ridge in place of the
    /// directions that have no component of their own:
    ///
    /// ```text
    /// z = (x - mu) / max(sd, 0.3 rms(sd))      v_k, l_k: the 32 leading eigenvectors and variances of z
    /// eps = total variance of z / values       d^2 = sum_k (v_k z)^2 / (l_k + eps) + |z outside|^2 / eps
    /// ```
    fn ridge(input: Input, x: &Chosen<'_>) -> anyhow::Result<Self> {
        let of = vec![0; x.rows.len()];
        let mean = x.means(&of, 1).pop().flatten().context("no window of normal sound")?;
        let off = Off::new(x, std::slice::from_ref(&mean), &of, |variances| {
            let least = LEAST_DEVIATION * variances.mean().unwrap_or(0.0).sqrt();
            let least = if input == Input::Rumble { least.max(LEAST_RUMBLE) } else { least };
            variances.mapv(|variance| 1.0 / variance.sqrt().max(least).max(1e-9))
        });
        let count = wanted(input).min(off.z.nrows().saturating_sub(2).max(1));
        let Components { directions, squares, .. } = off.components(count)?;
        let ridge = (off.variance / off.scales.len() as f64).max(1e-9);
        let precisions = (squares / off.z.nrows() as f64).mapv(|variance| 1.0 / (variance + ridge));
        let projection = &directions * &off.scales;
        let mut state_classes = if input == Input::Tap { names(&x.classes) } else { Vec::new() };
        if state_classes.len() == 1 {
            // One state is all normal sound.
            state_classes.clear();
        }
        let means = x.means(&places(&x.classes, &state_classes), state_classes.len()).into_iter().flatten();
        let states = means.flat_map(|mean| [bytes([0.0, 1.0].iter()), bytes(projection.dot(&mean).iter())].concat());
        let states = states.collect();
        Ok(Self {
            input,
            location: 0.0,
            scale: 1.0,
            intervals: UNSCALED,
            state_classes,
            states,
            residual: (1.0 / ridge) as f32,
            means: bytes(projection.dot(&mean).iter()),
            projection: bytes(projection.iter()),
            precisions: bytes(precisions.iter()),
            inverse_deviations: bytes(off.scales.iter()),
            centres: bytes(mean.iter()),
        })
    }

    /// Fits the windows in `rows`, normal sound, of `x` [windows x values]; `classes` has the class of each window of `x`. At most
    /// [`MOST`] of them, evenly spread, are read.
    ///
    /// # Errors
    /// When there are fewer than 8 windows, or the components cannot be computed.
    pub(crate) fn fit(input: Input, x: ArrayView2<'_, f32>, classes: &[usize], rows: &[usize]) -> anyhow::Result<Self> {
        anyhow::ensure!(
            rows.len() >= 8,
            "{} windows of normal sound are too few for an anomaly score; record more",
            rows.len()
        );
        let rows: Vec<usize> = rows.iter().copied().step_by(rows.len().div_ceil(MOST)).collect();
        let classes = rows.iter().map(|row| classes[*row]).collect();
        let x = Chosen { x, rows, classes };
        if matches!(input, Input::Tap | Input::Rumble) {
            return Self::ridge(input, &x);
        }
        let names = names(&x.classes);
        let of = places(&x.classes, &names);
        let means: Vec<Array1<f64>> = x.means(&of, names.len()).into_iter().flatten().collect();
        let off = Off::new(&x, &means, &of, scales);
        let free = off.z.nrows().saturating_sub(names.len() + 1).max(1);
        let count = wanted(input).min(MAX_COMPONENTS).min(free);
        let Components { directions, squares, along } = off.components(count)?;
        let variances = squares / off.z.nrows() as f64;
        let mean_variance = variances.mean().unwrap_or(1.0).max(1e-9);
        let precisions = variances.mapv(|v| 1.0 / ((1.0 - SHRINKAGE) * v + SHRINKAGE * mean_variance));
        let projection = &directions * &off.scales;
        // A class is rarely one cloud: machines run at several speeds, microphones hang in several places. For the log-mel
        // statistics more clusters per class bring no gain, and each would need a centre for the residual.
        let means = match input {
            Input::Embedding => {
                let whitened = along * precisions.mapv(f64::sqrt);
                let most = (CLUSTERS / names.len()).clamp(1, CLASS_CLUSTERS);
                (0..names.len()).flat_map(|class| x.clustered(&whitened, &of, class, most)).collect()
            }
            Input::Statistics | Input::Tap | Input::Rumble => means,
        };
        let projected = means.iter().map(|mean| projection.dot(mean));
        let outside = off.variance - variances.sum();
        let beyond = (off.scales.len() - count).max(1) as f64;
        let counts = input == Input::Statistics && outside > 1e-6;
        Ok(Self {
            input,
            location: 0.0,
            scale: 1.0,
            intervals: UNSCALED,
            state_classes: Vec::new(),
            states: Vec::new(),
            residual: if counts { (beyond / (RESIDUAL * outside)) as f32 } else { 0.0 },
            projection: bytes(projection.iter()),
            means: projected.flat_map(|mean| bytes(mean.iter())).collect(),
            precisions: bytes(precisions.iter()),
            inverse_deviations: if counts { bytes(off.scales.iter()) } else { Vec::new() },
            centres: if counts { means.iter().flat_map(|mean| bytes(mean.iter())).collect() } else { Vec::new() },
        })
    }

    /// Sets location, scale and levels.
    pub(crate) fn set_scale(&mut self, found: &Scale) {
        (self.location, self.scale, self.intervals) = (found.location, found.deviation, found.intervals);
        found.put(&mut self.states, self.state_classes.iter().copied());
    }

    /// The tables as the device uses them.
    pub(crate) fn tables(&self) -> SubspaceDetector<'_> {
        SubspaceDetector {
            location: self.location,
            scale: self.scale,
            states: Scalars::new(&self.states),
            intervals: self.intervals,
            residual: self.residual,
            projection: Scalars::new(&self.projection),
            means: Scalars::new(&self.means),
            precisions: Scalars::new(&self.precisions),
            inverse_deviations: Scalars::new(&self.inverse_deviations),
            centres: Scalars::new(&self.centres),
        }
    }

    /// ln of the distance of a window to the nearest cluster, and the class of its state; 0 without states.
    pub(crate) fn unseen(&self, x: ArrayView1<'_, f32>) -> Unseen {
        let (ln, state) = self.tables().ln_and_state(&x.as_slice().map_or_else(|| x.to_vec().into(), Cow::Borrowed));
        Unseen { ln, state: self.state_classes.get(state).copied().unwrap_or(0) }
    }

    /// The distance of a window in deviations of unseen normal windows; the detector must have been scaled.
    pub(crate) fn z_score(&self, x: ArrayView1<'_, f32>) -> f32 {
        self.tables().z_score(&x.as_slice().map_or_else(|| x.to_vec().into(), Cow::Borrowed))
    }
}

/// Windows that a fit reads.
struct Chosen<'a> {
    /// All windows, [windows x values].
    x: ArrayView2<'a, f32>,
    /// Those that are read.
    rows: Vec<usize>,
    /// The class of each of these.
    classes: Vec<usize>,
}

impl Chosen<'_> {
    /// Mean of the windows of each part `0..count`, where `of` has the part of each; `None` without windows.
    fn means(&self, of: &[usize], count: usize) -> Vec<Option<Array1<f64>>> {
        means(self.rows.iter().map(|row| self.x.row(*row)), of, count)
    }

    /// Means of at most `most` clusters of the windows of part `class`, where `of` has the part of each, clustered by their
    /// `whitened` coordinates.
    fn clustered(&self, whitened: &Array2<f64>, of: &[usize], class: usize, most: usize) -> Vec<Array1<f64>> {
        let own: Vec<usize> = (0..of.len()).filter(|place| of[*place] == class).collect();
        let count = most.min(own.len() / WINDOWS).max(1);
        let cluster = clusters(whitened.select(Axis(0), &own).view(), count);
        let rows = own.iter().map(|place| self.x.row(self.rows[*place]));
        means(rows, &cluster, count).into_iter().flatten().collect()
    }
}

/// Standardised windows.
struct Off {
    /// The values that vary.
    varying: Vec<usize>,
    /// These of the windows, less the mean of their part, scaled: [windows x values that vary].
    z: Array2<f32>,
    /// The scale of every value.
    scales: Array1<f64>,
    /// Total variance of `z`.
    variance: f64,
}

impl Off {
    /// The windows `x` less the one of `means` that `of` names for each, times what `scales` makes of the variances of that.
    fn new(x: &Chosen<'_>, means: &[Array1<f64>], of: &[usize], scales: impl Fn(&Array1<f64>) -> Array1<f64>) -> Self {
        let mut squares = Array1::<f64>::zeros(x.x.ncols());
        for (row, part) in x.rows.iter().zip(of) {
            Zip::from(&mut squares)
                .and(x.x.row(*row))
                .and(&means[*part])
                .for_each(|sum, value, mean| *sum += (f64::from(*value) - mean).powi(2));
        }
        let variances = squares / x.rows.len() as f64;
        let scales = scales(&variances);
        let shares = &variances * &scales * &scales;
        // Of one machine's embedding half do not vary.
        let varying: Vec<usize> = (0..shares.len()).filter(|value| shares[*value] > CONSTANT).collect();
        let mut z = Array2::zeros((x.rows.len(), varying.len()));
        for ((mut to, row), part) in z.rows_mut().into_iter().zip(&x.rows).zip(of) {
            let (from, mean) = (x.x.row(*row), &means[*part]);
            for (to, value) in to.iter_mut().zip(&varying) {
                *to = ((f64::from(from[*value]) - mean[*value]) * scales[*value]) as f32;
            }
        }
        Self { varying, z, scales, variance: shares.sum() }
    }

    /// The `count` leading components, directions with the values that do not vary; zeros beyond those that there are.
    fn components(&self, count: usize) -> anyhow::Result<Components> {
        let mut all = Components {
            directions: Array2::zeros((count, self.scales.len())),
            squares: Array1::zeros(count),
            along: Array2::zeros((self.z.nrows(), count)),
        };
        if self.varying.is_empty() {
            return Ok(all);
        }
        let found = Components::new(self.z.view(), count)?;
        for (mut to, from) in all.directions.rows_mut().into_iter().zip(found.directions.rows()) {
            self.varying.iter().zip(from).for_each(|(value, from)| to[*value] = *from);
        }
        all.squares.iter_mut().zip(found.squares).for_each(|(to, from)| *to = from);
        all.along.columns_mut().into_iter().zip(found.along.columns()).for_each(|(mut to, from)| to.assign(&from));
        Ok(all)
    }
}

/// The place of each of `classes` among `names`, which ascend.
fn places(classes: &[usize], names: &[usize]) -> Vec<usize> {
    classes.iter().map(|class| names.partition_point(|name| name < class)).collect()
}

/// Reciprocal of each value's standard deviation within its class, which counts as at least a share of the median one.
fn scales(variances: &Array1<f64>) -> Array1<f64> {
    let deviations = variances.mapv(f64::sqrt);
    let mut sorted = deviations.to_vec();
    sorted.sort_by(f64::total_cmp);
    let least = FLOOR * sorted.get(sorted.len() / 2).copied().unwrap_or(1.0) + 1e-6;
    deviations.mapv(|deviation| 1.0 / deviation.max(least))
}

fn bytes<'a>(values: impl Iterator<Item = &'a f64>) -> Vec<u8> {
    values.flat_map(|value| (*value as f32).to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(row: usize, value: usize) -> f32 {
        ((row * 7919 + value * 104_729 + row * value) % 1009) as f32 / 1009.0
    }

    /// Windows of the class 0, in two clouds far apart, and of the class 1, in one halfway between them.
    fn clouds() -> (Array2<f32>, Vec<usize>) {
        let x = Array2::from_shape_fn((240, 1024), |(row, value)| {
            noise(row, value) + [20.0, -20.0, 0.0][row / 80] * if value % 2 == 0 { 1.0 } else { -1.0 }
        });
        (x, (0..240).map(|row| row / 160).collect())
    }

    /// Fits all windows.
    fn fit(input: Input, x: ArrayView2<'_, f32>, classes: &[usize]) -> FittedDetector {
        FittedDetector::fit(input, x, classes, &(0..x.nrows()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn windows_of_fewer_varying_values_than_components_are_fitted() {
        for varying in [0, 5] {
            let x =
                Array2::from_shape_fn((60, 1024), |(row, value)| if value < varying { noise(row, value) } else { 3.0 });
            let fitted = fit(Input::Embedding, x.view(), &[0; 60]);
            assert_eq!(fitted.tables().components(), 48);
            assert!(x.rows().into_iter().all(|row| fitted.unseen(row).ln.is_finite()), "{varying}");
        }
    }

    #[test]
    fn a_window_between_two_clouds_of_a_class_is_far_from_both() {
        let (x, classes) = clouds();
        let (x, classes) = (x.slice_axis(Axis(0), ndarray::Slice::from(..160)), &classes[..160]);
        let fitted = fit(Input::Embedding, x, classes);
        assert!((2..=CLASS_CLUSTERS).contains(&fitted.tables().clusters()));
        for (row, seen) in x.rows().into_iter().enumerate() {
            // Nearer to the mean of the class, farther from all training windows.
            let between = Array1::from_shape_fn(1024, |value| noise(row, value));
            assert!(fitted.unseen(between.view()).ln > fitted.unseen(seen).ln + 1.0);
        }
    }

    #[test]
    fn the_tap_has_one_mean_and_a_residual_and_a_shift_in_any_direction_is_far() {
        let x = Array2::from_shape_fn((120, 512), |(row, value)| 0.2 * noise(row, value) + (value % 7) as f32);
        let fitted = fit(Input::Tap, x.view(), &[0; 120]);
        let tables = fitted.tables();
        assert_eq!((tables.clusters(), tables.components()), (1, 32));
        assert!(tables.residual > 0.0);
        let usual = x.rows().into_iter().map(|row| fitted.unseen(row).ln).fold(f32::MIN, f32::max);
        for value in [0, 100, 511] {
            let mut shifted = x.row(3).to_owned();
            shifted[value] += 5.0;
            assert!(fitted.unseen(shifted.view()).ln > usual + 0.5, "value {value}");
        }
    }

    #[test]
    fn classes_share_the_clusters_and_the_statistics_have_one_per_class() {
        let (x, classes) = clouds();
        let clusters = |input: Input, classes: &[usize]| {
            let x = x.slice_axis(Axis(1), ndarray::Slice::from(..input.len()));
            fit(input, x, classes).tables().clusters()
        };
        assert_eq!(clusters(Input::Statistics, &classes), 2);
        let each: Vec<usize> = (0..240).map(|row| row / 3).collect();
        // Eighty classes of three windows: one cluster each, however many.
        assert_eq!(clusters(Input::Embedding, &each), 80);
    }

    #[test]
    fn the_tap_has_a_state_for_each_of_several_classes_and_a_window_is_of_the_nearest() {
        let classes: Vec<usize> = (0..120).map(|row| [2, 5, 9][row % 3]).collect();
        let x = Array2::from_shape_fn((120, 512), |(row, value)| {
            noise(row, value) + if value % 3 == row % 3 { 3.0 } else { 0.0 }
        });
        let fitted = fit(Input::Tap, x.view(), &classes);
        let tables = fitted.tables();
        assert_eq!((tables.states(), tables.clusters()), (3, 1));
        for (row, class) in x.rows().into_iter().zip(&classes) {
            assert_eq!(fitted.unseen(row).state, *class);
        }
        let one = fit(Input::Tap, x.view(), &[4; 120]);
        assert_eq!((one.tables().states(), one.unseen(x.row(0)).state), (0, 0));
        assert_eq!(one.unseen(x.row(0)).ln, fitted.unseen(x.row(0)).ln, "the distance does not depend on the states");
    }
}
