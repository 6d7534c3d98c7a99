//! Windows to learn from, and the parts of them that folds are made of.

use ndarray::{Array2, ArrayView2, Axis};

use super::{Standardiser, balanced};

/// Features and classes of windows, none of them copied.
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a> {
    /// Features, [windows x features], as the device computes them.
    pub x: ArrayView2<'a, f32>,
    /// Class of each window.
    pub labels: &'a [usize],
    /// Group of each window.
    pub groups: &'a [usize],
    /// Number of classes.
    pub classes: usize,
}

impl<'a> Samples<'a> {
    /// Classes of `rows`.
    pub fn labels_of(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|row| self.labels[*row]).collect()
    }

    /// Raw features of `rows`.
    pub fn features_of(&self, rows: &[usize]) -> Array2<f32> {
        self.x.select(Axis(0), rows)
    }

    /// The same windows with the features `columns` alone.
    pub fn columns(&self, columns: std::ops::Range<usize>) -> Samples<'a> {
        let (_, from) = self.x.split_at(Axis(1), columns.start);
        let (x, _) = from.split_at(Axis(1), columns.len());
        Samples { x, ..*self }
    }
}

/// Rows made ready to learn from: classes balanced, features standardised.
pub(super) struct Prepared {
    pub standardiser: Standardiser,
    /// [balanced rows x features that change].
    pub x: Array2<f32>,
    pub labels: Vec<usize>,
}

impl Prepared {
    pub fn new(samples: &Samples<'_>, rows: &[usize], seed: u64) -> Self {
        let labels = samples.labels_of(rows);
        let raw = samples.features_of(rows);
        // Mean and deviation come from the windows as they are; repeats are for the classes' weight alone.
        let standardiser = Standardiser::fit(raw.view());
        let chosen = balanced(&labels, samples.classes, seed);
        let x = standardiser.apply(raw.select(Axis(0), &chosen).view());
        let labels = chosen.iter().map(|row| labels[*row]).collect();
        Self { standardiser, x, labels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn columns_are_a_slice_of_the_same_windows() {
        let x = array![[0.0_f32, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]];
        let samples = Samples { x: x.view(), labels: &[0, 1], groups: &[0, 1], classes: 2 };
        assert_eq!(samples.columns(1..3).x, array![[1.0, 2.0], [5.0, 6.0]]);
    }
}
