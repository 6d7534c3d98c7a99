//! Softmax over the rows of a matrix.

use ndarray::{Array2, Axis, NdFloat};

/// Turns every row of logits into probabilities.
pub(crate) fn softmax<F: NdFloat>(logits: &mut Array2<F>) {
    for mut row in logits.axis_iter_mut(Axis(0)) {
        let largest = row.iter().copied().fold(F::neg_infinity(), F::max);
        row.mapv_inplace(|value| (value - largest).exp());
        let sum = row.sum();
        row.mapv_inplace(|value| value / sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn softmax_of_huge_logits_is_finite() {
        let mut logits = array![[1e30_f32, -1e30, 1e30]];
        softmax(&mut logits);
        assert_eq!(logits, array![[0.5, 0.0, 0.5]]);
    }
}
