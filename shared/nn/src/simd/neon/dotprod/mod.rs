//! NEON with dot products.
//!
//! `sdot` adds four products of bytes to each of four 32-bit sums; the input bytes are one of four lanes. No overflow is
//! possible. Six positions by sixteen channels use 24 of the 32 registers, six more hold sixteen bytes of each position, and
//! two hold the weights: 96 products of sixteen bytes for 14 loads. The depthwise kernel interleaves the rows of a column of
//! pixels, so that a channel's three bytes (four for two output rows) are in one lane.

mod column;
mod tile;

use core::arch::aarch64::*;
use core::arch::asm;

use super::Sum;
use super::plain::Neon;
use super::requantise::{self, Scale};
use crate::layout::{Constants, Groups, INTERLEAVED_TAPS_LEN, Layout, PANEL, interleave_taps};
use crate::simd::generic::{self, PlanesJob, ProductJob};
use crate::simd::vectors::Vectors;
use column::interleaved;
use tile::{Acc, TILE, four_steps, one_step};

/// 128-bit vectors with dot products of bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NeonDotprod;

impl Layout for NeonDotprod {
    const STEP: usize = 4;
    const WIDTH: usize = 2 * PANEL;
    const LONGEST: usize = 4;
    const GROUPS: Groups = Groups::Runs;
    const FLIP: u8 = Neon::FLIP;
    const ROWS: &'static [usize] = &[TILE];
    const TAPS_LEN: usize = INTERLEAVED_TAPS_LEN;

    fn weight_index(channel: usize, byte: usize) -> usize {
        4 * channel + byte
    }

    fn pack_taps(taps: &[[[i8; PANEL]; 9]], out: &mut [u8]) {
        interleave_taps(taps, out);
    }
}

// SAFETY:
// - the only optional instruction is `sdot`, which `Isa::is_available` checks;
// - the functions that use it enable it;
// - no function accesses more memory than the sizes of its `Layout` state.
unsafe impl Vectors for NeonDotprod {
    type Acc = Acc;
    type Sum = Sum;
    /// Four rows of channels 0 to 3, and of channels 4 to 7; the four bytes of a channel are adjacent.
    type Column = [int8x16_t; 2];
    type Scale = Scale;
    /// `[output row][column]`: the taps of channels 0 to 3, and of channels 4 to 7.
    type Taps = [[[int8x16_t; 2]; 3]; 2];

    #[inline(always)]
    unsafe fn start(constants: *const Constants) -> Acc {
        // SAFETY:
        // - NEON is available;
        // - constants of sixteen channels are readable.
        unsafe {
            let (low, high) = (Scale::load(constants).bias, Scale::load(constants.add(1)).bias);
            [low[0], low[1], high[0], high[1]]
        }
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
        // - NEON with dot products is available;
        // - the caller guarantees the reads, and that the steps are a run.
        unsafe {
            let input = input.add(usize::from(*offsets));
            if let (4, Ok(acc)) = (L, <&mut [Acc; TILE]>::try_from(&mut acc[..])) {
                return four_steps(acc, input, input_step, weights);
            }
            for step in 0..L {
                let (input, weights) = (input.add(4 * step), weights.add(64 * step));
                if let Ok(acc) = <&mut [Acc; TILE]>::try_from(&mut acc[..]) {
                    one_step(acc, input, input_step, weights);
                    continue;
                }
                for (r, acc) in acc.iter_mut().enumerate() {
                    let quad = vreinterpretq_s8_s32(vld1q_dup_s32(input.add(r * input_step).cast()));
                    for (index, acc) in acc.iter_mut().enumerate() {
                        *acc = dot(*acc, vld1q_s8(weights.add(16 * index).cast()), quad);
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
            for (acc, out) in acc.into_iter().zip(out) {
                let (low, high) = ([acc[0], acc[1]], [acc[2], acc[3]]);
                let (low, high) = if R == 1 {
                    (requantise::once(low, constants), requantise::once(high, constants.add(1)))
                } else {
                    (scales[0].twice(low), scales[1].twice(high))
                };
                vst1q_u8(out, requantise::bytes(low, high));
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
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { interleaved::<ROWS>(pixel, row_step) }
    }

    #[inline(always)]
    unsafe fn load_taps(taps: *const u8) -> Self::Taps {
        // SAFETY:
        // - NEON is available;
        // - the taps are readable.
        unsafe {
            let mut loaded = [[[vdupq_n_s8(0); 2]; 3]; 2];
            for (index, loaded) in loaded.as_flattened_mut().as_flattened_mut().iter_mut().enumerate() {
                *loaded = vld1q_s8(taps.add(16 * index).cast());
            }
            loaded
        }
    }

    #[inline(always)]
    unsafe fn taps<const ROW: usize>(columns: [Self::Column; 3], taps: Self::Taps, scale: Scale) -> Sum {
        // SAFETY: NEON with dot products is available.
        unsafe {
            let mut sum = scale.bias;
            for (column, taps) in columns.into_iter().zip(taps[ROW]) {
                sum[0] = dot(sum[0], column[0], taps[0]);
                sum[1] = dot(sum[1], column[1], taps[1]);
            }
            sum
        }
    }

    unsafe fn product(rows: usize, job: &ProductJob) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe {
            match rows {
                TILE => dotprod_product6(job),
                _ => dotprod_product1(job),
            }
        }
    }

    unsafe fn planes(job: &PlanesJob) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { dotprod_planes(job) }
    }
}

/// `sdot`, in assembly because the intrinsic is not stable.
///
/// # Safety
/// The processor has dot products, and they are enabled in the caller.
#[inline(always)]
pub(super) unsafe fn dot(sum: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    let mut sum = sum;
    // SAFETY:
    // - the instruction is available;
    // - it touches no memory and no flags.
    unsafe {
        asm!(
            "sdot {sum:v}.4s, {a:v}.16b, {b:v}.16b",
            sum = inout(vreg) sum,
            a = in(vreg) a,
            b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

#[target_feature(enable = "dotprod")]
#[inline(never)]
unsafe fn dotprod_product6(job: &ProductJob) {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe { generic::product::<NeonDotprod, 6, 1>(job) }
}

#[target_feature(enable = "dotprod")]
#[inline(never)]
unsafe fn dotprod_product1(job: &ProductJob) {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe { generic::product::<NeonDotprod, 1, 1>(job) }
}

#[target_feature(enable = "dotprod")]
#[inline(never)]
unsafe fn dotprod_planes(job: &PlanesJob) {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe { generic::planes::<NeonDotprod>(job) }
}
