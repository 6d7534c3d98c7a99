//! Splits by group: no group is ever on two sides.
//!
//! A group is a unit that must stay on one side: one recording, one machine, one throttle setting. Neighbouring windows of
//! a recording are nearly equal, so a split inside it would measure memory. Within that bound the folds are stratified:
//! every class is spread over them as evenly as whole groups allow (greedy, largest groups first, as scikit-learn's
//! `StratifiedGroupKFold`). The seed determines the result.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Two sides of a split: positions of rows, ascending. Together they are all rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fold {
    /// Rows to train on.
    pub train: Vec<usize>,
    /// Rows held out.
    pub test: Vec<usize>,
}

/// Splits rows into `count` folds; every row is held out in exactly one of them.
///
/// `labels[i]` and `groups[i]` are class and group of row `i`. There are never more folds than groups (then each group is a
/// fold of its own), and none at all where there are fewer than two groups.
pub(crate) fn folds(labels: &[usize], groups: &[usize], count: usize, seed: u64) -> Vec<Fold> {
    let mut sizes = group_sizes(labels, groups);
    let count = count.min(sizes.len());
    if count < 2 {
        return Vec::new();
    }
    let classes = labels.iter().max().map_or(0, |label| label + 1);
    let mut totals = vec![0.0; classes];
    labels.iter().for_each(|label| totals[*label] += 1.0);

    // Shuffled first, so that the seed decides between groups of one size.
    sizes.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
    sizes.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<usize>()));
    let mut filled = vec![vec![0.0; classes]; count];
    let mut fold_of = BTreeMap::new();
    for (placed, (group, counts)) in sizes.iter().enumerate() {
        let shares: Vec<f64> = counts.iter().zip(&totals).map(|(n, total)| *n as f64 / f64::max(*total, 1.0)).collect();
        let empty = filled.iter().filter(|fold| fold.iter().all(|share| *share == 0.0)).count();
        let must_fill = sizes.len() - placed <= empty;
        let chosen = (0..count)
            .filter(|fold| !must_fill || filled[*fold].iter().all(|share| *share == 0.0))
            .min_by(|a, b| crowding(&filled[*a], &shares).total_cmp(&crowding(&filled[*b], &shares)))
            .unwrap_or(0);
        filled[chosen].iter_mut().zip(&shares).for_each(|(sum, share)| *sum += share);
        fold_of.insert(*group, chosen);
    }
    (0..count)
        .map(|fold| {
            let (test, train) = (0..groups.len()).partition(|row| fold_of[&groups[*row]] == fold);
            Fold { train, test }
        })
        .collect()
}

/// Holds out about `fraction` (0 to 1) of the rows: whole groups, of every class where it has at least two.
///
/// `None` where no split leaves every class to train on, or `fraction` is 0.
pub(crate) fn hold_out(labels: &[usize], groups: &[usize], fraction: f64, seed: u64) -> Option<Fold> {
    if fraction <= 0.0 {
        return None;
    }
    let wanted = (1.0 / fraction).round().max(2.0) as usize;
    let all = classes_in(labels, 0..labels.len());
    folds(labels, groups, wanted.min(most_folds(labels, groups)), seed)
        .into_iter()
        .filter(|fold| classes_in(labels, fold.train.iter().copied()) == all)
        // The most classes held out, then nearest to the fraction.
        .min_by(|a, b| {
            let held_out = |fold: &Fold| classes_in(labels, fold.test.iter().copied()).len();
            let distance = |fold: &Fold| (fold.test.len() as f64 / labels.len() as f64 - fraction).abs();
            held_out(b).cmp(&held_out(a)).then(distance(a).total_cmp(&distance(b)))
        })
}

/// Largest number of folds that can each hold out a group of every class: the smallest number of groups that a class has,
/// among the classes with at least two; 2 if there is no such class.
pub(crate) fn most_folds(labels: &[usize], groups: &[usize]) -> usize {
    let sizes = group_sizes(labels, groups);
    let classes = labels.iter().max().map_or(0, |label| label + 1);
    (0..classes)
        .map(|class| sizes.iter().filter(|(_, counts)| counts[class] > 0).count())
        .filter(|groups| *groups >= 2)
        .min()
        .unwrap_or(2)
}

/// Per group its number of rows of each class, by group.
fn group_sizes(labels: &[usize], groups: &[usize]) -> Vec<(usize, Vec<usize>)> {
    let classes = labels.iter().max().map_or(0, |label| label + 1);
    let mut sizes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (label, group) in labels.iter().zip(groups) {
        sizes.entry(*group).or_insert_with(|| vec![0; classes])[*label] += 1;
    }
    sizes.into_iter().collect()
}

