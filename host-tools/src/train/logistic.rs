//! Multinomial logistic regression by `linfa-logistic`: the linear head.
//!
//! linfa minimises `sum of cross-entropies + alpha/2 * |weights|^2` by L-BFGS, in f64 here. Its log-sum-exp subtracts the
//! maximum of the whole matrix, not of each row, so a far line-search step can lose a row to underflow and stop the search
//! short; therefore nothing is taken on trust: [`fit`] computes the gradient anew, row by row, and refuses weights at which
//! it is not small.
//!
//! Cost: about `windows x features x classes x 6` multiplications per iteration, some 50 to 200 iterations.

use std::fmt;

use linfa::prelude::*;
use linfa_logistic::MultiLogisticRegression;
use ndarray::{Array1, Array2, ArrayView2, Axis, ShapeBuilder, Slice};

use super::head::softmax;

/// Regularisations tried, strongest first so that each fit starts near the solution.
pub const ALPHAS: [f64; 4] = [1000.0, 100.0, 10.0, 1.0];
/// Bias of a class that was never heard: e^-50, nothing.
const ABSENT: f64 = -50.0;
const ITERATIONS: u64 = 500;
/// Length of the gradient per window at which the search ends: tenfold more or less changes the loss of windows never
/// learned from in its fourth digit.
const ENOUGH: f64 = 3e-4;
/// Length at which a search that ended otherwise is still accepted.
const TOLERANCE: f64 = 1e-3;

/// Features column by column: most of linfa's time is spent in packing this matrix for multiplication, and so it packs
/// half as long.
pub fn by_columns(x: ArrayView2<f32>) -> Array2<f64> {
    let mut columns = Array2::zeros(x.raw_dim().f());
    columns.zip_mut_with(&x, |to, from| *to = f64::from(*from));
    columns
}

/// Weights [features x classes] with the biases as one more row at the end, on standardised features.
pub type Weights = Array2<f64>;

/// Why no weights were found.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The windows are of one class, or none.
    OneClass,
    /// The search ended away from the minimum: length of the gradient per window.
    NotConverged(f64),
    /// linfa refused.
    Refused(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneClass => f.write_str("a linear head needs windows of at least two classes"),
            Self::NotConverged(gradient) => write!(
                f,
                "the logistic regression did not converge (gradient {gradient:.1e} per window, at most {TOLERANCE:.0e}); \
                 use --head mlp"
            ),
            Self::Refused(reason) => write!(f, "the logistic regression failed: {reason}"),
        }
    }
}

impl std::error::Error for Error {}

/// Fits standardised features `x` [windows x features], best [`by_columns`], to `labels`, each below `classes`; a warm `start` saves iterations.
///
/// A class that no window is of gets weights of 0 and a bias ([`ABSENT`]) that makes it impossible.
///
/// # Errors
/// When fewer than two classes occur, a value is not finite, or the search does not reach the minimum.
pub fn fit(
    x: &Array2<f64>,
    labels: &[usize],
    classes: usize,
    alpha: f64,
    start: Option<&Weights>,
) -> Result<Weights, Error> {
    let present: Vec<usize> = (0..classes).filter(|class| labels.contains(class)).collect();
    if present.len() < 2 {
        return Err(Error::OneClass);
    }
    let renumbered: Vec<usize> = labels.iter().map(|label| present.binary_search(label).unwrap_or_default()).collect();
    let mut parameters = MultiLogisticRegression::default()
        .alpha(alpha)
        .max_iterations(ITERATIONS)
        .gradient_tolerance(ENOUGH * labels.len() as f64);
    if let Some(start) = start {
        parameters = parameters.initial_params(start.select(Axis(1), &present));
    }
    let dataset = DatasetBase::new(x.view(), Array1::from(renumbered.clone()));
    let model = parameters.fit(&dataset).map_err(|error| Error::Refused(error.to_string()))?;
    let mut fitted = model.params().clone();
    fitted.push_row(model.intercept().view()).map_err(|error| Error::Refused(error.to_string()))?;
    let gradient = gradient(x, &renumbered, alpha, &fitted) / labels.len() as f64;
    if gradient.is_nan() || gradient > TOLERANCE {
        return Err(Error::NotConverged(gradient));
    }
    let mut weights = Array2::zeros((x.ncols() + 1, classes));
    weights.row_mut(x.ncols()).fill(ABSENT);
    for (column, class) in present.iter().enumerate() {
        weights.column_mut(*class).assign(&fitted.column(column));
    }
    Ok(weights)
}

