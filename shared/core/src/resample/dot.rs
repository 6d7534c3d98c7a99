//! Inner loop: dot products in one fixed order that the compiler can vectorise.

/// Number of partial sums: enough that neither the latency of additions nor vectors of up to 512 bits limit the loop.
pub(super) const LANES: usize = 16;

/// Returns the dot product of two slices of equal length, a multiple of [`LANES`]; the remainder is ignored.
#[inline]
pub(super) fn one(samples: &[f32], row: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    for (samples, row) in samples.as_chunks::<LANES>().0.iter().zip(row.as_chunks::<LANES>().0) {
        for ((sum, sample), weight) in sums.iter_mut().zip(samples).zip(row) {
            *sum += sample * weight;
        }
    }
    total(sums)
}

/// As [`one`], with a row interpolated linearly between `low` (`part` 0) and `high` (`part` 1).
#[inline]
pub(super) fn between(samples: &[f32], low: &[f32], high: &[f32], part: f32) -> f32 {
    let mut sums = [0.0; LANES];
    let rows = low.as_chunks::<LANES>().0.iter().zip(high.as_chunks::<LANES>().0);
    for (samples, (low, high)) in samples.as_chunks::<LANES>().0.iter().zip(rows) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            *sum += samples[lane] * (low[lane] + part * (high[lane] - low[lane]));
        }
    }
    total(sums)
}

/// Adds the partial sums pairwise: the upper half to the lower half until one is left.
fn total(mut sums: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_sum_exactly() {
        let samples: Vec<f32> = (0..64).map(|n| n as f32).collect();
        let ones = [1.0; 64];
        assert_eq!(one(&samples, &ones), 2016.0);
        assert_eq!(between(&samples, &[0.0; 64], &ones, 0.25), 504.0);
    }
}