/// How much putting a group of `shares` into `fold` would add to the unevenness: the growth of the sum of squared class
/// shares, plus a negligible amount for a fold that is fuller in other classes.
fn crowding(fold: &[f64], shares: &[f64]) -> f64 {
    let squares: f64 = fold.iter().zip(shares).map(|(sum, share)| (sum + share).powi(2) - sum.powi(2)).sum();
    squares + 1e-6 * fold.iter().sum::<f64>()
}

fn classes_in(labels: &[usize], rows: impl Iterator<Item = usize>) -> std::collections::BTreeSet<usize> {
    rows.map(|row| labels[row]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// `groups_per_class` groups of each of `classes` classes, five rows each.
    fn rows(classes: usize, groups_per_class: usize) -> (Vec<usize>, Vec<usize>) {
        let count = classes * groups_per_class;
        ((0..count * 5).map(|row| row / 5 % classes).collect(), (0..count * 5).map(|row| row / 5).collect())
    }

    fn sides(fold: &Fold, groups: &[usize]) -> (BTreeSet<usize>, BTreeSet<usize>) {
        let of = |rows: &[usize]| rows.iter().map(|row| groups[*row]).collect();
        (of(&fold.train), of(&fold.test))
    }

    #[test]
    fn no_group_is_on_two_sides_and_every_row_is_held_back_once() {
        let (labels, groups) = rows(3, 7);
        let folds = folds(&labels, &groups, 4, 1);
        let mut held_back = vec![0; labels.len()];
        for fold in &folds {
            let (train, test) = sides(fold, &groups);
            assert!(train.is_disjoint(&test));
            assert_eq!(fold.train.len() + fold.test.len(), labels.len());
            fold.test.iter().for_each(|row| held_back[*row] += 1);
        }
        assert_eq!(held_back, vec![1; labels.len()]);
    }

    #[test]
    fn every_fold_holds_back_every_class_when_there_are_groups_enough() {
        let (labels, groups) = rows(4, 5);
        for fold in folds(&labels, &groups, 5, 3) {
            assert_eq!(classes_in(&labels, fold.test.iter().copied()).len(), 4);
        }
    }

    #[test]
    fn as_many_folds_as_groups_leave_one_group_out_each() {
        // Groups of very different sizes and mixed classes.
        let groups: Vec<usize> =
            [(0, 40), (1, 3), (2, 3), (3, 1), (4, 9)].iter().flat_map(|(g, n)| vec![*g; *n]).collect();
        let labels: Vec<usize> = (0..groups.len()).map(|row| row % 2).collect();
        let folds = folds(&labels, &groups, 9, 1);
        assert_eq!(folds.len(), 5);
        assert!(folds.iter().all(|fold| sides(fold, &groups).1.len() == 1));
    }

    #[test]
    fn one_group_cannot_be_split() {
        assert!(folds(&[0, 1, 0], &[4, 4, 4], 3, 1).is_empty());
        assert!(hold_out(&[0, 1, 0], &[4, 4, 4], 0.2, 1).is_none());
    }

    #[test]
    fn a_hold_out_has_every_class_on_both_sides() {
        let (labels, groups) = rows(4, 3);
        let fold = hold_out(&labels, &groups, 0.2, 1).unwrap();
        assert_eq!(classes_in(&labels, fold.test.iter().copied()).len(), 4);
        assert_eq!(classes_in(&labels, fold.train.iter().copied()).len(), 4);
        assert_eq!(fold.test.len(), 20);
    }

    #[test]
    fn a_class_of_one_group_is_never_held_out() {
        let (mut labels, mut groups) = rows(2, 5);
        labels.extend([2; 5]);
        groups.extend([99; 5]);
        for seed in 0..20 {
            let fold = hold_out(&labels, &groups, 0.2, seed).unwrap();
            assert!(fold.train.iter().any(|row| groups[*row] == 99), "seed {seed}");
        }
    }

    #[test]
    fn a_hold_out_of_nothing_is_none() {
        let (labels, groups) = rows(2, 5);
        assert!(hold_out(&labels, &groups, 0.0, 1).is_none());
    }

    #[test]
    fn the_seed_decides() {
        let (labels, groups) = rows(2, 20);
        assert_eq!(folds(&labels, &groups, 5, 1), folds(&labels, &groups, 5, 1));
        assert_ne!(folds(&labels, &groups, 5, 1), folds(&labels, &groups, 5, 2));
    }
}
