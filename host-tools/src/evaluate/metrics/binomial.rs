//! The binomial distribution: how often so many of a few trials succeed by chance.

/// Probability of at most `most` successes in `trials` of probability `share`, 0 to 1.
pub(crate) fn at_most(most: usize, trials: usize, share: f64) -> f64 {
    let (mut sum, mut ways) = (0.0, 1.0);
    for hits in 0..=most.min(trials) {
        sum += ways * share.powi(hits as i32) * (1.0 - share).powi((trials - hits) as i32);
        ways *= (trials - hits) as f64 / (hits + 1) as f64;
    }
    sum.min(1.0)
}

/// Probability of at least `least` successes in `trials` of probability `share`, 0 to 1.
pub(crate) fn at_least(least: usize, trials: usize, share: f64) -> f64 {
    // The tail itself is summed: its complement would lose small values to rounding.
    at_most(trials.saturating_sub(least), trials, 1.0 - share)
}

/// Upper limit, with 95 % confidence, of the share of successes after `hits` of `trials` (Clopper and Pearson, "The use of
/// confidence or fiducial limits", Biometrika 26, 1934): the share at which so few occur in 1 of 20 cases.
pub(crate) fn upper_limit(hits: usize, trials: usize) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..50 {
        let share = 0.5 * (low + high);
        if at_most(hits, trials, share) > 0.05 { low = share } else { high = share }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-3, "{found} is not {expected}");
    }

    #[test]
    fn tails_are_those_of_the_formula() {
        close(at_least(1, 6, 0.05), 1.0 - 0.95_f64.powi(6));
        close(at_least(2, 6, 0.05), 0.0328);
        close(at_least(4, 4, 0.5), 0.0625);
        assert_eq!((at_least(0, 6, 0.05), at_most(6, 6, 0.5)), (1.0, 1.0));
    }

    #[test]
    fn the_limit_of_no_success_is_that_of_the_formula() {
        // 1 - 0.05^(1 / n)
        close(upper_limit(0, 6), 0.393);
        close(upper_limit(0, 59), 0.0495);
        // R: binom.test(2, 10, alternative = "less")
        close(upper_limit(2, 10), 0.507);
        close(upper_limit(3, 3), 1.0);
    }

    #[test]
    fn thousands_of_trials_stay_finite() {
        assert!((0.0..=1.0).contains(&at_least(3000, 4000, 0.5)));
    }
}
