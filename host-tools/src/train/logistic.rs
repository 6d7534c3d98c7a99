//! The linear head: multinomial logistic regression ([`monitor_model::regression`]) on the classes that occur.
//!
//! With the weights of [`super::balance`] its objective is that of scikit-learn's `LogisticRegression` with
//! `class_weight="balanced"`.
//!
//! Cost: some 10 to 50 evaluations from the solution of the next stronger regularisation.

use monitor_model::regression::{self, Centre, Example, TOLERANCE};
use ndarray::{Array2, ArrayView2};

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

/// Fits standardised features `x` [windows x features] to `labels`, each below `classes`, with the weights `windows`, which add
/// up to about their number; a warm `start` saves iterations.
///
/// A class without windows has weights of 0 and a bias ([`ABSENT`]) that makes it impossible.
///
/// # Errors
/// When fewer than two classes occur, a value is not finite, or the search does not reach the minimum.
pub(super) fn fit(
    x: ArrayView2<'_, f32>,
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
    let x = x.as_standard_layout();
    let class = |label: &usize| present.binary_search(label).unwrap_or_default();
    let examples: Vec<Example<'_>> = x
        .rows()
        .into_iter()
        .zip(labels)
        .zip(windows)
        .map(|((x, label), weight)| Example {
            x: x.to_slice().unwrap_or_default(),
            class: class(label),
            weight: *weight,
        })
        .collect();
    let centre = Centre::origin(present.len(), x.ncols());
    let mut begin = centre.weights.clone();
    if let Some(start) = start {
        let rows = start.rows().enumerate().filter(|(class, _)| present.contains(class));
        begin.rows_mut().zip(rows).for_each(|(to, (_, from))| to.copy_from_slice(from));
    }
    let fitted = regression::fit(&examples, &centre, alpha, &begin)
        .map_err(|gradient| if gradient.is_finite() { Error::NotConverged(gradient) } else { Error::NotANumber })?;
    let mut weights = Weights::zeros(classes, x.ncols());
    weights.rows_mut().for_each(|row| row[x.ncols()] = ABSENT);
    let mut rows = fitted.rows();
    for (_, row) in weights.rows_mut().enumerate().filter(|(class, _)| present.contains(class)) {
        rows.next().into_iter().for_each(|from| row.copy_from_slice(from));
    }
    Ok(weights)
}

/// Probabilities [windows x classes] that `weights` give to standardised features `x` [windows x features].
pub(super) fn probabilities(x: ArrayView2<'_, f32>, weights: &Weights) -> Array2<f32> {
    let x = x.as_standard_layout();
    let mut found = Array2::zeros((x.nrows(), weights.classes()));
    for (x, mut row) in x.rows().into_iter().zip(found.rows_mut()) {
        let p = weights.probabilities(x.to_slice().unwrap_or_default(), 1.0);
        row.iter_mut().zip(p).for_each(|(to, p)| *to = p as f32);
    }
    found
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

    /// Fits three classes, which ends at the minimum, and checks that every window is taken for its class.
    fn check_fit(x: &Array2<f32>, labels: &[usize], alpha: f64) {
        let weights = fit(x.view(), labels, &vec![1.0; labels.len()], 3, alpha, None).unwrap();
        let p = probabilities(x.view(), &weights);
        let wrong = p.rows().into_iter().zip(labels).filter(|(row, label)| !row.iter().all(|v| *v <= row[**label]));
        assert_eq!(wrong.count(), 0, "windows taken for another class at alpha {alpha}");
    }

    #[test]
    fn the_fit_separates_clouds() {
        let (x, labels) = clouds(150, 8);
        let weights = fit(x.view(), &labels, &vec![1.0; labels.len()], 3, 1.0, None).unwrap();
        let p = probabilities(x.view(), &weights);
        let right = p.rows().into_iter().zip(&labels).filter(|(row, label)| row.iter().all(|v| *v <= row[**label]));
        assert!(right.count() > 135);
    }

    #[test]
    fn a_warm_start_ends_at_the_same_minimum() {
        let (x, labels) = clouds(150, 8);
        let cold = fit(x.view(), &labels, &vec![1.0; labels.len()], 3, 1.0, None).unwrap();
        let warm = fit(
            x.view(),
            &labels,
            &vec![1.0; labels.len()],
            3,
            1.0,
            Some(&fit(x.view(), &labels, &vec![1.0; labels.len()], 3, 100.0, None).unwrap()),
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
        assert_eq!(fit(x.view(), &[0; 10], &[1.0; 10], 1, 1.0, None), Err(Error::OneClass));
        assert_eq!(fit(x.view(), &[0; 10], &[1.0; 10], 2, 1.0, None), Err(Error::OneClass));
    }

    #[test]
    fn a_class_without_windows_is_impossible_and_disturbs_no_other() {
        let (x, labels) = clouds(150, 8);
        let shifted: Vec<usize> = labels.iter().map(|label| label + usize::from(*label > 0)).collect();
        let p = probabilities(x.view(), &fit(x.view(), &shifted, &vec![1.0; shifted.len()], 4, 1.0, None).unwrap());
        let q = probabilities(x.view(), &fit(x.view(), &labels, &vec![1.0; labels.len()], 3, 1.0, None).unwrap());
        assert!(p.column(1).iter().all(|p| *p < 1e-12));
        assert!(p.column(2).iter().zip(q.column(1)).all(|(p, q)| (p - q).abs() < 1e-6));
    }

    #[test]
    fn a_value_that_is_not_finite_is_refused() {
        let (mut x, labels) = clouds(30, 4);
        x[[3, 1]] = f32::NAN;
        assert_eq!(fit(x.view(), &labels, &vec![1.0; labels.len()], 3, 1.0, None), Err(Error::NotANumber));
    }
}
