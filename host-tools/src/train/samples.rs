//! Windows to train on, and their subsets for folds.
//!
//! Folds do not copy windows. All windows are standardised once, together; a fold borrows its rows of them, and its own
//! standardisation, which differs little, is part of the regression ([`monitor_model::regression::Scaling`]). So training takes
//! the features twice, however many folds are computed at a time.

use std::ops::Range;
use std::sync::Arc;

use monitor_model::regression::Scaling;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

use super::Standardiser;
use super::balance::{balanced, weights};
use super::head::TrainedHead;
use super::logistic::Task;

/// Borrowed features, classes and groups of windows.
#[derive(Debug, Clone)]
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
    /// All of them standardised together.
    together: Arc<Together>,
    /// The features that are used, as columns of the features that `together` was computed from.
    columns: Range<usize>,
}

/// Changed copies of windows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copies<'a> {
    /// Features, [copies x features].
    pub x: ArrayView2<'a, f32>,
    /// The window that each is a copy of.
    pub of: &'a [usize],
}

/// All windows and copies, standardised together.
#[derive(Debug)]
struct Together {
    standardiser: Standardiser,
    /// [windows x features that vary].
    x: Array2<f32>,
    /// [copies x features that vary].
    copies: Array2<f32>,
}

impl<'a> Samples<'a> {
    /// Samples of features `x` [windows x features] with class and group of each window.
    pub(super) fn new(
        x: ArrayView2<'a, f32>,
        labels: &'a [usize],
        groups: &'a [usize],
        classes: usize,
        copies: Option<Copies<'a>>,
    ) -> Self {
        let copied = copies.map_or(x.split_at(Axis(0), 0).0, |copies| copies.x);
        let rows = (0..x.nrows() + copied.nrows())
            .map(|row| if row < x.nrows() { x.row(row) } else { copied.row(row - x.nrows()) });
        let standardiser = Standardiser::of_rows(rows, x.ncols());
        let together = Together { x: standardiser.apply(x), copies: standardiser.apply(copied), standardiser };
        Self { x, labels, groups, classes, copies, together: Arc::new(together), columns: 0..x.ncols() }
    }

    /// Classes of `rows`.
    pub(super) fn labels_of(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|row| self.labels[*row]).collect()
    }

    /// `rows`, standardised together with all others: slices of the features that vary.
    pub(super) fn together(&self, rows: &[usize]) -> Vec<&[f32]> {
        rows.iter().map(|row| self.columns_of(&self.together.x, *row)).collect()
    }

    /// Probabilities [rows x classes] that `head` gives to `rows`.
    pub(super) fn probabilities(&self, head: &TrainedHead, rows: &[usize]) -> Array2<f32> {
        in_parts(rows, self.classes, |part| head.probabilities(self.x.select(Axis(0), part).view()))
    }

    /// The same windows with only the features `columns`.
    pub(super) fn columns(&self, columns: Range<usize>) -> Self {
        let of = |x: ArrayView2<'a, f32>| {
            let (_, from) = x.split_at(Axis(1), columns.start);
            from.split_at(Axis(1), columns.len()).0
        };
        let copies = self.copies.map(|copies| Copies { x: of(copies.x), ..copies });
        let begin = self.columns.start;
        let columns = begin + columns.start..begin + columns.end;
        Self { x: of(self.x), copies, columns, ..self.clone() }
    }

    /// The used columns of a row of `x`, which has the features that vary.
    fn columns_of<'s>(&'s self, x: &'s Array2<f32>, row: usize) -> &'s [f32] {
        let width = x.ncols();
        let row = x.as_slice().and_then(|all| all.get(row * width..(row + 1) * width)).unwrap_or_default();
        &row[self.together.standardiser.places(&self.columns)]
    }

    /// Every window of `rows` and every copy of one, in this order: whether it is a copy, its row, and its class.
    fn with_copies(&self, rows: &[usize]) -> Vec<(bool, usize, usize)> {
        let mut all: Vec<_> = rows.iter().map(|row| (false, *row, self.labels[*row])).collect();
        if let Some(copies) = self.copies {
            let mut wanted = vec![false; self.labels.len()];
            rows.iter().for_each(|row| wanted[*row] = true);
            let own = copies.of.iter().enumerate().filter(|(_, of)| wanted[**of]);
            all.extend(own.map(|(copy, of)| (true, copy, self.labels[*of])));
        }
        all
    }

    /// Raw features of a row that may be that of a copy.
    fn raw(&self, is_copy: bool, row: usize) -> ArrayView1<'a, f32> {
        let x = self.copies.filter(|_| is_copy).map_or(self.x, |copies| copies.x);
        x.index_axis_move(Axis(0), row)
    }
}

/// Rows that are copied at a time to compute probabilities.
const PART: usize = 256;

