//! Requantisation by one fused multiply-add in single precision, for channels in which it is proved to give the same bytes as in
//! integers.
//!
//! Integers compute the floor of `t = (sum * M + round) / 2^k` with `k` = 31 + e. The kernel computes `y = sum * s + b`, rounded once,
//! and truncates. Both rise with the sum, so their bytes are equal if, for every whole number `v` from 1 to 255, `y`
//! reaches `v` at the same sum `T` as `t` does. Rounded downwards, `y` reaches `v` exactly if `T s + b` without rounding does. Rounded
//! to nearest, it does if that is at least half way from the next smaller number of single precision to `v` (a half is rounded to the
//! even one, `v`). Therefore `b` must satisfy, for every `v`, with that limit,
//!
//! ```text
//! limit(v) - T s  <=  b  <  limit(v) - (T - 1) s
//! ```
//!
//! `s` is the number of single precision nearest to the slope of the limits, and `b` lies between the greatest lower and the least
//! upper bound. These are exact in double precision: a product has 48 bits, and a difference is a multiple of 2^-39 below 2^9.
//! Rounded downwards, the limits lie on a line of slope `M / 2^k` and more channels have a `b`: in the base model all eight of 97 % of
//! the groups.

use super::constants::Channel;
use crate::layout::PANEL;

/// Largest exponent for which the sums here are below 2^24, and so exact in single precision.
const MAX_EXPONENT: u32 = 14;
/// By how much the limits of rounding to nearest are below the whole numbers on average, relative to these: between 2^-25 and 2^-24.
const MIDDLE: f64 = 0.75 / (1 << 24) as f64;

/// How the kernel rounds the multiply-add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounding {
    /// To the nearest number, a half to the even one.
    Nearest,
    /// Downwards.
    Down,
}

/// Factors and offsets of eight channels.
pub(super) struct Line {
    pub factors: [f32; PANEL],
    pub offsets: [f32; PANEL],
}

impl Line {
    /// Returns factors and offsets of eight channels if every one of them has some.
    #[inline(always)]
    pub(super) fn of(channels: &[Channel; PANEL], rounding: Rounding) -> Option<Self> {
        let (mut thresholds, mut factors) = (Thresholds::default(), [0.0; PANEL]);
        let below = if rounding == Rounding::Nearest { MIDDLE } else { 0.0 };
        for (lane, channel) in channels.iter().enumerate() {
            thresholds.set(lane, channel)?;
            let mantissa = f64::from(channel.mantissa) * (1.0 - below);
            factors[lane] = mantissa as f32 * f32::from_bits((127 - 31 - channel.exponent()) << 23);
        }
        let offsets = thresholds.offsets(&factors, rounding);
        (!offsets.iter().any(|offset| offset.is_nan())).then_some(Self { factors, offsets })
    }
}

/// The sums at which the integers' result reaches 1, 2, ... 255, in eight channels.
#[derive(Default)]
struct Thresholds {
    /// The sum that reaches 1.
    first: [i32; PANEL],
    /// By how much `t` exceeds 1 there, in units of 2^-k.
    excess: [u32; PANEL],
    /// Quotient and remainder of 2^k and the mantissa.
    step: [i32; PANEL],
    remainder: [u32; PANEL],
    mantissa: [u32; PANEL],
}

impl Thresholds {
    /// Sets those of a channel; `None` if they are out of range.
    #[inline(always)]
    fn set(&mut self, lane: usize, channel: &Channel) -> Option<()> {
        let mantissa = u64::try_from(channel.mantissa).ok().filter(|mantissa| *mantissa >= 1 << 30)?;
        let exponent = channel.exponent();
        if !(1..=MAX_EXPONENT).contains(&exponent) {
            return None;
        }
        let whole = 1_u64 << (31 + exponent);
        let one = whole.checked_sub(u64::try_from(channel.round).ok()?)?;
        let first = one.div_ceil(mantissa);
        self.first[lane] = first as i32;
        self.excess[lane] = (first * mantissa - one) as u32;
        self.step[lane] = (whole / mantissa) as i32;
        self.remainder[lane] = (whole % mantissa) as u32;
        self.mantissa[lane] = mantissa as u32;
        Some(())
    }

