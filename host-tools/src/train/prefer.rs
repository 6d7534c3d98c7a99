//! When a measured difference justifies a setting other than the default.
//!
//! Validation on a few groups is a small sample. The setting that scores best in it is often best by chance, changes with the
//! seed, and is worse than the default on the next group. So the default is kept unless another setting makes fewer errors
//! by more than [`ERRORS`] standard errors of the difference. Windows of one group are alike and groups are the sampling unit,
//! so differences are computed per group.

use std::collections::BTreeMap;

/// Standard errors that a gain must exceed: the usual level of significance. With one, as in the rule of Breiman and others
/// ("Classification and Regression Trees", 1984), six groups accept a chance result in one case of six.
const ERRORS: f64 = 2.0;

/// Whether `other` makes clearly fewer errors than `usual`: both hold one error rate per group, in the same order. Always
/// false for fewer than two groups.
pub(super) fn clearly_less(other: &[f64], usual: &[f64]) -> bool {
    let gains: Vec<f64> = usual.iter().zip(other).map(|(usual, other)| usual - other).collect();
    if gains.len() < 2 {
        return false;
    }
    let count = gains.len() as f64;
    let mean = gains.iter().sum::<f64>() / count;
    let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / (count - 1.0);
    mean > 0.0 && mean > ERRORS * (variance / count).sqrt()
}

/// The mean of each group, in the order of the groups' numbers; `values` are pairs of a group and a window's value.
pub(super) fn by_group(values: impl Iterator<Item = (usize, f64)>) -> Vec<f64> {
    let mut groups: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (group, value) in values {
        let (sum, count) = groups.entry(group).or_default();
        (*sum, *count) = (*sum + value, *count + 1.0);
    }
    groups.into_values().map(|(sum, count)| sum / count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_kept_unless_the_gain_clearly_exceeds_its_standard_error() {
        let usual = [0.30, 0.10, 0.20, 0.40];
        // Gains of 0.02, 0.02, 0.03, 0.03: mean 0.025, standard error 0.003.
        assert!(clearly_less(&[0.28, 0.08, 0.17, 0.37], &usual));
        // Gains of 0.02, 0.0, 0.04, 0.0: mean 0.015, standard error 0.0096.
        assert!(!clearly_less(&[0.28, 0.10, 0.16, 0.40], &usual));
        // Gains of 0.2, -0.1, 0.05, -0.1: mean 0.0125, standard error 0.07.
        assert!(!clearly_less(&[0.10, 0.20, 0.15, 0.50], &usual));
        assert!(!clearly_less(&usual, &usual));
        assert!(!clearly_less(&[0.4, 0.2, 0.3, 0.5], &usual));
        assert!(!clearly_less(&[0.0], &[1.0]));
    }

    #[test]
    fn groups_are_equally_weighted_however_many_windows_they_have() {
        assert_eq!(by_group([(7, 1.0), (2, 0.5), (7, 0.0), (7, 0.5)].into_iter()), [0.5, 0.5]);
    }
}
