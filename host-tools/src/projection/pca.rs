//! Principal components: the two directions in which the windows differ most.

use anyhow::Context;
use linfa::DatasetBase;
use linfa::traits::Fit;
use ndarray::{Array2, ArrayView2, Axis};

/// Windows along their first two principal components.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pca {
    /// One row per window: first and second component.
    pub points: Array2<f64>,
    /// Share of the whole variance that each of the two explains, 0..=1.
    pub explained: [f64; 2],
}

/// Projects `x` [windows x features].
///
/// # Errors
/// With fewer than 3 windows or 2 features, or when nothing varies or the decomposition fails.
pub(crate) fn pca(x: ArrayView2<'_, f64>) -> anyhow::Result<Pca> {
    let (windows, features) = x.dim();
    anyhow::ensure!(
        windows >= 3 && features >= 2,
        "a principal component analysis needs 3 windows and 2 features that vary; there are {windows} and {features}"
    );
    // linfa returns only the requested components; these shares are of the total variance.
    let total: f64 = x.var_axis(Axis(0), 1.0).sum();
    anyhow::ensure!(total > 0.0 && total.is_finite(), "all windows are equal, so there is nothing to draw");
    let fitted = linfa_reduction::Pca::params(2)
        .fit(&DatasetBase::from(x.to_owned()))
        .context("the principal components cannot be computed")?;
    let mut directions = fitted.components().to_owned();
    // A component's sign is arbitrary; here its largest part is positive.
    for mut direction in directions.axis_iter_mut(Axis(0)) {
        let largest = direction.iter().copied().fold(0.0_f64, |a, b| if b.abs() > a.abs() { b } else { a });
        if largest < 0.0 {
            direction.mapv_inplace(|part| -part);
        }
    }
    let points = (&x - fitted.mean()).dot(&directions.t());
    anyhow::ensure!(points.iter().all(|v| v.is_finite()), "the principal components are not finite");
    let share = |component: usize| points.column(component).var(1.0) / total;
    Ok(Pca { explained: [share(0), share(1)], points })
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;
    use rand::{Rng, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    /// Points along two orthogonal directions of 20 with deviations 3 and 1, hardly anything elsewhere.
    fn cloud(windows: usize) -> Array2<f64> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut normal = move || (0..12).map(|_| random.gen_range(-0.5..0.5)).sum::<f64>();
        let first = Array1::from_iter((0..20).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 })) / 20f64.sqrt();
        let second = Array1::from_elem(20, 1.0 / 20f64.sqrt());
        let mut x = Array2::zeros((windows, 20));
        for mut row in x.rows_mut() {
            let (a, b) = (3.0 * normal(), normal());
            row.assign(&(&first * a + &second * b));
            row.mapv_inplace(|v: f64| v + 0.001 * normal() + 5.0);
        }
        x
    }

    #[test]
    fn two_known_directions_are_found() {
        let x = cloud(400);
        let found = pca(x.view()).unwrap();
        assert!((found.explained[0] - 0.9).abs() < 0.02, "{:?}", found.explained);
        assert!((found.explained[0] + found.explained[1] - 1.0).abs() < 1e-4, "{:?}", found.explained);
        assert!((found.points.column(0).std(1.0) - 3.0).abs() < 0.3);
    }

    #[test]
    fn the_same_windows_give_the_same_points() {
        let x = cloud(50);
        assert_eq!(pca(x.view()).unwrap(), pca(x.view()).unwrap());
    }

    #[test]
    fn three_windows_are_enough_and_fewer_are_refused() {
        for windows in [3, 4, 5, 10] {
            pca(cloud(windows).view()).unwrap();
        }
        assert!(pca(cloud(2).view()).is_err());
        assert!(pca(Array2::zeros((10, 5)).view()).is_err());
    }
}
