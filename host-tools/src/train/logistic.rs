//! Multinomial logistic regression by `argmin`'s L-BFGS: the linear head.
//!
//! Minimises `sum of weighted cross-entropies + alpha/2 * |weights|^2` in f64; biases are free. This is the objective of
//! scikit-learn's `LogisticRegression` with `C = 1/alpha` and, with the weights of [`super::balance`],
//! `class_weight="balanced"`. The objective is convex, so that
//! every search that ends where the gradient vanishes ends at the same head. Logits are normalised row by row: with one
//! maximum for all rows, as in linfa-logistic, rows far below the maximum underflow, cost and gradient contradict each
//! other, and the search stops early on well separated classes.
//!
//! Cost: about `windows x features x classes x 4` multiplications per step; some 10 to 50 steps from the solution of the next
//! stronger regularisation.

use std::cell::RefCell;

use argmin::core::{CostFunction, Executor, Gradient, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, Axis, ShapeBuilder, Slice};

use super::basics::softmax;

/// Bias of a class without windows: a probability of e^-50.
const ABSENT: f64 = -50.0;
const ITERATIONS: u64 = 500;
/// Length of the gradient per window at which the search ends: a factor of ten changes the loss of held-out windows in its
/// fourth digit.
const ENOUGH: f64 = 3e-4;
/// Length of the gradient per window up to which a search that ended otherwise is accepted.
const TOLERANCE: f64 = 1e-3;

/// Steps from which the search estimates the curvature.
const MEMORY: usize = 10;

/// Features in column-major order, which halves the time of packing this matrix for multiplication.
pub(super) fn by_columns(x: ArrayView2<f32>) -> Array2<f64> {
    let mut columns = Array2::zeros(x.raw_dim().f());
    columns.zip_mut_with(&x, |to, from| *to = f64::from(*from));
    columns
}

/// Weights [features x classes] with the biases as the last row, for standardised features.
pub(super) type Weights = Array2<f64>;

/// Why a fit failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum Error {
    /// The windows are of fewer than two classes.
    #[error("a linear head needs windows of at least two classes")]
    OneClass,
    /// The search ended away from the minimum: length of the gradient per window.
    #[error(
        "the logistic regression did not converge (gradient {0:.1e} per window, at most {TOLERANCE:.0e}); use --head mlp"
    )]
    NotConverged(f64),
    /// The search failed.
    #[error("the logistic regression failed: {0}")]
    Failed(String),
}

/// Fits standardised features `x` [windows x features], preferably [`by_columns`], to `labels`, each below `classes`, with the
/// weights `windows`, which add up to about their number; a warm `start` saves iterations.
///
/// A class without windows has weights of 0 and a bias ([`ABSENT`]) that makes it impossible.
///
/// # Errors
/// When fewer than two classes occur, a value is not finite, or the search does not reach the minimum.
pub(super) fn fit(
    x: &Array2<f64>,
    labels: &[usize],
    windows: &[f64],
    classes: usize,
    alpha: f64,
    start: Option<&Weights>,
) -> Result<Weights, Error> {
    let present: Vec<usize> = (0..classes).filter(|class| labels.contains(class)).collect();
    if present.len() < 2 {
        return Err(Error::OneClass);
    }
    if x.iter().any(|value| !value.is_finite()) {
        return Err(Error::Failed("a feature is not a number".into()));
    }
    let renumbered: Vec<usize> = labels.iter().map(|label| present.binary_search(label).unwrap_or_default()).collect();
    let problem = Problem::new(x, &renumbered, windows, present.len(), alpha);
    let start = match start {
        Some(start) => start.select(Axis(1), &present),
        None => Array2::zeros((x.ncols() + 1, present.len())),
    };
    let fitted = problem.minimise(start)?;
    let gradient = problem.evaluate(&fitted).1.iter().map(|value| value * value).sum::<f64>().sqrt();
    let gradient = gradient / labels.len() as f64;
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

/// The objective, over [`Weights`] in row-major order.
struct Problem<'a> {
    x: &'a Array2<f64>,
    labels: &'a [usize],
    windows: &'a [f64],
    classes: usize,
    alpha: f64,
    /// The last point and the gradient there: the search asks for cost and gradient of the same point one after the other,
    /// and both need the logits.
    last: RefCell<Option<(Array1<f64>, Array1<f64>)>>,
}

impl<'a> Problem<'a> {
    fn new(x: &'a Array2<f64>, labels: &'a [usize], windows: &'a [f64], classes: usize, alpha: f64) -> Self {
        Self { x, labels, windows, classes, alpha, last: RefCell::new(None) }
    }

