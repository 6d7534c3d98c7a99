//! Integer arithmetic of TFLite's quantised kernels, equal to its reference code.
//!
//! An int8 tensor represents real values `scale * (q - zero_point)`. A layer's sum of products is an `i32` in units of
//! `input scale * weight scale`. Its conversion to the output's units multiplies by a real number below one, which TFLite
//! stores as a 31-bit mantissa and a power of two ([`Multiplier`], TFLite's `QuantizeMultiplier`). TFLite rounds that product
//! in different ways for different operators; each has a method here. The fused and vectorised forms of this engine are
//! tested against these.

/// A positive real number as `mantissa * 2^(shift - 31)`, with `2^30 <= mantissa < 2^31` (or zero).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiplier {
    /// 31-bit mantissa.
    pub mantissa: i32,
    /// Exponent of the power of two; negative for every multiplier below one half.
    pub shift: i32,
}

impl Multiplier {
    /// Returns the multiplier nearest to `real`, as TFLite's `QuantizeMultiplier`. `None` unless `0 < real < 2^30`.
    pub fn from_real(real: f64) -> Option<Self> {
        if !(real > 0.0 && real < f64::from(1 << 30)) {
            return None;
        }
        let (fraction, mut shift) = libm::frexp(real);
        let mut mantissa = libm::round(fraction * 2_147_483_648.0) as i64;
        if mantissa == 1 << 31 {
            mantissa /= 2;
            shift += 1;
        }
        if shift < -31 {
            return Some(Self { mantissa: 0, shift: 0 });
        }
        Some(Self { mantissa: mantissa as i32, shift })
    }

    /// Returns the multiplier of one convolution channel: `input * weight / output`, computed in f64 from the file's scales.
    pub(crate) fn from_scales(input: f32, weight: f32, output: f32) -> Option<Self> {
        Self::from_real(f64::from(input) * f64::from(weight) / f64::from(output))
    }

    /// Multiplies as TFLite's `MultiplyByQuantizedMultiplier` with double rounding, for convolutions and MEAN: a rounding
    /// doubling high multiplication, then a right shift that rounds halves away from zero.
    pub(crate) fn apply_double_rounding(self, value: i32) -> i32 {
        let left = self.shift.clamp(0, 31);
        let right = (-self.shift).clamp(0, 31);
        let high = doubling_high_mul(value.wrapping_shl(left as u32), self.mantissa);
        divide_by_power_of_two(high, right as u32)
    }

    /// Multiplies a sum of unsigned bytes as [`apply_double_rounding`](Self::apply_double_rounding) does: for values that are not
    /// negative, both roundings are floors, which combine into one. `sum < 2^16`, `shift` from -30 to 7. Compilers vectorise it.
    #[inline(always)]
    pub(crate) fn apply_double_rounding_to_sum(self, sum: u16) -> i32 {
        let (left, right) = (self.shift.clamp(0, 7) as u32, (-self.shift).clamp(0, 30) as u32);
        let round = (1_u64 << 30) + if right > 0 { 1 << (30 + right) } else { 0 };
        let product = u64::from(u32::from(sum) << left) * u64::from(self.mantissa.unsigned_abs());
        ((product + round) >> (31 + right)) as i32
    }

    /// Multiplies with a single rounding, halves up, for FULLY_CONNECTED. Exact for `shift <= 30`.
    pub(crate) fn apply_single_rounding(self, value: i32) -> i32 {
        let total = (31 - self.shift).clamp(1, 62) as u32;
        let product = i64::from(value) * i64::from(self.mantissa);
        ((product + (1 << (total - 1))) >> total).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
    }

    /// Returns this multiplier divided by `count`, as TFLite's MEAN includes the division by the number of elements. `None` if
    /// `count` is 0.
    pub(crate) fn divided_by(self, count: u32) -> Option<Self> {
        if count == 0 {
            return None;
        }
        let log2 = 63 - u64::from(count).leading_zeros() as i32;
        let extra = log2.min(32).min(31 + self.shift).max(0);
        let mantissa = (i64::from(self.mantissa) << extra) / i64::from(count);
        Some(Self { mantissa: i32::try_from(mantissa).ok()?, shift: self.shift - extra })
    }
}

/// Returns `round(a * b / 2^31)`, as gemmlowp's `SaturatingRoundingDoublingHighMul`.
fn doubling_high_mul(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    let product = i64::from(a) * i64::from(b);
    let nudge = if product >= 0 { 1 << 30 } else { 1 - (1 << 30) };
    ((product + nudge) / (1 << 31)) as i32
}

/// Returns `value / 2^exponent`, halves away from zero, as gemmlowp's `RoundingDivideByPOT`. `exponent <= 31`.
fn divide_by_power_of_two(value: i32, exponent: u32) -> i32 {
    let mask = ((1_i64 << exponent) - 1) as i32;
    let threshold = (mask >> 1) + i32::from(value < 0);
    (value >> exponent) + i32::from((value & mask) > threshold)
}

