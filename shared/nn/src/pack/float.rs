//! Requantisation in single precision, for channels in which it is proved to give the same bytes as in integers.
//!
//! Integers compute `t = (sum * M + round) / 2^k` with `k` = 31 + e and take its floor. The kernel computes, with
//! `M = 2^7 Mh + Ml`, `x = sum + K` and `r = round - K M`,
//!
//! ```text
//! c = x * (Ml / 2^k) + r / 2^k              rounded; K is chosen such that |r| <= M / 2
//! y = x * (Mh / 2^(k - 7)) + c              rounded downwards
//! ```
//!
//! `Mh` has 24 bits and `Ml` 7, so both factors and, below 2^24, `x` are exact. In units of 2^-k, `r` is less than 2^31 and `Ml x` less
//! than 2^31, so that storing `r` and rounding `c` change `c` by less than 2^7 and 2^8. Without the last rounding `y` would differ from
//! `t` by less than [`MARGIN`]; rounded downwards, it reaches a whole number if it does without. As `t` and `y` rise with the
//! sum, their floors are equal between 0 and 255 if, for every whole number from 1 to 255, `t` at the first sum that reaches it
//! is at least the margin above it, and at the sum before at least the margin below. Negative values are clamped in both forms.

use super::constants::Channel;
use crate::layout::PANEL;

/// Greatest distance between `y` and `t`, in units of 2^-k: 2^7 + 2^8, and some to spare.
const MARGIN: u32 = 1 << 9;
/// Largest exponent for which the numbers here fit 64 bits, with room for sums.
const MAX_EXPONENT: u32 = 20;
/// Sums up to here are exact in single precision.
const MAX_SUM: u64 = 1 << 24;

/// Largest number of channels of a group.
pub(super) const MAX_GROUP: usize = 2 * PANEL;

/// Constants of a group of channels.
pub(super) struct Float {
    /// `K` of each channel, which is added to its bias and taken from its rounding constant.
    pub shifts: [u32; MAX_GROUP],
    /// Factors `Mh / 2^(k - 7)`, factors `Ml / 2^k`, and offsets `r / 2^k`.
    pub factors: [[f32; MAX_GROUP]; 3],
}

impl Float {
    /// Returns the constants of `channels`, up to [`MAX_GROUP`] of them, if single precision is exact for all.
    #[inline(always)]
    pub(super) fn of(channels: &[Channel]) -> Option<Self> {
        let mut float = Self { shifts: [0; MAX_GROUP], factors: [[0.0; MAX_GROUP]; 3] };
        // Lanes without a channel pass: every distance is half of the mantissa.
        let (mut mantissas, mut distances, mut steps) =
            ([1 << 30; MAX_GROUP], [1_u32 << 29; MAX_GROUP], [0_u32; MAX_GROUP]);
        for (lane, channel) in channels.iter().enumerate().take(MAX_GROUP) {
            let exponent = channel.exponent();
            let mantissa = u64::try_from(channel.mantissa).ok()?;
            let round = u64::try_from(channel.round).ok()?;
            if !(1..=MAX_EXPONENT).contains(&exponent) || mantissa < 1 << 30 {
                return None;
            }
            let k = 31 + exponent;
            let shift = (round + mantissa / 2) / mantissa;
            if ((255 << k) - round).div_ceil(mantissa) + shift >= MAX_SUM {
                return None;
            }
            // The sum that reaches 1, by how much it exceeds it, and by how much less each following whole number is exceeded.
            let one = (1 << k) - round;
            distances[lane] = (one.div_ceil(mantissa) * mantissa - one) as u32;
            steps[lane] = ((1 << k) % mantissa) as u32;
            mantissas[lane] = mantissa as u32;
            float.shifts[lane] = shift as u32;
            let unit = f32::from_bits((127 - k) << 23);
            let rest = round as i64 - (shift * mantissa) as i64;
            float.factors[0][lane] = (mantissa >> 7) as f32 * 128.0 * unit;
            float.factors[1][lane] = (mantissa & 127) as f32 * unit;
            float.factors[2][lane] = rest as f32 * unit;
        }
        far_from_whole(&mantissas, distances, &steps).then_some(float)
    }
}