    fn minimise(&self, start: Weights) -> Result<Weights, Error> {
        let failed = |error: argmin::core::Error| Error::Failed(error.to_string());
        let solver = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY)
            .with_tolerance_grad(ENOUGH * self.labels.len() as f64)
            .map_err(failed)?;
        let start = Array1::from_iter(start);
        let ended = Executor::new(self, solver)
            .configure(|state| state.param(start).max_iters(ITERATIONS))
            .run()
            .map_err(failed)?;
        let best = ended.state().get_best_param().cloned().unwrap_or_default();
        self.shaped(best).ok_or_else(|| Error::Failed("the search has no result".into()))
    }

    fn shaped(&self, flat: Array1<f64>) -> Option<Weights> {
        flat.into_shape_with_order((self.x.ncols() + 1, self.classes)).ok()
    }

    /// Cost and gradient.
    fn evaluate(&self, weights: &Weights) -> (f64, Weights) {
        let features = self.x.ncols();
        let mut error = logits(self.x.view(), weights);
        let mut cost = 0.0;
        for ((mut row, label), window) in error.rows_mut().into_iter().zip(self.labels).zip(self.windows) {
            let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let own = row[*label] - largest;
            row.mapv_inplace(|logit| (logit - largest).exp());
            let sum = row.sum();
            cost += window * (sum.ln() - own);
            row.mapv_inplace(|value| value * window / sum);
            row[*label] -= window;
        }
        let penalised = weights.slice_axis(Axis(0), Slice::from(..features));
        cost += self.alpha / 2.0 * penalised.iter().map(|weight| weight * weight).sum::<f64>();
        let mut gradient = weights * self.alpha;
        let mut by_weights = gradient.slice_axis_mut(Axis(0), Slice::from(..features));
        general_mat_mul(1.0, &self.x.t(), &error, 1.0, &mut by_weights);
        gradient.row_mut(features).assign(&error.sum_axis(Axis(0)));
        (cost, gradient)
    }

    fn evaluate_flat(&self, flat: &Array1<f64>) -> Result<(f64, Array1<f64>), argmin::core::Error> {
        let weights = self.shaped(flat.clone()).ok_or_else(|| argmin::core::Error::msg("weights of another shape"))?;
        let (cost, gradient) = self.evaluate(&weights);
        let gradient = Array1::from_iter(gradient);
        self.last.replace(Some((flat.clone(), gradient.clone())));
        Ok((cost, gradient))
    }
}

impl CostFunction for &Problem<'_> {
    type Param = Array1<f64>;
    type Output = f64;

    fn cost(&self, flat: &Array1<f64>) -> Result<f64, argmin::core::Error> {
        Ok(self.evaluate_flat(flat)?.0)
    }
}

impl Gradient for &Problem<'_> {
    type Param = Array1<f64>;
    type Gradient = Array1<f64>;

    fn gradient(&self, flat: &Array1<f64>) -> Result<Array1<f64>, argmin::core::Error> {
        let known =
            self.last.borrow().as_ref().filter(|(point, _)| point == flat).map(|(_, gradient)| gradient.clone());
        known.map_or_else(|| Ok(self.evaluate_flat(flat)?.1), Ok)
    }
}

/// Logits [windows x classes].
fn logits(x: ArrayView2<f64>, weights: &Weights) -> Array2<f64> {
    // Row by row: `dot` would return column by column, as `x` is stored, and all work on rows would be slow.
    let mut logits = Array2::zeros((x.nrows(), weights.ncols()));
    general_mat_mul(1.0, &x, &weights.slice_axis(Axis(0), Slice::from(..x.ncols())), 0.0, &mut logits);
    logits += &weights.row(x.ncols());
    logits
}

