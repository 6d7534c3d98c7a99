//! Brings every feature to mean 0 and deviation 1, and folds that into the first layer of a trained head.
//!
//! Learned on training windows only. The exported head takes raw features: [`Standardiser::fold_into`] rewrites the first
//! layer so that it does the same to raw features as it did to standardised ones, and no extra operator is needed.
//!
//! Two guards. A feature that never changes is left out (weight 0): it says nothing, and division by its deviation would
//! make the head explode the first time that it does change. And no deviation counts as smaller than [`FLOOR`], so that a
//! feature which moved by one quantisation step in one window of training cannot outweigh everything else later.

use ndarray::{Array2, ArrayView2, Axis};

use crate::export::Dense;

/// Smallest deviation divided by: one quantisation step of the int8 embedding, below which nothing is measured.
pub const FLOOR: f64 = 0.022328350692987442;
/// A deviation below this share of the mean's size is rounding, not signal.
const CONSTANT: f64 = 1e-6;

/// Mean and scale of each feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardiser {
    mean: Vec<f64>,
    /// 1 / deviation, or 0 for a feature that never changes.
    scale: Vec<f64>,
}

impl Standardiser {
    /// Learns mean and (population) deviation of every column of `x` [windows x features].
    pub fn fit(x: ArrayView2<f32>) -> Self {
        let rows = x.nrows().max(1) as f64;
        let mut mean = vec![0.0; x.ncols()];
        for row in x.axis_iter(Axis(0)) {
            mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        mean.iter_mut().for_each(|sum| *sum /= rows);
        let mut variance = vec![0.0; x.ncols()];
        for row in x.axis_iter(Axis(0)) {
            for ((sum, value), mean) in variance.iter_mut().zip(row).zip(&mean) {
                *sum += (f64::from(*value) - mean).powi(2);
            }
        }
        let scale = variance.iter().zip(&mean).map(|(sum, mean)| scale((sum / rows).sqrt(), *mean)).collect();
        Self { mean, scale }
    }

    /// Standardises `x` [windows x features].
    pub fn apply(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let mut out = x.to_owned();
        for mut row in out.axis_iter_mut(Axis(0)) {
            for ((value, mean), scale) in row.iter_mut().zip(&self.mean).zip(&self.scale) {
                *value = ((f64::from(*value) - mean) * scale) as f32;
            }
        }
        out
    }

    /// Makes a layer that was trained on standardised features take raw ones: `w / deviation`, `b - sum(w * mean / deviation)`.
    pub fn fold_into(&self, layer: &mut Dense) {
        for (mut weights, bias) in layer.weights.axis_iter_mut(Axis(0)).zip(&mut layer.bias) {
            let mut shift = 0.0;
            for ((weight, mean), scale) in weights.iter_mut().zip(&self.mean).zip(&self.scale) {
                let folded = f64::from(*weight) * scale;
                shift += folded * mean;
                *weight = folded as f32;
            }
            *bias = (f64::from(*bias) - shift) as f32;
        }
    }
}

fn scale(deviation: f64, mean: f64) -> f64 {
    if deviation <= CONSTANT * mean.abs().max(1.0) { 0.0 } else { 1.0 / deviation.max(FLOOR) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn standardised_training_data_has_mean_zero_and_deviation_one() {
        let x = array![[1.0_f32, 100.0], [3.0, 300.0], [5.0, 200.0]];
        let z = Standardiser::fit(x.view()).apply(x.view());
        for column in z.axis_iter(Axis(1)) {
            let mean = column.sum() / 3.0;
            let variance = column.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / 3.0;
            assert!(mean.abs() < 1e-6 && (variance - 1.0).abs() < 1e-5, "{column}");
        }
    }

    #[test]
    fn a_feature_that_never_changed_is_ignored_when_it_does() {
        let standardiser = Standardiser::fit(array![[0.3_f32, 1.0], [0.3, 2.0]].view());
        assert_eq!(standardiser.apply(array![[1e6_f32, 1.5]].view())[[0, 0]], 0.0);
    }

    #[test]
    fn no_deviation_counts_as_less_than_a_quantisation_step() {
        let standardiser = Standardiser::fit(array![[0.0_f32], [0.001]].view());
        let z = standardiser.apply(array![[0.0_f32], [1.0]].view());
        assert!((f64::from(z[[1, 0]] - z[[0, 0]]) - 1.0 / FLOOR).abs() < 1e-3);
    }

    #[test]
    fn a_folded_layer_does_to_raw_features_what_it_did_to_standardised_ones() {
        let x = array![[1.0_f32, 7.0, -20.0], [2.0, 7.0, -10.0], [4.0, 7.0, -60.0]];
        let standardiser = Standardiser::fit(x.view());
        let mut layer =
            Dense { weights: array![[0.5, 3.0, -1.0], [2.0, 1.0, 0.25]], bias: vec![0.1, -0.2], relu: false };
        let before = standardiser.apply(x.view()).dot(&layer.weights.t()) + array![0.1, -0.2];
        standardiser.fold_into(&mut layer);
        let after = x.dot(&layer.weights.t()) + ndarray::Array1::from(layer.bias);
        assert!(before.iter().zip(&after).all(|(a, b)| (a - b).abs() < 1e-5), "{before} {after}");
    }
}