/// Length of the gradient of the objective at `weights`.
fn gradient(x: &Array2<f64>, labels: &[usize], alpha: f64, weights: &Weights) -> f64 {
    let mut error = probabilities(x.view(), weights);
    for (mut row, label) in error.axis_iter_mut(Axis(0)).zip(labels) {
        row[*label] -= 1.0;
    }
    let features = x.ncols();
    let by_weight =
        x.t().dot(&error) + weights.slice_axis(Axis(0), Slice::from(..features)).mapv(|weight| weight * alpha);
    let by_bias = error.sum_axis(Axis(0));
    by_weight.iter().chain(&by_bias).map(|value| value * value).sum::<f64>().sqrt()
}

/// Probabilities [windows x classes] that `weights` give to standardised features.
pub fn probabilities(x: ArrayView2<f64>, weights: &Weights) -> Array2<f64> {
    let mut values = x.dot(&weights.slice_axis(Axis(0), Slice::from(..x.ncols()))) + weights.row(x.ncols());
    softmax(&mut values);
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::seed;
    use rand::Rng;

    /// Three noisy clouds in `columns` dimensions.
    fn clouds(rows: usize, columns: usize) -> (Array2<f64>, Vec<usize>) {
        let mut rng = seed::rng(4, "clouds");
        let labels: Vec<usize> = (0..rows).map(|row| row % 3).collect();
        let x = Array2::from_shape_fn((rows, columns), |(row, column)| {
            f64::from(u8::from(labels[row] == column)) * 1.5 + rng.r#gen::<f64>() * 2.0 - 1.0
        });
        (x, labels)
    }

    #[test]
    fn it_separates_clouds_and_ends_where_the_gradient_vanishes() {
        let (x, labels) = clouds(150, 8);
        let weights = fit(&x, &labels, 3, 1.0, None).unwrap();
        assert!(gradient(&x, &labels, 1.0, &weights) / 150.0 < TOLERANCE);
        let p = probabilities(x.view(), &weights);
        let right = p.rows().into_iter().zip(&labels).filter(|(row, label)| row.iter().all(|v| *v <= row[**label]));
        assert!(right.count() > 135);
    }

    #[test]
    fn a_warm_start_ends_at_the_same_minimum() {
        let (x, labels) = clouds(150, 8);
        let cold = fit(&x, &labels, 3, 1.0, None).unwrap();
        let warm = fit(&x, &labels, 3, 1.0, Some(&fit(&x, &labels, 3, 100.0, None).unwrap())).unwrap();
        let (p, q) = (probabilities(x.view(), &cold), probabilities(x.view(), &warm));
        assert!(p.iter().zip(&q).all(|(p, q)| (p - q).abs() < 0.01));
    }

    #[test]
    fn more_features_than_windows_is_no_difficulty() {
        let (x, labels) = clouds(30, 400);
        for alpha in ALPHAS {
            fit(&x, &labels, 3, alpha, None).unwrap();
        }
    }

    #[test]
    fn one_class_is_refused() {
        let (x, _) = clouds(10, 2);
        assert_eq!(fit(&x, &[0; 10], 1, 1.0, None), Err(Error::OneClass));
        assert_eq!(fit(&x, &[0; 10], 2, 1.0, None), Err(Error::OneClass));
    }

    #[test]
    fn a_class_without_windows_is_impossible_and_disturbs_no_other() {
        let (x, labels) = clouds(150, 8);
        let shifted: Vec<usize> = labels.iter().map(|label| label + usize::from(*label > 0)).collect();
        let p = probabilities(x.view(), &fit(&x, &shifted, 4, 1.0, None).unwrap());
        let q = probabilities(x.view(), &fit(&x, &labels, 3, 1.0, None).unwrap());
        assert!(p.column(1).iter().all(|p| *p < 1e-12));
        assert!(p.column(2).iter().zip(q.column(1)).all(|(p, q)| (p - q).abs() < 1e-9));
    }

    #[test]
    fn a_value_that_is_not_finite_is_refused() {
        let (mut x, labels) = clouds(30, 4);
        x[[3, 1]] = f64::NAN;
        assert!(matches!(fit(&x, &labels, 3, 1.0, None), Err(Error::Refused(_))));
    }
}
