//! Who was taken for whom.

use serde::Serialize;

/// Counts of predictions: `counts[true class][predicted class]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// Names of the classes, in the order of rows and columns.
    pub classes: Vec<String>,
    /// One row per true class, one column per predicted class.
    pub counts: Vec<Vec<u64>>,
}

impl Confusion {
    /// A matrix of zeros over `classes`.
    pub fn new(classes: &[String]) -> Self {
        Self { classes: classes.to_vec(), counts: vec![vec![0; classes.len()]; classes.len()] }
    }

    /// The matrix of pairs `(true class, predicted class)`, indices into `classes`.
    ///
    /// # Panics
    /// When an index is not below the number of classes: a mistake of the caller, not of any input.
    pub fn of(classes: &[String], pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut matrix = Self::new(classes);
        for (truth, predicted) in pairs {
            matrix.counts[truth][predicted] += 1;
        }
        matrix
    }

    /// How many predictions were counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// How many of them were right.
    pub fn correct(&self) -> u64 {
        self.counts.iter().enumerate().map(|(class, row)| row[class]).sum()
    }

    /// How many items truly are of `class`.
    pub fn support(&self, class: usize) -> u64 {
        self.counts[class].iter().sum()
    }

    /// How many items were taken for `class`.
    pub fn predicted(&self, class: usize) -> u64 {
        self.counts.iter().map(|row| row[class]).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_true_classes_and_columns_are_predictions() {
        let classes = ["a".to_string(), "b".to_string()];
        let matrix = Confusion::of(&classes, [(0, 0), (0, 1), (0, 1), (1, 1)]);
        assert_eq!(matrix.counts, vec![vec![1, 2], vec![0, 1]]);
        assert_eq!((matrix.total(), matrix.correct()), (4, 2));
        assert_eq!((matrix.support(0), matrix.predicted(0)), (3, 1));
    }
}
