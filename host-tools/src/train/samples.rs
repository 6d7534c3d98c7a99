//! Windows to train on, and their subsets for folds.

use ndarray::{Array2, ArrayView2, Axis};

use super::Standardiser;
use super::balance::{balanced, weights};

/// Borrowed features, classes and groups of windows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Samples<'a> {
    /// Features, [windows x features], as the device computes them.
    pub x: ArrayView2<'a, f32>,
    /// Class of each window.
    pub labels: &'a [usize],
    /// Group of each window.
    pub groups: &'a [usize],
    /// Number of classes.
    pub classes: usize,
    /// Changed copies of windows: training on a window includes its copies; figures never do.
    pub copies: Option<Copies<'a>>,
}

/// Changed copies of windows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copies<'a> {
    /// Features, [copies x features].
    pub x: ArrayView2<'a, f32>,
    /// The window that each is a copy of.
    pub of: &'a [usize],
}

impl<'a> Samples<'a> {
    /// Classes of `rows`.
    pub(super) fn labels_of(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|row| self.labels[*row]).collect()
    }

    /// Raw features of `rows`.
    pub(super) fn features_of(&self, rows: &[usize]) -> Array2<f32> {
        self.x.select(Axis(0), rows)
    }

    /// The same windows with only the features `columns`.
    pub(super) fn columns(&self, columns: std::ops::Range<usize>) -> Samples<'a> {
        let of = |x: ArrayView2<'a, f32>| {
            let (_, from) = x.split_at(Axis(1), columns.start);
            from.split_at(Axis(1), columns.len()).0
        };
        let copies = self.copies.map(|copies| Copies { x: of(copies.x), ..copies });
        Samples { x: of(self.x), copies, ..*self }
    }

    /// Features and classes of `rows` and of their copies.
    fn with_copies(&self, rows: &[usize]) -> (Array2<f32>, Vec<usize>) {
        let (mut x, mut labels) = (self.features_of(rows), self.labels_of(rows));
        let Some(copies) = self.copies else { return (x, labels) };
        let mut wanted = vec![false; self.labels.len()];
        rows.iter().for_each(|row| wanted[*row] = true);
        for (copy, of) in copies.x.rows().into_iter().zip(copies.of).filter(|(_, of)| wanted[**of]) {
            // The widths are equal: the features are of one kind.
            if x.push_row(copy).is_ok() {
                labels.push(self.labels[*of]);
            }
        }
        (x, labels)
    }
}

/// Rows and their copies, standardised.
pub(super) struct Prepared {
    pub standardiser: Standardiser,
    /// [rows x features that vary].
    pub x: Array2<f32>,
    pub labels: Vec<usize>,
    /// Balanced weight of each row.
    pub weights: Vec<f64>,
    /// Number of classes.
    classes: usize,
}

impl Prepared {
    pub(super) fn new(samples: &Samples<'_>, rows: &[usize]) -> Self {
        let (raw, labels) = samples.with_copies(rows);
        // Mean and deviation are those of the windows without weights.
        let standardiser = Standardiser::fit(raw.view());
        let x = standardiser.apply(raw.view());
        let weights = weights(&labels, samples.classes);
        Self { standardiser, x, labels, weights, classes: samples.classes }
    }

    /// Rows and labels with every class filled up to the size of the largest.
    pub(super) fn repeated(&self, seed: u64) -> (Array2<f32>, Vec<usize>) {
        let chosen = balanced(&self.labels, self.classes, seed);
        (self.x.select(Axis(0), &chosen), chosen.iter().map(|row| self.labels[*row]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn columns_are_a_slice_of_the_same_windows() {
        let x = array![[0.0_f32, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]];
        let copies = Copies { x: x.view(), of: &[1, 0] };
        let samples = Samples { x: x.view(), labels: &[0, 1], groups: &[0, 1], classes: 2, copies: Some(copies) };
        let columns = samples.columns(1..3);
        assert_eq!(columns.x, array![[1.0, 2.0], [5.0, 6.0]]);
        assert_eq!(columns.copies.unwrap().x, columns.x);
    }

    #[test]
    fn training_on_a_window_includes_its_copies_and_no_others() {
        let x = array![[0.0_f32], [1.0], [2.0]];
        let copied = array![[20.0_f32], [0.5], [21.0], [10.0]];
        let copies = Copies { x: copied.view(), of: &[2, 0, 2, 1] };
        let samples = Samples { x: x.view(), labels: &[0, 1, 1], groups: &[0, 1, 2], classes: 2, copies: Some(copies) };
        assert_eq!(samples.with_copies(&[0, 2]), (array![[0.0], [2.0], [20.0], [0.5], [21.0]], vec![0, 1, 1, 0, 1]));
        assert_eq!(samples.features_of(&[0, 2]), array![[0.0], [2.0]]);
    }
}
