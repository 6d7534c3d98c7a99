//! Scales every feature to mean 0 and deviation 1, and folds the scaling into the first layer of a trained head.
//!
//! Computed from training windows only. The exported head takes raw features: [`Standardiser::fold_into`] rewrites the first
//! layer so that it does the same to raw features as it did to standardised ones, and no extra operator is needed.
//!
//! Two guards. A feature that never varies is left out (weight 0): it holds no information, and division by its deviation
//! would give it an enormous weight. On one machine this is more than half of the embedding, so training runs on the other
//! half and takes half the time. And no deviation counts as smaller than [`FLOOR`], so that
//! a feature which varied by one quantisation step in one training window cannot dominate later.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use monitor_export::Dense;

/// Smallest divisor. Some four quantisation steps (0.022) of the int8 embedding; of a log-mel band, 0.9 dB,
/// which a step towards the microphone changes.
const FLOOR: f64 = 0.1;
/// A deviation below this share of the mean's size is rounding, not signal.
const CONSTANT: f64 = 1e-6;

/// Mean and scale of each feature that varies.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Standardiser {
    /// Number of features.
    features: usize,
    /// Features that vary, in ascending order.
    kept: Vec<usize>,
    /// Mean of each of them.
    mean: Vec<f64>,
    /// 1 / deviation of each of them.
    scale: Vec<f64>,
}

impl Standardiser {
    /// Computes mean and (population) deviation of every column of `x` [windows x features].
    pub(crate) fn fit(x: ArrayView2<f32>) -> Self {
        let rows = x.nrows().max(1) as f64;
        let mut sums = Array1::<f64>::zeros(x.ncols());
        for row in x.axis_iter(Axis(0)) {
            sums.zip_mut_with(&row, |sum, value| *sum += f64::from(*value));
        }
        let means = sums / rows;
        let mut squares = Array1::<f64>::zeros(x.ncols());
        for row in x.axis_iter(Axis(0)) {
            for ((sum, value), mean) in squares.iter_mut().zip(row).zip(&means) {
                *sum += (f64::from(*value) - mean).powi(2);
            }
        }
        let mut standardiser = Self { features: x.ncols(), kept: Vec::new(), mean: Vec::new(), scale: Vec::new() };
        for (feature, (square, mean)) in squares.iter().zip(&means).enumerate() {
            let deviation = (square / rows).sqrt();
            if deviation > CONSTANT * mean.abs().max(1.0) {
                standardiser.kept.push(feature);
                standardiser.mean.push(*mean);
                standardiser.scale.push(1.0 / deviation.max(FLOOR));
            }
        }
        standardiser
    }

    /// Features that vary, in ascending order.
    pub(crate) fn kept(&self) -> &[usize] {
        &self.kept
    }

    /// Mean and 1 / deviation of each of them.
    pub(crate) fn constants(&self) -> (&[f64], &[f64]) {
        (&self.mean, &self.scale)
    }

    /// Standardises `x` [windows x features]; only the features that vary remain, [windows x kept].
    pub(crate) fn apply(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let mut out = Array2::zeros((x.nrows(), self.kept.len()));
        for (from, mut to) in x.axis_iter(Axis(0)).zip(out.axis_iter_mut(Axis(0))) {
            for (((to, feature), mean), scale) in to.iter_mut().zip(&self.kept).zip(&self.mean).zip(&self.scale) {
                *to = ((f64::from(from[*feature]) - mean) * scale) as f32;
            }
        }
        out
    }

    /// The layer for raw features that is equivalent to `layer` for standardised ones: `w / deviation`,
    /// `b - sum(w * mean / deviation)`, and 0 for the features left out.
    pub(crate) fn fold_into(&self, layer: &Dense) -> Dense {
        let mut weights = Array2::zeros((layer.outputs(), self.features));
        let mut bias = layer.bias.clone();
        for ((from, mut to), bias) in
            layer.weights.axis_iter(Axis(0)).zip(weights.axis_iter_mut(Axis(0))).zip(&mut bias)
        {
            let mut shift = 0.0;
            for (((weight, feature), mean), scale) in from.iter().zip(&self.kept).zip(&self.mean).zip(&self.scale) {
                let folded = f64::from(*weight) * scale;
                shift += folded * mean;
                to[*feature] = folded as f32;
            }
            *bias = (f64::from(*bias) - shift) as f32;
        }
        Dense { weights, bias, relu: layer.relu }
    }
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
    fn a_feature_that_never_varied_is_left_out() {
        let standardiser = Standardiser::fit(array![[0.3_f32, 1.0], [0.3, 2.0]].view());
        assert_eq!(standardiser.apply(array![[1e6_f32, 1.5]].view()), array![[0.0]]);
    }

    #[test]
    fn no_deviation_counts_as_less_than_the_floor() {
        let standardiser = Standardiser::fit(array![[0.0_f32], [0.001]].view());
        let z = standardiser.apply(array![[0.0_f32], [1.0]].view());
        assert!((f64::from(z[[1, 0]] - z[[0, 0]]) - 1.0 / FLOOR).abs() < 1e-3);
    }

    #[test]
    fn a_folded_layer_on_raw_features_equals_the_layer_on_standardised_ones() {
        let x = array![[1.0_f32, 7.0, -20.0], [2.0, 7.0, -10.0], [4.0, 7.0, -60.0]];
        let standardiser = Standardiser::fit(x.view());
        let layer = Dense { weights: array![[0.5, -1.0], [2.0, 0.25]], bias: vec![0.1, -0.2], relu: false };
        let before = standardiser.apply(x.view()).dot(&layer.weights.t()) + array![0.1, -0.2];
        let folded = standardiser.fold_into(&layer);
        let after = x.dot(&folded.weights.t()) + Array1::from(folded.bias);
        assert!(before.iter().zip(&after).all(|(a, b)| (a - b).abs() < 1e-5), "{before} {after}");
    }
}
