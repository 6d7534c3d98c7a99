//! The confusion matrix.

use serde::Serialize;

/// Classes of a matrix that can still be read.
const READABLE: usize = 40;

/// Counts of predictions: `counts[true class][predicted class]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Confusion {
    /// Names of the classes, in the order of rows and columns.
    pub classes: Vec<String>,
    /// One row per true class, one column per predicted class.
    pub counts: Vec<Vec<u64>>,
}

impl Confusion {
    /// The matrix of pairs `(true class, predicted class)`, indices into `classes`.
    ///
    /// # Panics
    /// When an index is not below the number of classes: an error of the caller, not of any input.
    pub(crate) fn from_pairs(classes: &[String], pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let counts = vec![vec![0; classes.len()]; classes.len()];
        let mut matrix = Self { classes: classes.to_vec(), counts };
        for (truth, predicted) in pairs {
            matrix.counts[truth][predicted] += 1;
        }
        matrix
    }

    /// Number of predictions.
    pub(crate) fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Number of right predictions.
    pub(crate) fn correct(&self) -> u64 {
        self.counts.iter().enumerate().map(|(class, row)| row[class]).sum()
    }

    /// Number of items of `class`.
    pub(crate) fn support(&self, class: usize) -> u64 {
        self.counts[class].iter().sum()
    }

    /// Number of items predicted as `class`.
    pub(crate) fn predicted(&self, class: usize) -> u64 {
        self.counts.iter().map(|row| row[class]).sum()
    }

    /// The matrix; of many classes only those that occur, because a larger matrix cannot be read.
    pub(crate) fn readable(&self) -> Self {
        if self.classes.len() <= READABLE {
            return self.clone();
        }
        let occurring: Vec<usize> = (0..self.classes.len())
            .filter(|class| self.support(*class) + self.predicted(*class) > 0)
            .take(READABLE)
            .collect();
        let row = |row: &usize| occurring.iter().map(|column| self.counts[*row][*column]).collect();
        Self {
            classes: occurring.iter().map(|class| self.classes[*class].clone()).collect(),
            counts: occurring.iter().map(row).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_true_classes_and_columns_are_predictions() {
        let classes = ["a".to_string(), "b".to_string()];
        let matrix = Confusion::from_pairs(&classes, [(0, 0), (0, 1), (0, 1), (1, 1)]);
        assert_eq!(matrix.counts, vec![vec![1, 2], vec![0, 1]]);
        assert_eq!((matrix.total(), matrix.correct()), (4, 2));
        assert_eq!((matrix.support(0), matrix.predicted(0)), (3, 1));
    }
}
