//! The leading principal components of a matrix, by subspace iteration with a Rayleigh-Ritz step (Halko, Martinsson and
//! Tropp, 2011, algorithm 4.4) on the matrix of the columns' products, or of the rows' where those are fewer: it is computed once,
//! so that an iteration costs little. A whole decomposition would take minutes.
//!
//! Products are in f32, sums over blocks of them in f64, and so is all that makes directions orthonormal. The error is far below
//! that of the f32 of a detector's tables.

use anyhow::Context;
use linfa_linalg::eigh::{EigSort, Eigh};
use ndarray::{Array1, Array2, ArrayView2, Axis, Slice};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

/// Extra directions, which make the last requested ones accurate.
const MORE: usize = 8;
/// After half of them ln of the distance of an unseen window is wrong by up to 0.3, after these by 0.03.
const ITERATIONS: usize = 16;
/// Columns whose products are computed together, and rows whose products are added in f32.
const STRIP: usize = 128;
const BLOCK: usize = 256;
/// Least squared singular value, as a share of the largest: less is rounding.
const ROUNDING: f64 = 1e-12;

/// Principal components of the rows of a matrix.
#[derive(Debug, Clone)]
pub(crate) struct Components {
    /// The leading directions, one per row, orthonormal: [components x values]. Those beyond the rank of the matrix are zero.
    pub directions: Array2<f64>,
    /// The squared singular value of each.
    pub squares: Array1<f64>,
    /// Coordinates of each row along them: [rows x components].
    pub along: Array2<f64>,
}

impl Components {
    /// The `count` leading components of `a` [windows x values].
    ///
    /// # Errors
    /// When the decomposition of the small matrix fails.
    pub(crate) fn new(a: ArrayView2<'_, f32>, count: usize) -> anyhow::Result<Self> {
        let wanted = (count + MORE).min(a.nrows()).min(a.ncols());
        let is_wide = a.nrows() < a.ncols();
        let products = products(if is_wide { a.reversed_axes() } else { a });
        let mut random = Xoshiro256PlusPlus::seed_from_u64(0);
        let mut basis = Array2::from_shape_fn((wanted, products.ncols()), |_| random.gen_range(-1.0..1.0));
        orthonormal(&mut basis);
        for _ in 0..ITERATIONS {
            basis = narrow(&basis).dot(&products).mapv(f64::from);
            orthonormal(&mut basis);
        }
        if is_wide {
            basis = narrow(&basis).dot(&a).mapv(f64::from);
            orthonormal(&mut basis);
        }
        let along = a.dot(&narrow(&basis).t()).mapv(f64::from);
        let (values, vectors) =
            along.t().dot(&along).eigh().context("the principal components cannot be computed")?.sort_eig_desc();
        let count = count.min(wanted);
        let least = ROUNDING * values.first().copied().unwrap_or(0.0);
        let mut vectors = vectors.slice_axis(Axis(1), Slice::from(..count)).to_owned();
        let found = vectors.columns_mut().into_iter().zip(&values);
        found.filter(|(_, value)| **value <= least).for_each(|(mut vector, _)| vector.fill(0.0));
        Ok(Self {
            directions: vectors.t().dot(&basis),
            squares: values.slice_axis(Axis(0), Slice::from(..count)).mapv(|value| value.max(0.0)),
            along: along.dot(&vectors),
        })
    }
}

fn narrow(wide: &Array2<f64>) -> Array2<f32> {
    wide.mapv(|value| value as f32)
}

/// `a^T a`.
fn products(a: ArrayView2<'_, f32>) -> Array2<f32> {
    let begins: Vec<usize> = (0..a.ncols()).step_by(STRIP).collect();
    // The matrix is symmetric: of each strip only what lies before its end.
    let strip = |begin: usize| {
        let end = (begin + STRIP).min(a.ncols());
        let mut sums = Array2::<f64>::zeros((end - begin, end));
        for block in a.axis_chunks_iter(Axis(0), BLOCK) {
            let [own, before] = [begin..end, 0..end].map(|columns| block.slice_axis(Axis(1), Slice::from(columns)));
            sums.zip_mut_with(&own.t().dot(&before), |sum, value| *sum += f64::from(*value));
        }
        narrow(&sums)
    };
    let strips: Vec<Array2<f32>> = begins.par_iter().map(|begin| strip(*begin)).collect();
    let mut products = Array2::zeros((a.ncols(), a.ncols()));
    for (begin, strip) in begins.iter().zip(strips) {
        for ((row, column), value) in strip.indexed_iter() {
            (products[[begin + row, column]], products[[column, begin + row]]) = (*value, *value);
        }
    }
    products
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
            (size * (std::f64::consts::TAU * (column + 1) as f64 * row as f64 / 400.0).sin()) as f32
        });
        let Components { directions, squares, .. } = Components::new(a.view(), 3).unwrap();
        for (component, size) in [5.0_f64, 3.0, 1.0].into_iter().enumerate() {
            assert!((directions[[component, component]].abs() - 1.0).abs() < 1e-6);
            assert!((squares[component] / (size * size * 200.0) - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn products_are_those_of_every_pair_of_columns() {
        // More columns than a strip, more rows than a block.
        let a = Array2::from_shape_fn((300, 150), |(row, column)| ((row * 7 + column * 13) % 11) as f32 - 5.0);
        assert_eq!(products(a.view()), a.t().dot(&a));
    }

    #[test]
    fn fewer_rows_than_columns_have_the_same_components() {
        let noise = |row: usize, column: usize| ((row * 7919 + column * 104_729 + row * column) % 1009) as f32 / 1009.0;
        let a = Array2::from_shape_fn((40, 200), |(row, column)| {
            noise(row, column) + [4.0, 2.0, 1.0].get(row % 8).copied().unwrap_or(0.0) * noise(row % 8, column + 1)
        });
        let wide = Components::new(a.view(), 3).unwrap();
        let tall = Components::new(a.t(), 3).unwrap();
        for component in 0..3 {
            assert!((wide.squares[component] / tall.squares[component] - 1.0).abs() < 1e-5);
            // The coordinates of the rows are the directions of the transposed matrix, each times its singular value.
            let of = wide.along.column(component).dot(&tall.directions.row(component)).powi(2);
            assert!((of / wide.squares[component] - 1.0).abs() < 1e-4, "{component}: {of}");
        }
    }

    #[test]
    fn more_components_than_exist_are_accepted() {
        let a = Array2::from_shape_fn((3, 5), |(row, column)| (row * column) as f32);
        let Components { directions, squares, .. } = Components::new(a.view(), 4).unwrap();
        assert!(directions.iter().chain(&squares).all(|value| value.is_finite()));
    }
}
