//! One detector: standardisation, principal components and class means of normal windows.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use shared::anomaly::{Input, MAX_COMPONENTS, Space};
use shared::tflite::Scalars;

use super::components::components;

/// Share of the mean variance that every component's variance is drawn towards it (shrinkage).
const SHRINKAGE: f64 = 0.1;
/// Least standard deviation of a value, as a share of the median one.
const FLOOR: f64 = 0.1;
/// Windows that a fit looks at, at most: more do not change the components.
const MOST: usize = 3000;
/// How many times its usual size the residual may have before it counts as much as one component.
const RESIDUAL: f64 = 3.0;

/// Tables of one detector, as bytes of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedSpace {
    /// What it is over.
    pub input: Input,
    /// See [`Space`]; 0 and 1 until they are known.
    pub location: f32,
    /// See [`Space`].
    pub deviation: f32,
    residual: f32,
    projection: Vec<u8>,
    means: Vec<u8>,
    precisions: Vec<u8>,
    scales: Vec<u8>,
    centres: Vec<u8>,
}

/// How many components a detector over `input` has; with an embedding of 48 the tables stay below 256 kB.
fn wanted(input: Input) -> usize {
    match input {
        Input::Embedding => 48,
        Input::Statistics => 32,
    }
}

impl FittedSpace {
    /// Fits `x` [windows x values] of normal windows, each of the class that `classes` says.
    ///
    /// # Errors
    /// When there are fewer than 8 windows, or the components cannot be computed.
    pub fn fit(input: Input, x: ArrayView2<'_, f32>, classes: &[usize]) -> anyhow::Result<Self> {
        anyhow::ensure!(x.nrows() >= 8, "{} windows of normal sound are too few to know it by; record more", x.nrows());
        let step = x.nrows().div_ceil(MOST);
        let rows: Vec<usize> = (0..x.nrows()).step_by(step).collect();
        let x = x.select(Axis(0), &rows).mapv(f64::from);
        let classes: Vec<usize> = rows.iter().map(|row| classes[*row]).collect();
        let mut names: Vec<usize> = classes.clone();
        names.sort_unstable();
        names.dedup();
        let means: Vec<Array1<f64>> = names.iter().map(|class| mean_of(&x, &classes, *class)).collect();
        let mut off = x;
        for (mut row, class) in off.rows_mut().into_iter().zip(&classes) {
            row -= &means[names.partition_point(|name| name < class)];
        }
        let scales = scales(&off);
        off *= &scales;
        let free = off.nrows().saturating_sub(names.len() + 1).max(1);
        let count = wanted(input).min(MAX_COMPONENTS).min(free);
        let (directions, squares) = components(off.view(), count)?;
        let windows = off.nrows() as f64;
        let variances = squares / windows;
        let mean_variance = variances.mean().unwrap_or(1.0).max(1e-9);
        let precisions = variances.mapv(|v| 1.0 / ((1.0 - SHRINKAGE) * v + SHRINKAGE * mean_variance));
        let projection = &directions * &scales;
        let projected = means.iter().map(|mean| projection.dot(mean));
        let outside = off.iter().map(|value| value * value).sum::<f64>() / windows - variances.sum();
        let beyond = (off.ncols() - count).max(1) as f64;
        let counts = input == Input::Statistics && outside > 1e-6;
        Ok(Self {
            input,
            location: 0.0,
            deviation: 1.0,
            residual: if counts { (beyond / (RESIDUAL * outside)) as f32 } else { 0.0 },
            projection: bytes(projection.iter()),
            means: projected.flat_map(|mean| bytes(mean.iter())).collect(),
            precisions: bytes(precisions.iter()),
            scales: if counts { bytes(scales.iter()) } else { Vec::new() },
            centres: if counts { means.iter().flat_map(|mean| bytes(mean.iter())).collect() } else { Vec::new() },
        })
    }

    /// The tables as the device reads them.
    pub fn space(&self) -> Space<'_> {
        Space {
            location: self.location,
            deviation: self.deviation,
            residual: self.residual,
            projection: Scalars::new(&self.projection),
            means: Scalars::new(&self.means),
            precisions: Scalars::new(&self.precisions),
            scales: Scalars::new(&self.scales),
            centres: Scalars::new(&self.centres),
        }
    }

    /// The deviation of a window.
    pub fn deviation(&self, x: ArrayView1<'_, f32>) -> f32 {
        match x.as_slice() {
            Some(x) => self.space().deviation(x),
            None => self.space().deviation(&x.to_vec()),
        }
    }
}

fn mean_of(x: &Array2<f64>, classes: &[usize], class: usize) -> Array1<f64> {
    let rows: Vec<usize> = (0..classes.len()).filter(|row| classes[*row] == class).collect();
    x.select(Axis(0), &rows).mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(x.ncols()))
}

/// One over the standard deviation of each value about its class, which is at least a share of the median one.
fn scales(off: &Array2<f64>) -> Array1<f64> {
    let deviations = off.mapv(|value| value * value).mean_axis(Axis(0)).unwrap_or_default().mapv(f64::sqrt);
    let mut sorted = deviations.to_vec();
    sorted.sort_by(f64::total_cmp);
    let least = FLOOR * sorted.get(sorted.len() / 2).copied().unwrap_or(1.0) + 1e-6;
    deviations.mapv(|deviation| 1.0 / deviation.max(least))
}

fn bytes<'a>(values: impl Iterator<Item = &'a f64>) -> Vec<u8> {
    values.flat_map(|value| (*value as f32).to_le_bytes()).collect()
}
