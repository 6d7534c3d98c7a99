//! Scales every feature to mean 0 and deviation 1, and folds the scaling into the first layer of a trained head.
//!
//! Computed from training windows only. The exported head takes raw features: [`Standardiser::fold_into`] rewrites the first
//! layer so that it does the same to raw features as it did to standardised ones, and no extra operator is needed.
//!
//! Two guards. A feature that never varies is left out (weight 0): it holds no information, and division by its deviation
//! would give it an enormous weight. On one machine this is more than half of the embedding, so training runs on the other
//! half and takes half the time. And no deviation counts as smaller than [`FLOOR`], so that
//! a feature which varied by one quantisation step in one training window cannot dominate later.

use std::ops::Range;

use monitor_export::Dense;
use monitor_model::regression::Scaling;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

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
        Self::of_rows(x.rows().into_iter(), x.ncols())
    }

    /// The same for `rows` of `features` values each.
    pub(crate) fn of_rows<'a>(
        rows: impl ExactSizeIterator<Item = ArrayView1<'a, f32>> + Clone,
        features: usize,
    ) -> Self {
        let count = rows.len().max(1) as f64;
        let mut sums = Array1::<f64>::zeros(features);
        for row in rows.clone() {
            sums.zip_mut_with(&row, |sum, value| *sum += f64::from(*value));
        }
        let means = sums / count;
        let mut squares = Array1::<f64>::zeros(features);
        for row in rows {
            for ((sum, value), mean) in squares.iter_mut().zip(row).zip(&means) {
                *sum += (f64::from(*value) - mean).powi(2);
            }
        }
        let mut standardiser = Self { features, kept: Vec::new(), mean: Vec::new(), scale: Vec::new() };
        for (feature, (square, mean)) in squares.iter().zip(&means).enumerate() {
            let deviation = (square / count).sqrt();
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
        self.apply_rows(x.rows().into_iter())
    }

    /// The same for `rows`.
    pub(crate) fn apply_rows<'a>(&self, rows: impl ExactSizeIterator<Item = ArrayView1<'a, f32>>) -> Array2<f32> {
        let mut out = Array2::zeros((rows.len(), self.kept.len()));
        for (from, mut to) in rows.zip(out.axis_iter_mut(Axis(0))) {
            for (((to, feature), mean), scale) in to.iter_mut().zip(&self.kept).zip(&self.mean).zip(&self.scale) {
                *to = ((f64::from(from[*feature]) - mean) * scale) as f32;
            }
        }
        out
    }

    /// What turns values that `other` has standardised into those of this one, for each feature that `other` keeps; both are of
    /// windows of the same features. Features that do not vary for this one are left out.
    pub(super) fn after(&self, other: &Self) -> Scaling {
        let mut own = self.kept.iter().zip(&self.mean).zip(&self.scale).peekable();
        let values = other.kept.iter().zip(&other.mean).zip(&other.scale).map(|((feature, mean), scale)| {
            while own.next_if(|((kept, _), _)| *kept < feature).is_some() {}
            let found = own.next_if(|((kept, _), _)| *kept == feature);
            found.map_or((0.0, 0.0), |((_, own_mean), own_scale)| ((own_mean - mean) * scale, own_scale / scale))
        });
        Scaling { values: values.collect() }
    }

    /// The same for the features `columns` alone.
    pub(super) fn columns(&self, columns: Range<usize>) -> Self {
        let kept = self.places(&columns);
        Self {
            features: columns.len(),
            kept: self.kept[kept.clone()].iter().map(|feature| feature - columns.start).collect(),
            mean: self.mean[kept.clone()].to_vec(),
            scale: self.scale[kept].to_vec(),
        }
    }

    /// Places of those of the features `columns` that vary, among all that vary.
    pub(super) fn places(&self, columns: &Range<usize>) -> Range<usize> {
        let place = |feature: usize| self.kept.partition_point(|kept| *kept < feature);
        place(columns.start)..place(columns.end)
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
    fn a_part_is_standardised_by_way_of_the_whole() {
        // The second feature does not vary at all, the third not in the part.
        let whole =
            array![[1.0_f32, 7.0, 4.0, -20.0], [2.0, 7.0, 4.0, -10.0], [4.0, 7.0, 4.0, -60.0], [9.0, 7.0, 5.0, 3.0]];
        let part = whole.slice_axis(Axis(0), ndarray::Slice::from(..3));
        let (all, own) = (Standardiser::fit(whole.view()), Standardiser::fit(part));
        assert_eq!((all.kept(), own.kept()), (&[0, 2, 3][..], &[0, 3][..]));
        let scaling = own.after(&all);
        assert_eq!(scaling.values[1], (0.0, 0.0));
        let direct = own.apply(part);
        for (from, to) in all.apply(part).rows().into_iter().zip(direct.rows()) {
            for (column, to) in [0, 2].into_iter().zip(to) {
                let (mean, scale) = scaling.values[column];
                assert!(((f64::from(from[column]) - mean) * scale - f64::from(*to)).abs() < 1e-5);
            }
        }
        assert_eq!(all.columns(2..4), Standardiser::fit(whole.slice_axis(Axis(1), ndarray::Slice::from(2..))));
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
