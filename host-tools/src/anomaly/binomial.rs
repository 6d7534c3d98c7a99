//! Interval of a share by how many of a few cases had it.

/// The exact 95 % interval of a probability of which `hits` of `cases` were seen (C. Clopper and E. Pearson, "The use of
/// confidence or fiducial limits illustrated in the case of the binomial", 1934); 0 to 1 without a case.
pub(crate) fn interval(hits: usize, cases: usize) -> [f64; 2] {
    const TAIL: f64 = 0.025;
    if cases == 0 {
        return [0.0, 1.0];
    }
    let low = if hits == 0 { 0.0 } else { solve(|p| at_most(hits - 1, cases, p) > 1.0 - TAIL) };
    let high = if hits >= cases { 1.0 } else { solve(|p| at_most(hits, cases, p) > TAIL) };
    [low, high]
}

/// The largest probability for which `holds`, which a smaller one does too.
fn solve(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if holds(middle) { low = middle } else { high = middle }
    }
    low
}

/// Probability of at most `hits` of `cases` at probability `p`, above 0 and below 1.
fn at_most(hits: usize, cases: usize, p: f64) -> f64 {
    let mut ln = cases as f64 * (1.0 - p).ln();
    let mut sum = ln.exp();
    for hit in 1..=hits {
        ln += ((cases - hit + 1) as f64 / hit as f64).ln() + (p / (1.0 - p)).ln();
        sum += ln.exp();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::interval;

    #[test]
    fn intervals_are_those_of_the_printed_tables() {
        for (hits, cases, expected) in
            [(0, 7, [0.0, 0.4096]), (1, 10, [0.0025, 0.4450]), (5, 10, [0.1871, 0.8129]), (3, 3, [0.2924, 1.0])]
        {
            let found = interval(hits, cases);
            assert!((found[0] - expected[0]).abs() < 1e-4 && (found[1] - expected[1]).abs() < 1e-4, "{found:?}");
        }
        assert_eq!(interval(0, 0), [0.0, 1.0]);
    }

    #[test]
    fn many_cases_do_not_underflow() {
        let [low, high] = interval(5000, 100_000);
        assert!(low > 0.048 && high < 0.052);
    }
}
