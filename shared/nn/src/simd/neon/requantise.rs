//! Requantisation of sums to bytes.
//!
//! `sqrdmulh` performs the first of the two roundings of TFLite's convolutions (upper half of the doubled product, rounded),
//! `srshl` with a negative count the second. They differ from TFLite only in the rounding of negative halves, and negative
//! values are clamped to zero. FULLY_CONNECTED rounds once, which requires 64-bit products.

use core::arch::aarch64::*;

use super::Sum;
use crate::layout::Constants;

/// Requantisation constants of eight channels, in registers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Bias of each channel.
    pub bias: Sum,
    mantissa: Sum,
    left: Sum,
}

impl Scale {
    /// Loads the constants of eight channels.
    ///
    /// # Safety
    /// - NEON is available;
    /// - the constants are readable.
    #[inline(always)]
    pub(crate) unsafe fn load(constants: *const Constants) -> Self {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe {
            Self {
                bias: pair((&raw const (*constants).bias).cast()),
                mantissa: pair((&raw const (*constants).mantissa).cast()),
                left: pair((&raw const (*constants).left).cast()),
            }
        }
    }

    /// Requantises with two roundings.
    ///
    /// # Safety
    /// NEON is available.
    #[inline(always)]
    pub(crate) unsafe fn twice(&self, sum: Sum) -> Sum {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe {
            [
                vrshlq_s32(vqrdmulhq_s32(sum[0], self.mantissa[0]), self.left[0]),
                vrshlq_s32(vqrdmulhq_s32(sum[1], self.mantissa[1]), self.left[1]),
            ]
        }
    }
}

/// Requantises with one rounding: `(sum * mantissa + round) >> (32 + shift)`.
///
/// # Safety
/// - NEON is available;
/// - the constants are readable.
#[inline(always)]
pub(super) unsafe fn once(sum: Sum, constants: *const Constants) -> Sum {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe {
        let mut out = sum;
        for half in 0..2 {
            let part = |field: *const i32| vld1q_s32(field.add(4 * half));
            let mantissa = part((&raw const (*constants).mantissa).cast());
            // Products of lanes 0 and 1, then 2 and 3; the rounding constants of even and odd lanes are stored separately.
            let even = vld1q_s64((&raw const (*constants).round_even).cast::<i64>().add(2 * half));
            let odd = vld1q_s64((&raw const (*constants).round_odd).cast::<i64>().add(2 * half));
            let low = vmlal_s32(vzip1q_s64(even, odd), vget_low_s32(sum[half]), vget_low_s32(mantissa));
            let high = vmlal_high_s32(vzip2q_s64(even, odd), sum[half], mantissa);
            let words = vuzp2q_s32(vreinterpretq_s32_s64(low), vreinterpretq_s32_s64(high));
            out[half] = vshlq_s32(words, vnegq_s32(part((&raw const (*constants).shift).cast())));
        }
        out
    }
}

/// Returns sixteen values, eight of `low` and eight of `high`, clamped to 0..=255, in the stored form (signed bytes).
///
/// # Safety
/// NEON is available.
#[inline(always)]
pub(super) unsafe fn bytes(low: Sum, high: Sum) -> uint8x16_t {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe {
        let words = |sum: Sum| vqmovun_high_s32(vqmovun_s32(sum[0]), sum[1]);
        veorq_u8(vqmovn_high_u16(vqmovn_u16(words(low)), words(high)), vdupq_n_u8(0x80))
    }
}

/// Clamps to 0..=255 and stores eight signed bytes at each pointer.
///
/// # Safety
/// - NEON is available;
/// - eight bytes are writable at each place.
#[inline(always)]
pub(super) unsafe fn store<const R: usize>(sums: [Sum; R], out: [*mut u8; R]) {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe {
        let mut r = 0;
        while r < R {
            let next = (r + 1).min(R - 1);
            let bytes = vreinterpretq_u64_u8(bytes(sums[r], sums[next]));
            vst1_u64(out[r].cast(), vget_low_u64(bytes));
            if next > r {
                vst1q_lane_u64::<1>(out[next].cast(), bytes);
            }
            r += 2;
        }
    }
}

/// Loads eight values.
///
/// # Safety
/// - NEON is available;
/// - eight values are readable.
#[inline(always)]
unsafe fn pair(values: *const i32) -> Sum {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe { [vld1q_s32(values), vld1q_s32(values.add(4))] }
}