/// Probabilities [rows x classes] of `rows`, of which `probabilities` computes those of a part.
pub(super) fn in_parts(rows: &[usize], classes: usize, probabilities: impl Fn(&[usize]) -> Array2<f32>) -> Array2<f32> {
    let mut found = Array2::zeros((rows.len(), classes));
    for (part, mut to) in rows.chunks(PART).zip(found.axis_chunks_iter_mut(Axis(0), PART)) {
        to.assign(&probabilities(part));
    }
    found
}

/// Rows and their copies, to train on.
pub(super) struct Prepared<'s, 'a> {
    samples: &'s Samples<'a>,
    /// Their standardisation.
    pub standardiser: Standardiser,
    /// What makes of `x` what `standardiser` makes of their features.
    pub scaling: Scaling,
    /// The rows, standardised together with all others.
    pub x: Vec<&'s [f32]>,
    pub labels: Vec<usize>,
    /// Balanced weight of each row.
    pub weights: Vec<f64>,
    /// Whether each is a copy, and its row.
    places: Vec<(bool, usize)>,
}

impl<'s, 'a> Prepared<'s, 'a> {
    pub(super) fn new(samples: &'s Samples<'a>, rows: &[usize]) -> Self {
        let all = samples.with_copies(rows);
        let labels: Vec<usize> = all.iter().map(|(.., label)| *label).collect();
        // Mean and deviation are those of the windows without weights.
        let raw = all.iter().map(|(is_copy, row, _)| samples.raw(*is_copy, *row));
        let standardiser = Standardiser::of_rows(raw, samples.x.ncols());
        let scaling = standardiser.after(&samples.together.standardiser.columns(samples.columns.clone()));
        let Together { x, copies, .. } = &*samples.together;
        let slice =
            |(is_copy, row, _): &(bool, usize, usize)| samples.columns_of(if *is_copy { copies } else { x }, *row);
        let x = all.iter().map(slice).collect();
        let weights = weights(&labels, samples.classes);
        let places = all.iter().map(|(is_copy, row, _)| (*is_copy, *row)).collect();
        Self { samples, standardiser, scaling, x, labels, weights, places }
    }

    /// Number of features, with those that do not vary.
    pub(super) fn features(&self) -> usize {
        self.samples.x.ncols()
    }

    /// What a linear head is fitted to.
    pub(super) fn task(&self) -> Task<'_> {
        let Self { scaling, x, labels, weights, .. } = self;
        Task { x, scaling, labels, weights, classes: self.samples.classes }
    }

    /// Positions and labels of the rows with every class filled up to the size of the largest.
    pub(super) fn repeated(&self, seed: u64) -> (Vec<usize>, Vec<usize>) {
        let chosen = balanced(&self.labels, self.samples.classes, seed);
        let labels = chosen.iter().map(|row| self.labels[*row]).collect();
        (chosen, labels)
    }

    /// Standardised features of the rows at `positions` [positions x features that vary].
    pub(super) fn standardised(&self, positions: impl ExactSizeIterator<Item = usize>) -> Array2<f32> {
        let places = positions.map(|position| self.places[position]);
        self.standardiser.apply_rows(places.map(|(is_copy, row)| self.samples.raw(is_copy, row)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn columns_are_a_slice_of_the_same_windows() {
        // The second feature does not vary.
        let x = array![[0.0_f32, 1.0, 2.0, 3.0], [4.0, 1.0, 6.0, 8.0]];
        let copies = Copies { x: x.view(), of: &[1, 0] };
        let samples = Samples::new(x.view(), &[0, 1], &[0, 1], 2, Some(copies));
        let columns = samples.columns(1..4).columns(0..2);
        assert_eq!(columns.x, array![[1.0, 2.0], [1.0, 6.0]]);
        assert_eq!(columns.copies.unwrap().x, columns.x);
        assert_eq!(columns.together(&[1, 0]), [&[1.0], &[-1.0]]);
        assert_eq!(samples.together(&[0]), [&[-1.0, -1.0, -1.0]]);
    }

    #[test]
    fn training_on_a_window_includes_its_copies_and_no_others() {
        let x = array![[0.0_f32], [1.0], [2.0]];
        let copied = array![[20.0_f32], [0.5], [21.0], [10.0]];
        let copies = Copies { x: copied.view(), of: &[2, 0, 2, 1] };
        let samples = Samples::new(x.view(), &[0, 1, 1], &[0, 1, 2], 2, Some(copies));
        let prepared = Prepared::new(&samples, &[0, 2]);
        assert_eq!(prepared.labels, [0, 1, 1, 0, 1]);
        let expected = array![[0.0_f32], [2.0], [20.0], [0.5], [21.0]];
        let alone = Standardiser::fit(expected.view());
        assert_eq!(prepared.standardiser, alone);
        assert_eq!(prepared.standardised(0..5), alone.apply(expected.view()));
        // By way of all windows and copies the rows are the same.
        for (x, expected) in prepared.x.iter().zip(alone.apply(expected.view())) {
            let (mean, scale) = prepared.scaling.values[0];
            assert!(((f64::from(x[0]) - mean) * scale - f64::from(expected)).abs() < 1e-5);
        }
    }
}
