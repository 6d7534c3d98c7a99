//! The leading principal components of a matrix, by subspace iteration with a Rayleigh-Ritz step (Halko, Martinsson and
//! Tropp, 2011, algorithm 4.4): a few products with the matrix, where a whole decomposition would take minutes.

use anyhow::Context;
use linfa_linalg::eigh::{EigSort, Eigh};
use ndarray::{Array1, Array2, ArrayView2, Axis, Slice};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Extra directions, which make the last requested ones accurate.
const MORE: usize = 8;
const ITERATIONS: usize = 8;

/// The `count` leading directions of `a` [windows x values], one per row, and the squared singular value of each.
///
/// # Errors
/// When the decomposition of the small matrix fails.
pub(crate) fn components(a: ArrayView2<'_, f64>, count: usize) -> anyhow::Result<(Array2<f64>, Array1<f64>)> {
    let wanted = (count + MORE).min(a.nrows()).min(a.ncols());
    let mut random = Xoshiro256PlusPlus::seed_from_u64(0);
    let mut basis = Array2::from_shape_fn((wanted, a.ncols()), |_| random.gen_range(-1.0..1.0));
    orthonormal(&mut basis);
    for _ in 0..ITERATIONS {
        basis = a.dot(&basis.t()).t().dot(&a);
        orthonormal(&mut basis);
    }
    let along = a.dot(&basis.t());
    let (values, vectors) =
        along.t().dot(&along).eigh().context("the principal components cannot be computed")?.sort_eig_desc();
    let count = count.min(wanted);
    let directions = vectors.slice_axis(Axis(1), Slice::from(..count)).t().dot(&basis);
    Ok((directions, values.slice_axis(Axis(0), Slice::from(..count)).mapv(|value| value.max(0.0))))
}

/// Gram-Schmidt over the rows, twice for accuracy; a row that depends on those before it becomes zero.
fn orthonormal(rows: &mut Array2<f64>) {
    for row in 0..rows.nrows() {
        let (before, mut rest) = rows.view_mut().split_at(Axis(0), row);
        let mut this = rest.row_mut(0);
        let length = this.dot(&this).sqrt();
        for _ in 0..2 {
            for other in before.rows() {
                let share = this.dot(&other);
                this.scaled_add(-share, &other);
            }
        }
        let left = this.dot(&this).sqrt();
        let scale = if left > 1e-10 * length { 1.0 / left } else { 0.0 };
        this.mapv_inplace(|value| value * scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_directions_and_variances_are_found() {
        let a = Array2::from_shape_fn((400, 30), |(row, column)| {
            let size = [5.0, 3.0, 1.0].get(column).copied().unwrap_or(0.01);
            // Columns of different frequencies are orthogonal.
            size * (std::f64::consts::TAU * (column + 1) as f64 * row as f64 / 400.0).sin()
        });
        let (directions, squares) = components(a.view(), 3).unwrap();
        for (component, size) in [5.0_f64, 3.0, 1.0].into_iter().enumerate() {
            assert!((directions[[component, component]].abs() - 1.0).abs() < 1e-6);
            assert!((squares[component] / (size * size * 200.0) - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn more_components_than_exist_are_accepted() {
        let a = Array2::from_shape_fn((3, 5), |(row, column)| (row * column) as f64);
        let (directions, squares) = components(a.view(), 4).unwrap();
        assert!(directions.iter().chain(&squares).all(|value| value.is_finite()));
    }
}
