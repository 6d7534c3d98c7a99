//! The linear head: multinomial logistic regression ([`monitor_model::regression`]) on the classes that occur.
//!
//! With the weights of [`super::balance`] its objective is that of scikit-learn's `LogisticRegression` with
//! `class_weight="balanced"`.
//!
//! Cost: some 10 to 50 evaluations from the solution of the next stronger regularisation.

use monitor_model::regression::{self, Centre, ENOUGH, Example, Scaling, TOLERANCE};
use ndarray::Array2;

pub(super) use monitor_model::regression::Weights;

/// Bias of a class without windows: a probability of e^-50.
const ABSENT: f64 = -50.0;

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
    /// A value is not finite.
    #[error("the logistic regression failed: a feature is not a number")]
    NotANumber,
}

/// Windows to fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'a> {
    /// Values of each window.
    pub x: &'a [&'a [f32]],
    /// What standardises them.
    pub scaling: &'a Scaling,
    /// Class of each window, below `classes`.
    pub labels: &'a [usize],
    /// Weight of each window; they add up to about the number of windows.
    pub weights: &'a [f64],
    /// Number of classes.
    pub classes: usize,
}

/// Where the search for weights ends, as the length of the gradient per unit of weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precision {
    /// For a head that is kept, and to choose its strength.
    Head,
    /// To compare kinds of features, in half the evaluations: see `docs/development/decisions/linear-head-strength.md`.
    Comparison,
}

impl Precision {
    fn enough(self) -> f64 {
        match self {
            Self::Head => ENOUGH,
            Self::Comparison => TOLERANCE,
        }
    }
}

/// Fits `task` with the strength `alpha` to a `precision`; a warm `start` saves iterations.
///
/// A class without windows has weights of 0 and a bias ([`ABSENT`]) that makes it impossible.
///
/// # Errors
/// When fewer than two classes occur, a value is not finite, or the search does not reach the minimum.
pub(super) fn fit(
    task: &Task<'_>,
    alpha: f64,
    start: Option<&Weights>,
    precision: Precision,
) -> Result<Weights, Error> {
    let Task { x, scaling, labels, weights, classes } = *task;
    let features = scaling.values.len();
    let mut occurs = vec![false; classes];
    labels.iter().for_each(|label| occurs[*label] = true);
    let present: Vec<usize> = (0..classes).filter(|class| occurs[*class]).collect();
    if present.len() < 2 {
        return Err(Error::OneClass);
    }
    let class = |label: &usize| present.binary_search(label).unwrap_or_default();
    let windows = x.iter().zip(labels).zip(weights);
    let examples: Vec<Example<'_>> =
        windows.map(|((x, label), weight)| Example { x, class: class(label), weight: *weight }).collect();
    let centre = Centre::origin(present.len(), features);
    let mut begin = centre.weights.clone();
    if let Some(start) = start {
        let rows = start.rows().enumerate().filter(|(class, _)| present.contains(class));
        begin.rows_mut().zip(rows).for_each(|(to, (_, from))| to.copy_from_slice(from));
    }
    let fitted = regression::fit(&examples, scaling, &centre, alpha, &begin, precision.enough())
        .map_err(|gradient| if gradient.is_finite() { Error::NotConverged(gradient) } else { Error::NotANumber })?;
    let mut weights = Weights::zeros(classes, features);
    weights.rows_mut().for_each(|row| row[features] = ABSENT);
    let mut rows = fitted.rows();
    for (_, row) in weights.rows_mut().enumerate().filter(|(class, _)| present.contains(class)) {
        rows.next().into_iter().for_each(|from| row.copy_from_slice(from));
    }
    Ok(weights)
}

/// The mean of `weights` of the same shape; `None` of none.
pub(super) fn mean<'w>(weights: impl ExactSizeIterator<Item = &'w Weights>) -> Option<Weights> {
    let share = 1.0 / weights.len() as f64;
    weights.fold(None, |sum, one| {
        let mut sum = sum.unwrap_or_else(|| Weights::zeros(one.classes(), one.features()));
        for (to, from) in sum.rows_mut().zip(one.rows()) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += share * from);
        }
        Some(sum)
    })
}