/// Probabilities [windows x classes] that `weights` give to standardised features.
pub(super) fn probabilities(x: ArrayView2<f64>, weights: &Weights) -> Array2<f64> {
    let mut values = logits(x, weights);
    softmax(&mut values);
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::basics::seed;
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

    /// Fits three classes and checks that the gradient vanishes and that every window is taken for its class.
    fn check_fit(x: &Array2<f64>, labels: &[usize], alpha: f64) {
        let weights = fit(x, labels, &vec![1.0; labels.len()], 3, alpha, None).unwrap();
        let gradient = Problem::new(x, labels, &vec![1.0; labels.len()], 3, alpha).evaluate(&weights).1;
        let steepest = gradient.iter().map(|value| value.abs() / labels.len() as f64).fold(0.0, f64::max);
        assert!(steepest < TOLERANCE, "gradient {steepest} at alpha {alpha}");
        let p = probabilities(x.view(), &weights);
        let wrong = p.rows().into_iter().zip(labels).filter(|(row, label)| !row.iter().all(|v| *v <= row[**label]));
        assert_eq!(wrong.count(), 0, "windows taken for another class at alpha {alpha}");
    }

    #[test]
    fn the_fit_separates_clouds_and_ends_where_the_gradient_vanishes() {
        let (x, labels) = clouds(150, 8);
        let weights = fit(&x, &labels, &vec![1.0; labels.len()], 3, 1.0, None).unwrap();
        let gradient = Problem::new(&x, &labels, &[1.0; 150], 3, 1.0).evaluate(&weights).1;
        assert!(gradient.iter().all(|value| value.abs() / 150.0 < TOLERANCE));
        let p = probabilities(x.view(), &weights);
        let right = p.rows().into_iter().zip(&labels).filter(|(row, label)| row.iter().all(|v| *v <= row[**label]));
        assert!(right.count() > 135);
    }

    #[test]
    fn a_warm_start_ends_at_the_same_minimum() {
        let (x, labels) = clouds(150, 8);
        let cold = fit(&x, &labels, &vec![1.0; labels.len()], 3, 1.0, None).unwrap();
        let warm = fit(
            &x,
            &labels,
            &vec![1.0; labels.len()],
            3,
            1.0,
            Some(&fit(&x, &labels, &vec![1.0; labels.len()], 3, 100.0, None).unwrap()),
        )
        .unwrap();
        let (p, q) = (probabilities(x.view(), &cold), probabilities(x.view(), &warm));
        assert!(p.iter().zip(&q).all(|(p, q)| (p - q).abs() < 0.01));
    }

    #[test]
    fn more_features_than_windows_converge() {
        let (x, labels) = clouds(30, 400);
        for alpha in [1000.0, 10.0, 1.0, 0.01] {
            check_fit(&x, &labels, alpha);
        }
    }

    #[test]
    fn the_gradient_equals_finite_differences_of_the_cost() {
        let (x, labels) = clouds(30, 5);
        let windows: Vec<f64> = (0..30).map(|row| 0.5 + f64::from(row % 3)).collect();
        let problem = Problem::new(&x, &labels, &windows, 3, 2.0);
        let mut weights = Array2::from_shape_fn((6, 3), |(i, class)| ((i * 3 + class) % 7) as f64 / 7.0 - 0.4);
        let gradient = problem.evaluate(&weights).1;
        for at in (0..6).flat_map(|i| (0..3).map(move |class| [i, class])) {
            let mut cost = |offset: f64| {
                weights[at] += offset;
                let cost = problem.evaluate(&weights).0;
                weights[at] -= offset;
                cost
            };
            assert!(((cost(1e-5) - cost(-1e-5)) / 2e-5 - gradient[at]).abs() < 1e-5, "{at:?}");
        }
    }

    #[test]
    fn distant_classes_of_very_different_spread_converge_and_are_separated() {
        // Logits of hundreds: the rows of the near classes are far below the maximum.
        let labels: Vec<usize> = (0..300).map(|row| row % 3).collect();
        let x = Array2::from_shape_fn((300, 40), |(row, column)| {
            let noise = ((row * 7919 + column * 104_729) % 1009) as f64 / 1009.0 - 0.5;
            if labels[row] == 2 { 60.0 + 5.0 * noise } else { labels[row] as f64 * 0.3 + noise }
        });
        for alpha in [1000.0, 10.0, 1.0, 0.01] {
            check_fit(&x, &labels, alpha);
        }
    }

    #[test]
    fn one_class_is_refused() {
        let (x, _) = clouds(10, 2);
        assert_eq!(fit(&x, &[0; 10], &[1.0; 10], 1, 1.0, None), Err(Error::OneClass));
        assert_eq!(fit(&x, &[0; 10], &[1.0; 10], 2, 1.0, None), Err(Error::OneClass));
    }

    #[test]
    fn a_class_without_windows_is_impossible_and_disturbs_no_other() {
        let (x, labels) = clouds(150, 8);
        let shifted: Vec<usize> = labels.iter().map(|label| label + usize::from(*label > 0)).collect();
        let p = probabilities(x.view(), &fit(&x, &shifted, &vec![1.0; shifted.len()], 4, 1.0, None).unwrap());
        let q = probabilities(x.view(), &fit(&x, &labels, &vec![1.0; labels.len()], 3, 1.0, None).unwrap());
        assert!(p.column(1).iter().all(|p| *p < 1e-12));
        assert!(p.column(2).iter().zip(q.column(1)).all(|(p, q)| (p - q).abs() < 1e-9));
    }

    #[test]
    fn a_value_that_is_not_finite_is_refused() {
        let (mut x, labels) = clouds(30, 4);
        x[[3, 1]] = f64::NAN;
        assert!(matches!(fit(&x, &labels, &vec![1.0; labels.len()], 3, 1.0, None), Err(Error::Failed(_))));
    }
}
