//! Counts of a value in equal bins, from which a median follows: a day of windows in half a kilobyte.

/// Bins of a histogram.
pub const BINS: usize = 128;

/// What the bins of a histogram cover. A value outside counts in the first or last bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Lower end of the first bin.
    first: f32,
    /// Width of a bin.
    width: f32,
}

/// Position of the anomaly score ([`position`]), -4 to 4 in steps of 1/16: scores from 0.007 to 20.
pub const POSITION: Scale = Scale { first: -4.0, width: 0.0625 };

/// Level in dB of full scale, -120 to 8 in steps of 1 dB.
pub const LEVEL: Scale = Scale { first: -120.0, width: 1.0 };

/// The position whose score is `score`, the inverse of [`crate::anomaly::score`]: 0 at the usual highest value of normal
/// sound, 1 at the alarm level.
pub fn position(score: f32) -> f32 {
    1.0 + libm::logf(libm::fmaxf(score, f32::MIN_POSITIVE))
}

impl Scale {
    /// The bin of a value, 0 to 127; a value that is not a number counts in the first.
    pub fn bin(&self, value: f32) -> usize {
        // `as` saturates and turns NaN into 0.
        (((value - self.first) / self.width) as usize).min(BINS - 1)
    }

    /// The median of what was counted, with the values of a bin spread evenly over it; `None` if nothing was. It is off by at
    /// most the width of a bin.
    pub fn median(&self, counts: &[u32; BINS]) -> Option<f32> {
        let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        let half = total as f32 / 2.0;
        let mut below = 0.0;
        for (bin, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = count as f32;
            if below + count >= half {
                return Some(self.first + self.width * (bin as f32 + (half - below) / count));
            }
            below += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anomaly::score;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_median_is_within_a_bin_of_the_exact_one(values in prop::collection::vec(-119.0_f32..7.0, 1..200)) {
            let mut counts = [0; BINS];
            values.iter().for_each(|value| counts[LEVEL.bin(*value)] += 1);
            let mut sorted = values.clone();
            sorted.sort_by(f32::total_cmp);
            let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
            let median = LEVEL.median(&counts).unwrap();
            prop_assert!((low - 1.0..=high + 1.0).contains(&median), "{median}: {low} to {high}");
        }
    }

    #[test]
    fn any_value_has_a_bin_and_nothing_has_no_median() {
        for value in [f32::NAN, f32::NEG_INFINITY, f32::MIN, 0.0, f32::MAX, f32::INFINITY] {
            assert!(POSITION.bin(value) < BINS && LEVEL.bin(value) < BINS);
        }
        assert_eq!(POSITION.median(&[0; BINS]), None);
    }

    #[test]
    fn a_position_is_that_of_its_score() {
        for value in [-3.0, 0.0, 1.0, 4.0] {
            assert!((position(score(value)) - value).abs() < 1e-5);
        }
        assert!(position(0.0) < -80.0);
    }
}