/// Probabilities [windows x classes] that `weights` give to windows `x` that `scaling` standardises.
pub(super) fn probabilities(x: &[&[f32]], scaling: &Scaling, weights: &Weights) -> Array2<f32> {
    let found = weights.all_probabilities(x, scaling);
    let narrow = found.into_iter().map(|p| p as f32).collect();
    Array2::from_shape_vec((x.len(), weights.classes()), narrow).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::basics::seed;
    use rand::Rng;

    /// Three noisy clouds in `columns` dimensions.
    fn clouds(rows: usize, columns: usize) -> (Array2<f32>, Vec<usize>) {
        let mut rng = seed::rng(4, "clouds");
        let labels: Vec<usize> = (0..rows).map(|row| row % 3).collect();
        let x = Array2::from_shape_fn((rows, columns), |(row, column)| {
            f32::from(u8::from(labels[row] == column)) * 1.5 + rng.r#gen::<f32>() * 2.0 - 1.0
        });
        (x, labels)
    }

    /// Fits standardised windows of equal weights.
    fn fit(
        x: &Array2<f32>,
        labels: &[usize],
        classes: usize,
        alpha: f64,
        start: Option<&Weights>,
    ) -> Result<Weights, Error> {
        let (scaling, weights) = (Scaling::none(x.ncols()), vec![1.0; labels.len()]);
        let task = Task { x: &slices(x), scaling: &scaling, labels, weights: &weights, classes };
        super::fit(&task, alpha, start, Precision::Head)
    }

    fn slices(x: &Array2<f32>) -> Vec<&[f32]> {
        x.as_slice().unwrap().chunks_exact(x.ncols()).collect()
    }

    fn probabilities(x: &Array2<f32>, weights: &Weights) -> Array2<f32> {
        super::probabilities(&slices(x), &Scaling::none(x.ncols()), weights)
    }

    /// Fits three classes, which ends at the minimum, and checks that every window is taken for its class.
    fn check_fit(x: &Array2<f32>, labels: &[usize], alpha: f64) {
        let weights = fit(x, labels, 3, alpha, None).unwrap();
        let p = probabilities(x, &weights);
        let wrong = p.rows().into_iter().zip(labels).filter(|(row, label)| !row.iter().all(|v| *v <= row[**label]));
        assert_eq!(wrong.count(), 0, "windows taken for another class at alpha {alpha}");
    }

    #[test]
    fn the_fit_separates_clouds() {
        let (x, labels) = clouds(150, 8);
        let weights = fit(&x, &labels, 3, 1.0, None).unwrap();
        let p = probabilities(&x, &weights);
        let right = p.rows().into_iter().zip(&labels).filter(|(row, label)| row.iter().all(|v| *v <= row[**label]));
        assert!(right.count() > 135);
    }

    #[test]
    fn a_warm_start_ends_at_the_same_minimum() {
        let (x, labels) = clouds(150, 8);
        let cold = fit(&x, &labels, 3, 1.0, None).unwrap();
        let start = fit(&x, &labels, 3, 100.0, None).unwrap();
        let warm = fit(&x, &labels, 3, 1.0, Some(&start)).unwrap();
        let (p, q) = (probabilities(&x, &cold), probabilities(&x, &warm));
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
    fn distant_classes_of_very_different_spread_converge_and_are_separated() {
        // Logits of hundreds: the rows of the near classes are far below the maximum.
        let labels: Vec<usize> = (0..300).map(|row| row % 3).collect();
        let x = Array2::from_shape_fn((300, 40), |(row, column)| {
            let noise = ((row * 7919 + column * 104_729) % 1009) as f32 / 1009.0 - 0.5;
            if labels[row] == 2 { 60.0 + 5.0 * noise } else { labels[row] as f32 * 0.3 + noise }
        });
        for alpha in [1000.0, 10.0, 1.0, 0.01] {
            check_fit(&x, &labels, alpha);
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
        let p = probabilities(&x, &fit(&x, &shifted, 4, 1.0, None).unwrap());
        let q = probabilities(&x, &fit(&x, &labels, 3, 1.0, None).unwrap());
        assert!(p.column(1).iter().all(|p| *p < 1e-12));
        assert!(p.column(2).iter().zip(q.column(1)).all(|(p, q)| (p - q).abs() < 1e-6));
    }

    #[test]
    fn a_value_that_is_not_finite_is_refused() {
        let (mut x, labels) = clouds(30, 4);
        x[[3, 1]] = f32::NAN;
        assert_eq!(fit(&x, &labels, 3, 1.0, None), Err(Error::NotANumber));
    }
}
