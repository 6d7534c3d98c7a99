//! The inner loop: sums of products in one fixed order that the compiler can do several at a time.

/// Partial sums. Enough that neither the latency of additions nor the width of vectors (up to 512 bits) limits the loop.
pub(super) const LANES: usize = 16;

/// Sum of the products of two equally long slices, a multiple of [`LANES`] long (the rest is left out).
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

/// As [`one`], with a row that lies between two others: `part` (0 to 1) of the way from `low` to `high`.
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

/// The partial sums added pairwise: each half onto the other until one is left.
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
