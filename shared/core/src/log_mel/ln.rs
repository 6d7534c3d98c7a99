//! Natural logarithm of the front end: `libm::logf` without its special cases, so that the compiler can vectorise it.
#![allow(
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "an 8-bit exponent field, exact in i32 and f32"
)]

/// Bits of sqrt(1/2): mantissas are reduced to sqrt(1/2) to sqrt(2).
const SQRT_HALF: u32 = 0x3f35_04f3;
/// ln 2 in two parts, the first short enough that its product with an exponent is exact.
const LN2: [f32; 2] = [6.931_381e-1, 9.058_001e-6];
/// Polynomial of `(ln(1+s) - ln(1-s)) / s - 2` in `s^2`. Source: `logf` of musl and FreeBSD.
const POLY: [f32; 4] = [0.666_666_6, 0.400_009_72, 0.284_987_87, 0.242_790_79];

/// Returns the natural logarithm of a finite `x >= f32::MIN_POSITIVE`, within 1 unit in the last place and bit for bit equal
/// to `libm::logf`. For any other `x` the result is unspecified.
///
/// The operations have one fixed order, so the bits do not depend on vectorisation.
#[inline]
pub(super) fn ln(x: f32) -> f32 {
    let shifted = x.to_bits().wrapping_add(0x3f80_0000 - SQRT_HALF);
    let exponent = ((shifted >> 23) as i32 - 0x7f) as f32;
    let f = f32::from_bits((shifted & 0x007f_ffff) + SQRT_HALF) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let odd = w * (POLY[1] + w * POLY[3]);
    let even = z * (POLY[0] + w * POLY[2]);
    let half_square = 0.5 * f * f;
    s * (half_square + (even + odd)) + exponent * LN2[1] - half_square + f + exponent * LN2[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn equals_libm_bit_for_bit_on_normal_numbers(bits in 0x0080_0000_u32..0x7f80_0000) {
            let x = f32::from_bits(bits);
            prop_assert_eq!(ln(x).to_bits(), libm::logf(x).to_bits());
        }
    }

    #[test]
    fn equals_libm_bit_for_bit_in_the_range_of_mel_magnitudes() {
        let mut x = 0.001_f32;
        while x < 1000.0 {
            assert_eq!(ln(x).to_bits(), libm::logf(x).to_bits(), "{x}");
            x *= 1.000_01;
        }
    }
}
