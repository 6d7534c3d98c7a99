//! NEON without dot products.
//!
//! `smull` and `smlal2` add two products of signed bytes in 16 bits, which is exact because weights are at least -127
//! (2 * 128 * 127 = 32512). If the packer has found four products to be exact, a second step adds two more. `sadalp` widens.
//! Each channel has its own vector of partial sums, which are added at the end.

mod tile;

use core::arch::aarch64::*;

use super::Sum;
use super::requantise::{self, Scale};
use crate::layout::{Constants, Groups, Layout, PANEL};
use crate::simd::generic::{self, PlanesJob, ProductJob};
use crate::simd::vectors::Vectors;
use tile::{Acc, chain, step};

/// 128-bit vectors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neon;

impl Layout for Neon {
    const STEP: usize = 16;
    const WIDTH: usize = PANEL;
    const LONGEST: usize = 2;
    const GROUPS: Groups = Groups::Chains;
    const FLIP: u8 = 0;
    const ROWS: &'static [usize] = &[2];
    const TAPS_LEN: usize = 192;

    fn weight_index(channel: usize, byte: usize) -> usize {
        16 * channel + byte
    }
}

// SAFETY:
// - NEON is part of every aarch64 target that is not bare metal without floats;
// - `Isa::is_available` checks it;
// - no function accesses more memory than the sizes of its `Layout` state.
unsafe impl Vectors for Neon {
    type Acc = Acc;
    type Sum = Sum;
    /// Four rows of eight signed bytes, widened.
    type Column = [int16x8_t; 4];
    type Scale = Scale;
    type Taps = [int16x8_t; 9];

    #[inline(always)]
    unsafe fn start(constants: *const Constants) -> Acc {
        // SAFETY:
        // - NEON is available;
        // - the constants are readable.
        unsafe { (*constants).bias.map(|bias| vsetq_lane_s32::<0>(bias, vdupq_n_s32(0))) }
    }

    #[inline(always)]
    unsafe fn group<const R: usize, const L: usize>(
        acc: &mut [Acc; R],
        input: *const u8,
        input_step: usize,
        offsets: *const u16,
        weights: *const u8,
    ) {
        // SAFETY:
        // - NEON is available;
        // - the caller guarantees the reads.
        unsafe {
            if let (2, Ok(acc)) = (L, <&mut [Acc; 2]>::try_from(&mut acc[..])) {
                let offsets = [usize::from(*offsets), usize::from(*offsets.add(1))];
                return chain(acc, [input, input.add(input_step)], offsets, weights);
            }
            if let (1, Ok(acc)) = (L, <&mut [Acc; 2]>::try_from(&mut acc[..])) {
                return step(acc, input.add(usize::from(*offsets)), input_step, weights);
            }
            for (r, acc) in acc.iter_mut().enumerate() {
                for (channel, acc) in acc.iter_mut().enumerate() {
                    let mut sums = vdupq_n_s16(0);
                    for step in 0..L {
                        let values = vld1q_s8(input.add(r * input_step + usize::from(*offsets.add(step))).cast());
                        let weights = vld1q_s8(weights.add(16 * (PANEL * step + channel)).cast());
                        sums = vmlal_s8(sums, vget_low_s8(values), vget_low_s8(weights));
                        sums = vmlal_high_s8(sums, values, weights);
                    }
                    *acc = vpadalq_s16(*acc, sums);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn finish<const R: usize>(acc: [Acc; R], constants: *const Constants, out: [*mut u8; R]) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe {
            let mut sums = [across(acc[0]); R];
            for r in 1..R {
                sums[r] = across(acc[r]);
            }
            if R == 1 {
                requantise::store([requantise::once(sums[0], constants)], [out[0]]);
            } else {
                generic::finish::<Self, R>(sums, constants, out);
            }
        }
    }

    #[inline(always)]
    unsafe fn scale(constants: *const Constants) -> Scale {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { Scale::load(constants) }
    }

    #[inline(always)]
    unsafe fn requantise(sum: Sum, scale: Scale) -> Sum {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { scale.twice(sum) }
    }

    #[inline(always)]
    unsafe fn store<const R: usize>(sums: [Sum; R], out: [*mut u8; R]) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { requantise::store(sums, out) }
    }

    #[inline(always)]
    unsafe fn column<const ROWS: usize>(pixel: *const u8, row_step: usize) -> Self::Column {
        // SAFETY:
        // - NEON is available;
        // - eight bytes are readable at each row.
        unsafe {
            let mut column = [vdupq_n_s16(0); 4];
            for (row, values) in column.iter_mut().enumerate().take(ROWS) {
                *values = vmovl_s8(vld1_s8(pixel.add(row * row_step).cast()));
            }
            column
        }
    }

    #[inline(always)]
    unsafe fn load_taps(taps: *const u8) -> Self::Taps {
        // SAFETY:
        // - NEON is available;
        // - the taps are readable.
        unsafe {
            let mut loaded = [vdupq_n_s16(0); 9];
            for (index, loaded) in loaded.iter_mut().enumerate() {
                *loaded = vld1q_s16(taps.add(16 * index).cast());
            }
            loaded
        }
    }

    #[inline(always)]
    unsafe fn taps<const ROW: usize>(columns: [Self::Column; 3], taps: Self::Taps, scale: Scale) -> Sum {
        // SAFETY: NEON is available.
        unsafe {
            let mut sum = scale.bias;
            for row in 0..3 {
                for (column, values) in columns.iter().enumerate() {
                    let (values, tap) = (values[row + ROW], taps[3 * row + column]);
                    sum[0] = vmlal_s16(sum[0], vget_low_s16(values), vget_low_s16(tap));
                    sum[1] = vmlal_high_s16(sum[1], values, tap);
                }
            }
            sum
        }
    }

    unsafe fn product(rows: usize, job: &ProductJob) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe {
            match rows {
                2 => neon_product2(job),
                _ => neon_product1(job),
            }
        }
    }

    unsafe fn planes(job: &PlanesJob) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { neon_planes(job) }
    }
}

/// Reduces the vectors of partial sums to one sum per channel.
///
/// # Safety
/// NEON is available.
#[inline(always)]
unsafe fn across(acc: Acc) -> Sum {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe {
        let four = |first: usize| {
            let pairs = [0, 2].map(|pair| vpaddq_s32(acc[first + pair], acc[first + pair + 1]));
            vpaddq_s32(pairs[0], pairs[1])
        };
        [four(0), four(4)]
    }
}

#[inline(never)]
unsafe fn neon_product2(job: &ProductJob) {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe { generic::product::<Neon, 2, 1>(job) }
}

#[inline(never)]
unsafe fn neon_product1(job: &ProductJob) {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe { generic::product::<Neon, 1, 1>(job) }
}

#[inline(never)]
unsafe fn neon_planes(job: &PlanesJob) {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe { generic::planes::<Neon>(job) }
}