/// Returns `value / scale + zero_point` as QUANTIZE computes it: float division, halves away from zero, clamped to int8.
///
/// NaN gives the zero point (undefined in TFLite). The function has no branches, no calls and no casts from float to integer, which
/// saturate, so that compilers vectorise it.
#[inline(always)]
pub fn quantise(value: f32, scale: f32, zero_point: i32) -> i8 {
    // Larger quotients are clamped in any case.
    let steps = (value / scale).clamp(-512.0, 512.0);
    let steps = if steps.is_nan() { 0.0 } else { steps };
    let size = steps.abs();
    // The sum is rounded to an integer, a half to the even one. Everything else is exact.
    let near = (size + TO_INTEGER) - TO_INTEGER;
    let away = near + if size - near == 0.5 { 1.0 } else { 0.0 };
    let quantised = away.copysign(steps) + zero_point as f32;
    // The last bits of this sum are the integer.
    (quantised.clamp(-128.0, 127.0) + 1.5 * TO_INTEGER).to_bits() as i8
}

/// 2^23: the numbers from here to its double are the integers.
const TO_INTEGER: f32 = 8_388_608.0;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_half_becomes_the_smallest_mantissa_with_no_shift() {
        assert_eq!(Multiplier::from_real(0.5), Some(Multiplier { mantissa: 1 << 30, shift: 0 }));
    }

    #[test]
    fn a_mantissa_that_rounds_up_to_one_is_renormalised() {
        let below_one = 1.0 - f64::EPSILON / 2.0;
        assert_eq!(Multiplier::from_real(below_one), Some(Multiplier { mantissa: 1 << 30, shift: 1 }));
    }

    #[test]
    fn zero_negative_and_too_large_numbers_give_no_multiplier() {
        for real in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e30] {
            assert_eq!(Multiplier::from_real(real), None, "{real}");
        }
    }

    #[test]
    fn halves_round_away_from_zero_on_both_sides() {
        let quarter = Multiplier { mantissa: 1 << 30, shift: -1 };
        assert_eq!(quarter.apply_double_rounding(2), 1);
        assert_eq!(quarter.apply_double_rounding(-2), -1);
        assert_eq!(quarter.apply_double_rounding(6), 2);
    }

    #[test]
    fn quantise_rounds_halves_away_and_clamps() {
        assert_eq!(quantise(1.5, 1.0, 0), 2);
        assert_eq!(quantise(-1.5, 1.0, 0), -2);
        assert_eq!(quantise(1e30, 1.0, 0), 127);
        assert_eq!(quantise(-1e30, 1.0, 0), -128);
        assert_eq!(quantise(f32::NAN, 1.0, 16), 16);
    }

    proptest! {
        #[test]
        fn a_sum_is_multiplied_in_one_step_as_in_two(sum: u16, mantissa in (1_i32 << 30)..=i32::MAX, shift in -30_i32..=7) {
            let multiplier = Multiplier { mantissa, shift };
            prop_assert_eq!(multiplier.apply_double_rounding_to_sum(sum), multiplier.apply_double_rounding(i32::from(sum)));
        }

        #[test]
        fn both_roundings_stay_within_one_of_the_real_product(value in -(1 << 24)..(1 << 24), real in 1e-6..0.49_f64) {
            let multiplier = Multiplier::from_real(real).unwrap();
            let exact = f64::from(value) * real;
            prop_assert!((f64::from(multiplier.apply_double_rounding(value)) - exact).abs() <= 1.01);
            prop_assert!((f64::from(multiplier.apply_single_rounding(value)) - exact).abs() <= 0.51);
        }

        #[test]
        fn quantise_equals_rounding_by_libm(bits: u32, zero_point in -128..=127, scale in 1e-3..1.0_f32) {
            let value = f32::from_bits(bits);
            for value in [value, libm::roundf(value * 1e-3) * scale / 2.0] {
                let expected = (libm::roundf(value / scale) as i32).saturating_add(zero_point).clamp(-128, 127);
                prop_assert_eq!(i32::from(quantise(value, scale, zero_point)), expected);
            }
        }

        #[test]
        fn any_bits_give_what_integers_without_overflow_give(value: i32, mantissa: i32, shift in -31..=30) {
            let multiplier = Multiplier { mantissa, shift };
            let limits = (i128::from(i32::MIN), i128::from(i32::MAX));
            let shifted = value.wrapping_shl(shift.max(0) as u32);
            // The first rounding takes halves up, the second away from zero.
            let high = ((i128::from(shifted) * i128::from(mantissa) + (1 << 30)) >> 31).min(limits.1);
            let divisor = 1_i128 << (-shift).max(0);
            let twice = high.signum() * ((high.abs() + divisor / 2) / divisor);
            prop_assert_eq!(i128::from(multiplier.apply_double_rounding(value)), twice);
            let divisor = 1_i128 << (31 - shift);
            let once = (i128::from(value) * i128::from(mantissa) + divisor / 2).div_euclid(divisor);
            prop_assert_eq!(i128::from(multiplier.apply_single_rounding(value)), once.clamp(limits.0, limits.1));
        }

        #[test]
        fn a_shift_out_of_range_acts_as_the_nearest_one(value: i32, mantissa: i32, beyond in 1..40) {
            let (low, high) = (Multiplier { mantissa, shift: -31 }, Multiplier { mantissa, shift: 31 });
            let (lower, higher) =
                (Multiplier { shift: -31 - beyond, ..low }, Multiplier { shift: 31 + beyond, ..high });
            prop_assert_eq!(lower.apply_double_rounding(value), low.apply_double_rounding(value));
            prop_assert_eq!(higher.apply_double_rounding(value), high.apply_double_rounding(value));
            prop_assert_eq!(lower.apply_single_rounding(value), low.apply_single_rounding(value));
            prop_assert_eq!(higher.apply_single_rounding(value), high.apply_single_rounding(value));
        }
    }
}