/// Returns whether, for each of the whole numbers 1 to 255, the first sum that reaches it exceeds it by at least the margin, and the
/// one before falls short by as much. `distances` are those of 1.
#[inline(always)]
fn far_from_whole(mantissas: &[u32; MAX_GROUP], mut distances: [u32; MAX_GROUP], steps: &[u32; MAX_GROUP]) -> bool {
    let mut near = [false; MAX_GROUP];
    for _ in 1..=255 {
        for (lane, near) in near.iter_mut().enumerate() {
            let (mantissa, distance) = (mantissas[lane], &mut distances[lane]);
            *near |= distance.wrapping_sub(MARGIN) > mantissa - 2 * MARGIN;
            let next = distance.wrapping_sub(steps[lane]);
            // The smaller one, as a negative difference is large.
            *distance = next.min(next.wrapping_add(mantissa));
        }
    }
    !near.contains(&true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn channel(mantissa: i32, exponent: u32) -> Channel {
        Channel::with_multiplier(mantissa, exponent)
    }

    /// The integers' result.
    fn whole(channel: &Channel, sum: i64) -> i64 {
        let k = 31 + channel.exponent();
        ((i128::from(sum) * i128::from(channel.mantissa) + i128::from(channel.round)) >> k).clamp(0, 255) as i64
    }

    /// The kernel's result, with every rounding as unfavourable as the proof allows.
    fn float(float: &Float, sum: i64, up: bool) -> i64 {
        let x = (sum + i64::from(float.shifts[0])) as f64;
        let [high, low, offset] = float.factors.map(|factors| f64::from(factors[0]));
        // Exact in double precision: 24 by 7 bits, and 24 by 24.
        let c = (x * low + offset) as f32;
        let c = f64::from(if up { c.next_up() } else { c.next_down() });
        (x * high + c).floor().clamp(0.0, 255.0) as i64
    }

    proptest! {
        #[test]
        fn a_group_that_is_accepted_gives_the_integers_bytes_around_every_whole_number(
            mantissa in (1_i32 << 30)..=i32::MAX, exponent in 1_u32..=14,
        ) {
            let channel = channel(mantissa, exponent);
            let Some(found) = Float::of(&[channel]) else { return Ok(()) };
            let k = 31 + exponent;
            for value in 0..=256_i64 {
                let sum = ((i128::from(value) << k) - i128::from(channel.round)) / i128::from(mantissa);
                for sum in [sum as i64 - 1, sum as i64, sum as i64 + 1] {
                    for up in [false, true] {
                        prop_assert_eq!(float(&found, sum, up), whole(&channel, sum), "{} at {}", value, sum);
                    }
                }
            }
        }

        #[test]
        fn nearly_all_multipliers_are_accepted(mantissas in prop::collection::vec((1_i32 << 30)..=i32::MAX, 400)) {
            let accepted = mantissas.iter().filter(|&&mantissa| Float::of(&[channel(mantissa, 8)]).is_some());
            prop_assert!(accepted.count() > 390);
        }
    }

    #[test]
    fn a_power_of_two_reaches_whole_numbers_exactly_and_is_rejected() {
        assert!(Float::of(&[channel(1 << 30, 8)]).is_none());
    }

    #[test]
    fn sums_that_single_precision_cannot_hold_are_rejected() {
        assert!(Float::of(&[channel(0x5555_5555, 17)]).is_none());
        assert!(Float::of(&[channel(0x5555_5555, 25)]).is_none());
    }

    #[test]
    fn one_channel_that_is_rejected_rejects_its_group() {
        assert!(Float::of(&[channel(0x5555_5555, 8); 16]).is_some());
        let mut group = [channel(0x5555_5555, 8); 16];
        group[15] = channel(1 << 30, 8);
        assert!(Float::of(&group).is_none());
    }
}
