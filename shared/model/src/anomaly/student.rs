//! Student's t distribution with a whole number of degrees of freedom.
//!
//! Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964, 26.7.3 and 26.7.4: finite sums, exact to
//! rounding. More than [`MOST`] degrees are computed as that many; the quantiles differ by less than 0.1 % from there on.

use std::f64::consts::FRAC_2_PI;

const MOST: usize = 2000;

/// Probability that a value exceeds `t`, with `degrees` (1 and up) of freedom.
pub(super) fn above(t: f64, degrees: usize) -> f64 {
    let degrees = degrees.clamp(1, MOST);
    // By the crate, not by `f64`'s own: those would load the C library's libm, 0.9 MB in the container.
    let angle = libm::atan(t.abs() / (degrees as f64).sqrt());
    let (sine, cosine) = libm::sincos(angle);
    // The sum's terms have the powers 1, 3, 5 ... of the cosine for odd degrees, 0, 2, 4 ... for even ones.
    let odd = degrees % 2;
    let (mut term, mut sum) = (if odd == 1 { cosine } else { 1.0 }, 0.0);
    for k in (2 + odd..=degrees).step_by(2) {
        sum += term;
        term *= cosine * cosine * (k - 1) as f64 / k as f64;
    }
    let within = if odd == 1 { FRAC_2_PI * (angle + sine * sum) } else { sine * sum };
    if t >= 0.0 { (1.0 - within) / 2.0 } else { (1.0 + within) / 2.0 }
}

/// The value that is exceeded with probability `p`, above 0 and at most a half, with `degrees` of freedom.
pub(super) fn exceeded(p: f64, degrees: usize) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while above(high, degrees) > p && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if above(middle, degrees) > p { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_printed_tables() {
        for (p, degrees, expected) in [
            (0.05, 1, 6.314),
            (0.01, 1, 31.821),
            (0.05, 2, 2.920),
            (0.01, 2, 6.965),
            (0.01, 3, 4.541),
            (0.0025, 3, 7.453),
            (0.05, 7, 1.895),
            (0.01, 7, 2.998),
            (0.01, 30, 2.457),
            (0.05, 100_000, 1.645),
        ] {
            let found = exceeded(p, degrees);
            assert!((found - expected).abs() < 2e-3, "{p} {degrees}: {found}");
        }
    }

    #[test]
    fn the_probability_of_a_quantile_is_its_own() {
        for degrees in [1, 2, 3, 8, 41, 1000] {
            for p in [0.5, 0.05, 0.01, 0.002] {
                assert!((above(exceeded(p, degrees), degrees) - p).abs() < 1e-12);
            }
            assert!((above(-1.5, degrees) + above(1.5, degrees) - 1.0).abs() < 1e-12);
        }
    }
}
