//! The binomial distribution: how often so many of a few trials succeed by chance, and what that says of a share.
//!
//! The tail of the distribution is the regularised incomplete beta function (Abramowitz and Stegun, "Handbook of Mathematical
//! Functions", 26.5.24), and the limits of a share are its quantiles (Clopper and Pearson, "The use of confidence or fiducial
//! limits", Biometrika 26, 1934).

use super::Interval;

/// Probability of at least `least` successes in `trials` of probability `share`, 0 to 1.
pub(crate) fn at_least(least: usize, trials: usize, share: f64) -> f64 {
    match least {
        0 => 1.0,
        least if least > trials => 0.0,
        least => beta(share, least as f64, (trials - least + 1) as f64),
    }
}

/// Upper limit, with 95 % confidence, of the share of successes after `hits` of `trials`: the share at which so few occur in 1
/// of 20 cases.
pub(crate) fn upper_limit(hits: usize, trials: usize) -> f64 {
    limit_above(0.05, hits as f64, trials as f64)
}

/// The exact 95 % interval of `share` (0 to 1) of `count` recordings; the share need not be a whole number of them.
pub(crate) fn exact(share: f64, count: usize) -> Interval {
    const TAIL: f64 = 0.025;
    let (count, right) = (count as f64, share * count as f64);
    Interval {
        low: if right <= 0.0 { 0.0 } else { quantile(TAIL, right, count - right + 1.0) },
        high: limit_above(TAIL, right, count),
    }
}

/// The share at which `right` of `count` or fewer occur with probability `tail`.
fn limit_above(tail: f64, right: f64, count: f64) -> f64 {
    if right >= count { 1.0 } else { quantile(1.0 - tail, right + 1.0, count - right) }
}

/// The value at which the distribution function of the beta distribution is `share`.
fn quantile(share: f64, a: f64, b: f64) -> f64 {
    // Bisection: 2^-50 is finer than any figure that is printed.
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        if beta(middle, a, b) < share { low = middle } else { high = middle }
    }
    low
}

/// The regularised incomplete beta function, by its continued fraction (Abramowitz and Stegun, "Handbook of Mathematical
/// Functions", 26.5.8) with Lentz's method.
fn beta(x: f64, a: f64, b: f64) -> f64 {
    // The fraction converges fast below the mean; above it the function of the other tail is computed.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta(1.0 - x, b, a);
    }
    if x <= 0.0 {
        return 0.0;
    }
    let front = (libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * x.ln() + b * (-x).ln_1p()).exp() / a;
    let tiny = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut c, mut d) = (1.0, 1.0 / tiny(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..500 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = fraction;
        for term in [even, odd] {
            d = 1.0 / tiny(1.0 + term * d);
            c = tiny(1.0 + term / c);
            fraction *= d * c;
        }
        if (fraction - before).abs() < 1e-14 * fraction.abs() {
            break;
        }
    }
    front * fraction
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
        assert_eq!((at_least(0, 6, 0.05), 1.0 - at_least(7, 6, 0.5)), (1.0, 1.0));
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
        // 32 standard deviations from the mean.
        assert!(at_least(3000, 4000, 0.5) < 1e-100 && at_least(1000, 4000, 0.5) > 0.999);
    }

    #[test]
    fn the_exact_interval_has_its_published_values() {
        // From binomial sums; as scipy.stats.binomtest(k, n).proportion_ci(method="exact").
        for (right, count, low, high) in [
            (0.0, 10, 0.0, 0.30850),
            (5.0, 10, 0.18709, 0.81291),
            (9.0, 10, 0.55498, 0.99747),
            (1.0, 1, 0.025, 1.0),
            (95.0, 100, 0.88717, 0.98357),
        ] {
            let found = exact(right / f64::from(count), count as usize);
            assert!(
                (found.low - low).abs() < 2e-5 && (found.high - high).abs() < 2e-5,
                "{right} of {count}: {found:?}"
            );
        }
    }
}