    /// Returns an offset for the factor of each channel; NaN if there is none.
    #[inline(always)]
    fn offsets(&self, factors: &[f32; PANEL], rounding: Rounding) -> [f32; PANEL] {
        let (mut sums, mut excess) = (self.first, self.excess);
        let (mut lower, mut upper) = ([f64::NEG_INFINITY; PANEL], [f64::INFINITY; PANEL]);
        for value in 1..=255_u8 {
            let value = f32::from(value);
            let limit = match rounding {
                Rounding::Nearest => (f64::from(value) + f64::from(value.next_down())) / 2.0,
                Rounding::Down => f64::from(value),
            };
            for lane in 0..PANEL {
                let bound = limit - f64::from(sums[lane]) * f64::from(factors[lane]);
                lower[lane] = bound.max(lower[lane]);
                upper[lane] = bound.min(upper[lane]);
            }
            for lane in 0..PANEL {
                let is_less = excess[lane] < self.remainder[lane];
                sums[lane] += self.step[lane] + i32::from(is_less);
                let more = if is_less { self.mantissa[lane] } else { 0 };
                excess[lane] = excess[lane].wrapping_sub(self.remainder[lane]).wrapping_add(more);
            }
        }
        let mut offsets = [f32::NAN; PANEL];
        for (lane, offset) in offsets.iter_mut().enumerate() {
            let (lower, upper) = (lower[lane], upper[lane] + f64::from(factors[lane]));
            let between = ((lower + upper) / 2.0) as f32;
            if lower <= f64::from(between) && f64::from(between) < upper {
                *offset = between;
            }
        }
        offsets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The integers' result.
    fn whole(channel: &Channel, sum: i64) -> i64 {
        let k = 31 + channel.exponent();
        ((i128::from(sum) * i128::from(channel.mantissa) + i128::from(channel.round)) >> k).clamp(0, 255) as i64
    }

    /// The kernel's result.
    fn float(line: &Line, lane: usize, sum: i64, rounding: Rounding) -> i64 {
        let (factor, offset) = (line.factors[lane], line.offsets[lane]);
        let y = match rounding {
            Rounding::Nearest => f64::from((sum as f32).mul_add(factor, offset)),
            // Truncation is the same before and after a rounding downwards.
            Rounding::Down => (sum as f64).mul_add(f64::from(factor), f64::from(offset)).floor(),
        };
        y.clamp(0.0, 255.0) as i64
    }

    fn rounding() -> impl Strategy<Value = Rounding> {
        prop_oneof![Just(Rounding::Nearest), Just(Rounding::Down)]
    }

    proptest! {
        #[test]
        fn channels_that_are_accepted_give_the_integers_bytes_around_every_whole_number(
            mantissas in prop::array::uniform8((1_i32 << 30)..=i32::MAX), exponents in prop::array::uniform8(1_u32..=9),
            rounding in rounding(),
        ) {
            let channels: [Channel; PANEL] =
                std::array::from_fn(|lane| Channel::with_multiplier(mantissas[lane], exponents[lane]));
            let Some(line) = Line::of(&channels, rounding) else { return Ok(()) };
            for (lane, channel) in channels.iter().enumerate() {
                let k = 31 + channel.exponent();
                for value in 0..=256_i64 {
                    let sum = ((i128::from(value) << k) - i128::from(channel.round)) / i128::from(channel.mantissa);
                    for sum in [sum as i64 - 1, sum as i64, sum as i64 + 1] {
                        prop_assert_eq!(float(&line, lane, sum, rounding), whole(channel, sum), "{} at {}", value, sum);
                    }
                }
            }
        }

        #[test]
        fn sums_far_beyond_the_range_are_clamped_as_integers_are(
            sum in any::<i32>(), mantissa in (1_i32 << 30)..=i32::MAX, rounding in rounding(),
        ) {
            let channel = Channel::with_multiplier(mantissa, 5);
            let Some(line) = Line::of(&[channel; PANEL], rounding) else { return Ok(()) };
            prop_assert_eq!(float(&line, 0, sum.into(), rounding), whole(&channel, sum.into()));
        }

        #[test]
        fn nearly_all_multipliers_of_early_layers_are_accepted(
            mantissas in prop::collection::vec((1_i32 << 30)..=i32::MAX, 200), exponent in 5_u32..=7,
        ) {
            for rounding in [Rounding::Nearest, Rounding::Down] {
                let is_accepted =
                    |&&mantissa: &&i32| Line::of(&[Channel::with_multiplier(mantissa, exponent); PANEL], rounding).is_some();
                prop_assert!(mantissas.iter().filter(is_accepted).count() > 180);
            }
        }
    }

    #[test]
    fn one_channel_that_is_rejected_rejects_its_group() {
        let mut group = [Channel::with_multiplier(0x5555_5555, 6); PANEL];
        assert!(Line::of(&group, Rounding::Nearest).is_some());
        group[7] = Channel::with_multiplier(0x5555_5555, 15);
        assert!(Line::of(&group, Rounding::Nearest).is_none());
        group[7] = Channel::NONE;
        assert!(Line::of(&group, Rounding::Nearest).is_none());
    }
}
