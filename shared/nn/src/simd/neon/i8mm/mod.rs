//! NEON with matrix products of bytes (i8mm), for server and phone processors since Armv8.6.
//!
//! `smmla` multiplies eight bytes of two positions by those of two channels and adds the four sums of products. No overflow is
//! possible. Six positions by sixteen channels use 24 of the 32 registers: 24 products of 32 bytes each for 14 loads. The depthwise
//! kernel is that for dot products.

mod tile;

use core::arch::aarch64::*;

use super::Sum;
use super::dotprod::{NeonDotprod, dot};
use super::requantise::{self, Scale};
use crate::layout::{Constants, Groups, Layout, PANEL};
use crate::simd::generic::{self, PlanesJob, ProductJob};
use crate::simd::vectors::Vectors;
use tile::{Acc, TILE, four_steps, one_step};

/// 128-bit vectors with matrix products of bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NeonI8mm;

impl Layout for NeonI8mm {
    const STEP: usize = 8;
    const WIDTH: usize = 2 * PANEL;
    const LONGEST: usize = 4;
    const GROUPS: Groups = Groups::Runs;
    const FLIP: u8 = NeonDotprod::FLIP;
    const ROWS: &'static [usize] = &[TILE];
    const TAPS_LEN: usize = NeonDotprod::TAPS_LEN;

    fn weight_index(channel: usize, byte: usize) -> usize {
        8 * channel + byte
    }

    fn pack_taps(taps: &[[[i8; PANEL]; 9]], out: &mut [u8]) {
        NeonDotprod::pack_taps(taps, out);
    }
}

// SAFETY:
// - the only optional instructions are `smmla` and `sdot`, which `Isa::is_available` checks;
// - the functions that use them enable them;
// - no function accesses more memory than the sizes of its `Layout` state.
unsafe impl Vectors for NeonI8mm {
    type Acc = Acc;
    type Sum = Sum;
    type Column = <NeonDotprod as Vectors>::Column;
    type Scale = Scale;
    type Taps = <NeonDotprod as Vectors>::Taps;

    /// Zeros: biases are added at the end, because the sums of two positions share a vector.
    #[inline(always)]
    unsafe fn start(_: *const Constants) -> Acc {
        // SAFETY: NEON is available.
        unsafe { [vdupq_n_s32(0); 8] }
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
        // - NEON with matrix products is available;
        // - the caller guarantees the reads, and that the steps are a run.
        unsafe {
            let input = input.add(usize::from(*offsets));
            if let (4, Ok(acc)) = (L, <&mut [Acc; TILE]>::try_from(&mut acc[..])) {
                return four_steps(acc, input, input_step, weights);
            }
            for step in 0..L {
                let (input, weights) = (input.add(8 * step), weights.add(128 * step));
                if let Ok(acc) = <&mut [Acc; TILE]>::try_from(&mut acc[..]) {
                    one_step(acc, input, input_step, weights);
                    continue;
                }
                for (r, acc) in acc.iter_mut().enumerate() {
                    let eight = vld1_s8(input.add(r * input_step).cast());
                    let twice = vcombine_s8(eight, eight);
                    for (index, acc) in acc.iter_mut().enumerate() {
                        *acc = dot(*acc, vld1q_s8(weights.add(16 * index).cast()), twice);
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn finish<const R: usize>(acc: [Acc; R], constants: *const Constants, out: [*mut u8; R]) {
        // SAFETY:
        // - NEON is available;
        // - constants of both halves are readable, and each pointer is writable for 16 bytes.
        unsafe {
            let scales = [Scale::load(constants), Scale::load(constants.add(1))];
            if R != TILE {
                for (acc, out) in acc.into_iter().zip(out) {
                    let four = |index: usize| vpaddq_s32(acc[2 * index], acc[2 * index + 1]);
                    let low = requantise::once(add(scales[0].bias, [four(0), four(1)]), constants);
                    let high = requantise::once(add(scales[1].bias, [four(2), four(3)]), constants.add(1));
                    vst1q_u8(out, requantise::bytes(low, high));
                }
                return;
            }
            for first in (0..R).step_by(2) {
                let acc = acc[first];
                let mut rows = [[vdupq_n_s32(0); 4]; 2];
                for index in 0..4 {
                    let pairs = [vreinterpretq_s64_s32(acc[2 * index]), vreinterpretq_s64_s32(acc[2 * index + 1])];
                    rows[0][index] = vreinterpretq_s32_s64(vzip1q_s64(pairs[0], pairs[1]));
                    rows[1][index] = vreinterpretq_s32_s64(vzip2q_s64(pairs[0], pairs[1]));
                }
                for (row, out) in rows.into_iter().zip(&out[first..]) {
                    let low = scales[0].twice(add(scales[0].bias, [row[0], row[1]]));
                    let high = scales[1].twice(add(scales[1].bias, [row[2], row[3]]));
                    vst1q_u8(*out, requantise::bytes(low, high));
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn scale(constants: *const Constants) -> Scale {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { NeonDotprod::scale(constants) }
    }

    #[inline(always)]
    unsafe fn requantise(sum: Sum, scale: Scale) -> Sum {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { NeonDotprod::requantise(sum, scale) }
    }

    #[inline(always)]
    unsafe fn store<const R: usize>(sums: [Sum; R], out: [*mut u8; R]) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { NeonDotprod::store(sums, out) }
    }

    #[inline(always)]
    unsafe fn column<const ROWS: usize>(pixel: *const u8, row_step: usize) -> Self::Column {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { NeonDotprod::column::<ROWS>(pixel, row_step) }
    }

    #[inline(always)]
    unsafe fn load_taps(taps: *const u8) -> Self::Taps {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { NeonDotprod::load_taps(taps) }
    }

    #[inline(always)]
    unsafe fn taps<const ROW: usize>(columns: [Self::Column; 3], taps: Self::Taps, scale: Scale) -> Sum {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { NeonDotprod::taps::<ROW>(columns, taps, scale) }
    }

    unsafe fn product(rows: usize, job: &ProductJob) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe {
            match rows {
                TILE => i8mm_product6(job),
                _ => i8mm_product1(job),
            }
        }
    }

    unsafe fn planes(job: &PlanesJob) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { NeonDotprod::planes(job) }
    }
}

/// Adds eight sums.
///
/// # Safety
/// NEON is available.
#[inline(always)]
unsafe fn add(a: Sum, b: Sum) -> Sum {
    // SAFETY: NEON is available.
    unsafe { [vaddq_s32(a[0], b[0]), vaddq_s32(a[1], b[1])] }
}

#[target_feature(enable = "dotprod,i8mm")]
#[inline(never)]
unsafe fn i8mm_product6(job: &ProductJob) {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe { generic::product::<NeonI8mm, 6, 1>(job) }
}

#[target_feature(enable = "dotprod,i8mm")]
#[inline(never)]
unsafe fn i8mm_product1(job: &ProductJob) {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe { generic::product::<NeonI8mm, 1, 1>(job) }
}
