//! Divides a recording where its sound changes.
//!
//! Optimal partitioning (Jackson et al., "An algorithm for optimal partitioning of data on an interval", IEEE Signal Processing
//! Letters 12, 2005) of the half seconds `x[i]` of the log-mel spectrum: of all divisions into stretches of 1 to 60 s, the one
//! with the least
//!
//! ```text
//! sum over the stretches of ( sum over its x of |x - mean of the stretch|^2  +  c * s2 )
//! ```
//!
//! where `s2` is the variation within one sound: the median of `|x[i+1] - x[i]|^2 / 2`, which the few changes do not move, and at
//! least half a decibel in each band. `c` is the option `--change`: a change divides if it saves more than `c` times that
//! variation. The result is exact, and the time is proportional to the length of the recording.

use std::ops::Range;

use monitor_core::log_mel::BANDS;

use crate::data::columns::Spectrum;

/// Shortest and longest stretch, in half seconds.
const SHORTEST: usize = 2;
const LONGEST: usize = 120;

/// Default of `c`.
pub(crate) const DEFAULT_CHANGE: f64 = 10.0;

/// Least `s2`: half a decibel of a magnitude, squared, in each band.
const LEAST: f64 = 0.0575 * 0.0575 * BANDS as f64;

/// The stretches of `halves` as ranges of their indices, in order; `change` is `c`. There is none without a half second.
pub(super) fn segment(halves: &[Spectrum], change: f64) -> Vec<Range<usize>> {
    let count = halves.len();
    if count < 2 * SHORTEST {
        return (count > 0).then_some(0..count).into_iter().collect();
    }
    let penalty = change * variation(halves);
    let sums = Sums::new(halves);
    // The least cost of a division of the first `end` half seconds, and where its last stretch begins.
    let mut best = vec![(f64::INFINITY, 0_usize); count + 1];
    best[0].0 = 0.0;
    for end in SHORTEST..=count {
        for begin in end.saturating_sub(LONGEST)..=end - SHORTEST {
            let cost = best[begin].0 + sums.cost(begin..end) + penalty;
            if cost < best[end].0 {
                best[end] = (cost, begin);
            }
        }
    }
    let mut stretches = Vec::new();
    let mut end = count;
    while end > 0 {
        let begin = best[end].1;
        stretches.push(begin..end);
        end = begin;
    }
    stretches.reverse();
    stretches
}

/// `s2`.
fn variation(halves: &[Spectrum]) -> f64 {
    let mut steps: Vec<f64> = halves.windows(2).map(|pair| distance(&pair[0], &pair[1]) / 2.0).collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 2).copied().unwrap_or(0.0).max(LEAST)
}

/// The squared distance of two spectra.
pub(super) fn distance(one: &Spectrum, other: &Spectrum) -> f64 {
    one.iter().zip(other).map(|(a, b)| f64::from(a - b).powi(2)).sum()
}

/// Sums up to each half second, so that the cost of any stretch takes as long.
struct Sums {
    /// Of each band.
    bands: Vec<[f64; BANDS]>,
    /// Of the squares of all bands.
    squares: Vec<f64>,
}

impl Sums {
    fn new(halves: &[Spectrum]) -> Self {
        let (mut bands, mut squares) = (vec![[0.0; BANDS]], vec![0.0]);
        let (mut sum, mut square) = ([0.0; BANDS], 0.0);
        for half in halves {
            sum.iter_mut().zip(half).for_each(|(sum, value)| *sum += f64::from(*value));
            square += half.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>();
            bands.push(sum);
            squares.push(square);
        }
        Self { bands, squares }
    }

    /// The squared distances of a stretch's half seconds from their mean.
    fn cost(&self, Range { start, end }: Range<usize>) -> f64 {
        let of_mean: f64 = self.bands[end].iter().zip(&self.bands[start]).map(|(to, from)| (to - from).powi(2)).sum();
        self.squares[end] - self.squares[start] - of_mean / (end - start) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise around a level for each part: (half seconds, level).
    fn halves(parts: &[(usize, f32)]) -> Vec<Spectrum> {
        let mut state = 7_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 8) as f32 / 8_388_608.0 - 1.0) * 0.2
        };
        let levels = parts.iter().flat_map(|&(count, level)| std::iter::repeat_n(level, count));
        levels.map(|level| std::array::from_fn(|_| level + noise())).collect()
    }

    /// One stretch of this length.
    fn whole(count: usize) -> Vec<Range<usize>> {
        std::iter::once(0..count).collect()
    }

    #[test]
    fn the_recording_is_divided_where_the_sound_changes_and_nowhere_else() {
        assert_eq!(segment(&halves(&[(20, -2.0), (14, -1.4), (30, -2.0)]), DEFAULT_CHANGE), [0..20, 20..34, 34..64]);
        assert_eq!(segment(&halves(&[(100, -2.0)]), DEFAULT_CHANGE), whole(100));
        // A change of one decibel in all bands is within the variation of 4 s.
        assert_eq!(segment(&halves(&[(40, -2.0), (8, -1.9)]), DEFAULT_CHANGE), whole(48));
    }

    #[test]
    fn a_smaller_factor_divides_at_smaller_changes() {
        let sound = halves(&[(40, -2.0), (40, -1.85)]);
        assert_eq!((segment(&sound, 40.0).len(), segment(&sound, 10.0).len()), (1, 2));
    }

    #[test]
    fn no_stretch_is_longer_than_a_minute_or_shorter_than_a_second() {
        let stretches = segment(&halves(&[(500, -2.0), (1, 3.0), (100, -2.0)]), DEFAULT_CHANGE);
        assert!(stretches.iter().all(|stretch| (SHORTEST..=LONGEST).contains(&stretch.len())), "{stretches:?}");
        assert!(stretches.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert_eq!((stretches[0].start, stretches[stretches.len() - 1].end), (0, 601));
    }

    #[test]
    fn digital_silence_is_one_stretch_and_short_recordings_too() {
        assert_eq!(segment(&vec![[-6.9; BANDS]; 60], DEFAULT_CHANGE), whole(60));
        assert_eq!(segment(&halves(&[(3, 0.0)]), DEFAULT_CHANGE), whole(3));
        assert!(segment(&[], DEFAULT_CHANGE).is_empty());
    }
}
