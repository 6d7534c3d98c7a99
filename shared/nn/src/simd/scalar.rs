//! Portable code, in forms that compilers vectorise for the target.

use super::generic::{self, PlanesJob, ProductJob};
use super::vectors::Vectors;
use crate::layout::{Constants, Groups, Layout, PANEL};

/// Portable implementation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scalar;

/// Bytes of input per step.
const STEP: usize = 16;
/// Steps of a run.
const FOUR: usize = 4;

/// Eight channels of a column of four rows.
type Rows = [[i16; PANEL]; 4];

impl Layout for Scalar {
    const STEP: usize = STEP;
    const WIDTH: usize = PANEL;
    const LONGEST: usize = FOUR;
    const GROUPS: Groups = Groups::Runs;
    const FLIP: u8 = 0x80;
    const ROWS: &'static [usize] = &[1];
    const TAPS_LEN: usize = 192;

    fn weight_index(channel: usize, byte: usize) -> usize {
        STEP * channel + byte
    }
}

// SAFETY:
// - the implementation uses no optional instructions;
// - no function accesses more memory than the sizes of its `Layout` state.
unsafe impl Vectors for Scalar {
    type Acc = [i32; PANEL];
    type Sum = [i32; PANEL];
    type Column = Rows;
    type Scale = *const Constants;
    type Taps = *const u8;

    #[inline(always)]
    unsafe fn start(constants: *const Constants) -> Self::Acc {
        // SAFETY: the caller guarantees readable, aligned constants.
        unsafe { (*constants).bias }
    }

    #[inline(always)]
    unsafe fn group<const R: usize, const L: usize>(
        acc: &mut [Self::Acc; R],
        input: *const u8,
        input_step: usize,
        offsets: *const u16,
        weights: *const u8,
    ) {
        // SAFETY: the caller guarantees `L` offsets, which are a run, weights of eight channels for each, and a step of input at each.
        unsafe {
            if L == FOUR {
                let values = input.add(usize::from(*offsets));
                for (r, acc) in acc.iter_mut().enumerate() {
                    let values = &*values.add(r * input_step).cast::<[[u8; STEP]; FOUR]>();
                    for (channel, acc) in acc.iter_mut().enumerate() {
                        *acc += dot_of_four(values, &*weights.add(STEP * channel).cast());
                    }
                }
                return;
            }
            for step in 0..L {
                let weights = &*weights.add(PANEL * STEP * step).cast::<[[i8; STEP]; PANEL]>();
                let input = input.add(usize::from(*offsets.add(step)));
                for (r, acc) in acc.iter_mut().enumerate() {
                    let values = &*input.add(r * input_step).cast::<[u8; STEP]>();
                    for (acc, weights) in acc.iter_mut().zip(weights) {
                        *acc += dot(values, weights);
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn finish<const R: usize>(acc: [Self::Acc; R], constants: *const Constants, out: [*mut u8; R]) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { generic::finish::<Self, R>(acc, constants, out) }
    }

    #[inline(always)]
    unsafe fn scale(constants: *const Constants) -> Self::Scale {
        constants
    }

    #[inline(always)]
    unsafe fn requantise(sum: Self::Sum, scale: Self::Scale) -> Self::Sum {
        // SAFETY: the caller guarantees readable, aligned constants.
        let constants = unsafe { &*scale };
        core::array::from_fn(|lane| {
            let round = if lane % 2 == 0 { constants.round_even } else { constants.round_odd }[lane / 2];
            let scaled = i64::from(sum[lane]).wrapping_mul(i64::from(constants.mantissa[lane])).wrapping_add(round);
            ((scaled >> 32) as i32) >> (constants.shift[lane] & 31)
        })
    }

    #[inline(always)]
    unsafe fn store<const R: usize>(sums: [Self::Sum; R], out: [*mut u8; R]) {
        for (sum, out) in sums.into_iter().zip(out) {
            // SAFETY: the caller guarantees eight writable bytes.
            unsafe { out.cast::<[u8; PANEL]>().write_unaligned(sum.map(|value| value.clamp(0, 255) as u8)) }
        }
    }

    #[inline(always)]
    unsafe fn column<const ROWS: usize>(pixel: *const u8, row_step: usize) -> Self::Column {
        let mut column = [[0; PANEL]; 4];
        for (row, values) in column.iter_mut().enumerate().take(ROWS) {
            // SAFETY: the caller guarantees eight readable bytes at each row.
            let bytes = unsafe { pixel.add(row * row_step).cast::<[u8; PANEL]>().read_unaligned() };
            *values = bytes.map(i16::from);
        }
        column
    }

    #[inline(always)]
    unsafe fn load_taps(taps: *const u8) -> Self::Taps {
        taps
    }

    #[inline(always)]
    unsafe fn taps<const ROW: usize>(columns: [Self::Column; 3], taps: *const u8, scale: Self::Scale) -> Self::Sum {
        // SAFETY: the caller guarantees `TAPS_LEN` readable bytes, aligned to 32, and readable constants.
        let (taps, mut sums) = unsafe { (&*taps.cast::<[[i16; PANEL]; 9]>(), (*scale).bias) };
        for row in 0..3 {
            for (column, values) in columns.iter().enumerate() {
                let (values, tap) = (values[row + ROW], taps[3 * row + column]);
                for ((sum, value), weight) in sums.iter_mut().zip(values).zip(tap) {
                    *sum += i32::from(value) * i32::from(weight);
                }
            }
        }
        sums
    }

    unsafe fn product(_: usize, job: &ProductJob) {
        // SAFETY: the caller guarantees what `generic::product` asks for.
        unsafe { generic::product::<Self, 1, 1>(job) }
    }

    unsafe fn planes(job: &PlanesJob) {
        // SAFETY: the caller guarantees what `generic::planes` asks for.
        unsafe { generic::planes::<Self>(job) }
    }
}

/// Weights of four steps from those of a channel in the first to those in the last.
type Run = [[i8; STEP]; PANEL * (FOUR - 1) + 1];

/// Returns the dot product of four steps, of which compilers add the vectors before the lanes. Not inlined, as [`dot`].
#[inline(never)]
fn dot_of_four(values: &[[u8; STEP]; FOUR], weights: &Run) -> i32 {
    let mut sum = 0;
    for (values, weights) in values.iter().zip(weights.iter().step_by(PANEL)) {
        for (&value, &weight) in values.iter().zip(weights) {
            sum += i32::from(value) * i32::from(weight);
        }
    }
    sum
}

/// Returns the dot product of a step. Not inlined, because compilers vectorise it (to `pmaddwd` on x86-64) only as a separate
/// function.
#[inline(never)]
fn dot(values: &[u8; STEP], weights: &[i8; STEP]) -> i32 {
    values.iter().zip(weights).map(|(&value, &weight)| i32::from(value) * i32::from(weight)).sum()
}
