//! Strengths of regularisation of the linear head, and the choice among them.
//!
//! The penalty's factor alpha is `1/C` of scikit-learn: losses are summed over the windows, so the same alpha weighs less with
//! more windows. The **default** is `10 * sqrt(values / 100)` for features of that many values: standardised values add
//! up, and the logits of more values need smaller weights. [`path`] surrounds it from 100 times stronger to 3000 times weaker.
//!
//! **Choice** ([`choose`]): the strength nearest to the default whose error on the validation windows lies within one standard
//! error of the lowest. Error is the share of wrong windows with every class equally weighted, 1 - balanced accuracy; the
//! standard error is that of the difference to the lowest, and groups are the sampling unit, because windows of one group are
//! alike. The rule of one standard error (Breiman and others, "Classification and Regression Trees", 1984) takes the strongest
//! of these; on real machines that underfits, and the lowest loss prefers hardly any weights where groups differ, because the
//! loss counts confidence, which calibration sets anyway. The figures are in `docs/development/decisions/linear-head-strength.md`.

use std::collections::BTreeMap;

use super::balance::weights;

/// Number of strengths.
pub(super) const COUNT: usize = 12;
/// Place of the default in the path.
pub(super) const USUAL: usize = 4;

/// The default for features of `values` values.
pub(super) fn usual(values: usize) -> f64 {
    10.0 * (values.max(1) as f64 / 100.0).sqrt()
}

/// Strengths for features of `values` values, strongest first so that each fit starts near its solution: two in a decade.
pub(super) fn path(values: usize) -> [f64; COUNT] {
    std::array::from_fn(|place| usual(values) * 10f64.powf((USUAL as f64 - place as f64) / 2.0))
}

/// Validation error of one strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Validated {
    /// Share of wrong windows, every class equally weighted, 0 to 1.
    pub error: f64,
    /// Standard error of the difference to the lowest error.
    pub standard_error: f64,
}

impl Validated {
    /// Whether it lies within one standard error of the `lowest` error.
    pub(super) fn is_within(&self, lowest: f64) -> bool {
        // Sums of the same windows in another order may differ in the last digit.
        self.error <= lowest + self.standard_error + 1e-9
    }
}

/// Validation errors of the first strengths of a path: `wrong[strength][window]`, with class and group of each window.
pub(super) fn validate(wrong: &[Vec<bool>], labels: &[usize], groups: &[usize]) -> Vec<Validated> {
    let classes = labels.iter().max().map_or(0, |label| label + 1);
    let shares: Vec<f64> = weights(labels, classes).iter().map(|weight| weight / labels.len() as f64).collect();
    let error = |wrong: &Vec<bool>| wrong.iter().zip(&shares).filter(|(w, _)| **w).map(|(_, share)| share).sum::<f64>();
    let errors: Vec<f64> = wrong.iter().map(error).collect();
    let Some(lowest) = (0..errors.len()).min_by(|a, b| errors[*a].total_cmp(&errors[*b])) else { return Vec::new() };
    let difference = |strength: &Vec<bool>| {
        let pairs = strength.iter().zip(&wrong[lowest]);
        pairs.map(|(own, least)| f64::from(u8::from(*own)) - f64::from(u8::from(*least))).collect::<Vec<_>>()
    };
    let standard_errors = wrong.iter().map(|strength| standard_error(&difference(strength), &shares, groups));
    errors
        .iter()
        .zip(standard_errors)
        .map(|(error, standard_error)| Validated { error: *error, standard_error })
        .collect()
}

/// Place of the chosen strength in the path; that of the default without validation.
pub(super) fn choose(validated: &[Validated]) -> usize {
    let lowest = validated.iter().map(|strength| strength.error).fold(f64::INFINITY, f64::min);
    let near = (0..validated.len()).filter(|place| validated[*place].is_within(lowest));
    // The stronger of two equally near.
    near.min_by_key(|place| (place.abs_diff(USUAL), *place)).unwrap_or(USUAL)
}

/// Standard error of the weighted mean of `values`, whose weights `shares` add up to 1, with groups as the sampling unit: the
/// jackknife, linearised, which leaves out each group in turn. A difference in one group alone is never more than about one
/// standard error. Infinite for one group.
fn standard_error(values: &[f64], shares: &[f64], groups: &[usize]) -> f64 {
    let mean: f64 = values.iter().zip(shares).map(|(value, share)| value * share).sum();
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for ((value, share), group) in values.iter().zip(shares).zip(groups) {
        let (residual, sum) = sums.entry(*group).or_default();
        *residual += share * (value - mean);
        *sum += share;
    }
    let count = sums.len() as f64;
    if count < 2.0 {
        return f64::INFINITY;
    }
    // How far the mean moves without the group.
    let moves = sums.values().map(|(residual, share)| residual / (1.0 - share));
    ((count - 1.0) / count * moves.map(|moved| moved * moved).sum::<f64>()).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten groups of ten windows of two classes; of each group the first `wrong[group]` are wrong.
    fn of(wrong: [usize; 10]) -> Vec<bool> {
        (0..100).map(|row| row % 10 < wrong[row / 10]).collect()
    }

    fn validated(wrong: &[Vec<bool>]) -> Vec<Validated> {
        let labels: Vec<usize> = (0..100).map(|row| row / 10 % 2).collect();
        let groups: Vec<usize> = (0..100).map(|row| row / 10).collect();
        validate(wrong, &labels, &groups)
    }

    #[test]
    fn the_path_surrounds_the_default_which_grows_with_the_number_of_values() {
        let path = path(400);
        assert!((path[USUAL] - 20.0).abs() < 1e-9 && (path[0] - 2000.0).abs() < 1e-6);
        assert!(path.windows(2).all(|pair| pair[0] > pair[1]));
        assert!(path[COUNT - 1] < 0.01);
    }

    #[test]
    fn the_default_is_chosen_unless_another_strength_is_better_by_a_standard_error() {
        let [bad, same, chance, better] = [of([5; 10]), of([3; 10]), of([1, 1, 4, 4, 3, 3, 3, 3, 3, 3]), of([1; 10])];
        let path = |last: &Vec<bool>| [&bad, &bad, &same, &same, &same, &same, last].map(Clone::clone).to_vec();
        assert_eq!(choose(&validated(&path(&same))), USUAL);
        assert_eq!(choose(&validated(&path(&chance))), USUAL);
        assert_eq!(choose(&validated(&path(&better))), 6);
        assert_eq!(choose(&[]), USUAL);
    }

    #[test]
    fn every_class_has_the_same_influence_on_the_error() {
        // Nine windows of one class right, the only one of the other wrong.
        let labels = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        let wrong: Vec<bool> = (0..10).map(|row| row == 9).collect();
        let found = validate(&[wrong], &labels, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert!((found[0].error - 0.5).abs() < 1e-12 && found[0].standard_error == 0.0);
    }

    #[test]
    fn one_group_says_nothing_against_the_default() {
        let wrong = std::iter::repeat_n(vec![true, true], 5).chain([vec![false, false]]).collect::<Vec<_>>();
        assert_eq!(choose(&validate(&wrong, &[0, 1], &[0, 0])), USUAL);
    }
}
