//! Balances classes: every class has the same influence on a head, however many windows it has.
//!
//! The linear head weights the windows in its loss. The perceptron, which is trained in small batches, receives the windows of
//! smaller classes repeatedly: every class is filled up to the size of the largest, by whole copies first and a seeded choice
//! for the rest.

use rand::seq::SliceRandom;

use super::basics::seed;

/// Weight of each window: `n / (k * n_c)` for `n` windows of `k` classes that occur, `n_c` of them of the window's class. The
/// weights add up to `n`, and those of every class to the same sum (scikit-learn's `class_weight="balanced"`).
pub(super) fn weights(labels: &[usize], classes: usize) -> Vec<f64> {
    let mut counts = vec![0.0_f64; classes];
    labels.iter().for_each(|label| counts[*label] += 1.0);
    let present = counts.iter().filter(|count| **count > 0.0).count() as f64;
    labels.iter().map(|label| labels.len() as f64 / (present * counts[*label])).collect()
}

/// Positions in `labels` in which every occurring class occurs equally often.
pub(super) fn balanced(labels: &[usize], classes: usize, seed: u64) -> Vec<usize> {
    let mut by_class = vec![Vec::new(); classes];
    for (row, label) in labels.iter().enumerate() {
        by_class[*label].push(row);
    }
    let largest = by_class.iter().map(Vec::len).max().unwrap_or(0);
    let mut rng = seed::rng(seed, "balance");
    let mut rows = Vec::with_capacity(largest * classes);
    for class in by_class.iter().filter(|class| !class.is_empty()) {
        for _ in 0..largest / class.len() {
            rows.extend_from_slice(class);
        }
        let mut rest: Vec<usize> = class.choose_multiple(&mut rng, largest % class.len()).copied().collect();
        rest.sort_unstable();
        rows.append(&mut rest);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_the_same_sum_of_weights() {
        let weights = weights(&[0, 0, 0, 2], 4);
        assert!(weights.iter().zip([2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0, 2.0]).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn every_class_occurs_as_often_as_the_largest_and_every_window_at_least_once() {
        let labels = [0, 0, 0, 0, 0, 1, 1, 2];
        let rows = balanced(&labels, 4, 1);
        for class in 0..3 {
            assert_eq!(rows.iter().filter(|row| labels[**row] == class).count(), 5);
        }
        assert!((0..labels.len()).all(|row| rows.contains(&row)));
    }

    #[test]
    fn repeats_are_distributed_evenly() {
        let labels = [0, 0, 0, 0, 0, 1, 1];
        let rows = balanced(&labels, 2, 3);
        let repeats = |row: usize| rows.iter().filter(|r| **r == row).count();
        assert!((2..=3).contains(&repeats(5)) && (2..=3).contains(&repeats(6)));
    }

    #[test]
    fn the_seed_determines_the_choice() {
        let labels: Vec<usize> = (0..150).map(|row| usize::from(row >= 100)).chain([1; 20]).collect();
        assert_eq!(balanced(&labels, 2, 9), balanced(&labels, 2, 9));
        assert_ne!(balanced(&labels, 2, 9), balanced(&labels, 2, 10));
    }
}
