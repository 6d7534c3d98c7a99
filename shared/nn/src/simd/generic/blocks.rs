//! Depthwise 3x3 convolution of four vectors of channels at a time.
//!
//! A vector of bytes has four times the channels of a vector of sums. Interleaving the bytes of four rows gives four vectors, each with
//! the rows of a channel in one lane, and packing four vectors of sums restores the order: six operations per vector of bytes in place
//! of the ten and more that insert, permute and extract a quarter of it. Where a pixel has half of the channels, a vector holds two
//! adjacent pixels.

use super::planes::Strip;
use crate::layout::{Constants, PANEL};
use crate::simd::vectors::Vectors;

/// Operations on vectors of bytes of `BLOCK` channels.
///
/// # Safety
/// As [`Vectors`].
pub(crate) unsafe trait Blocks: Vectors {
    /// Whether two adjacent outputs are computed together, which loads constants and taps once for both but needs more than sixteen
    /// registers.
    const TWO_OUTPUTS: bool;

    /// Loads `BLOCK` bytes each of `ROWS` rows (3 or 4) and interleaves them.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - `BLOCK` bytes are readable at each row.
    unsafe fn columns<const ROWS: usize>(pixel: *const u8, row_step: usize) -> [Self::Sum; 4];

    /// Returns the upper half of `left` and the lower half of `right`: of pairs of pixels, the pair between.
    ///
    /// # Safety
    /// The conditions of the trait hold.
    unsafe fn between(left: Self::Sum, right: Self::Sum) -> Self::Sum;

    /// Returns the initial sums: the biases.
    ///
    /// # Safety
    /// As [`scale`](Vectors::scale).
    unsafe fn bias(constants: *const Constants) -> Self::Sum;

    /// Adds the products of a column with its taps.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - `taps` is readable for `4 * LANES` bytes and aligned to 32.
    unsafe fn dot(sum: Self::Sum, column: Self::Sum, taps: *const u8) -> Self::Sum;

    /// Requantises sums of `LANES` channels.
    ///
    /// # Safety
    /// As [`scale`](Vectors::scale) and [`requantise`](Vectors::requantise).
    #[inline(always)]
    unsafe fn requantise_lanes(sum: Self::Sum, constants: *const Constants) -> Self::Sum {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { Self::requantise(sum, Self::scale(constants)) }
    }

    /// Clamps to 0..=255 and writes `BLOCK` bytes in the order of the input.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - `out` is writable for `BLOCK` bytes.
    unsafe fn store_block(sums: [Self::Sum; 4], out: *mut u8);
}

/// Computes `strip`, of `BLOCK` channels.
///
/// # Safety
/// - the instructions of `I` are available and enabled in the caller;
/// - `strip` is from [`planes`](super::planes()), whose conditions hold, with a block of `BLOCK` channels.
#[inline(always)]
pub(crate) unsafe fn block<I: Blocks>(strip: &Strip) {
    // SAFETY: the caller upholds this function's safety contract; the stride is 1 if a block is two pixels.
    unsafe {
        match (strip.two, strip.job.stride, strip.job.channels < I::BLOCK) {
            (true, _, true) => rows::<I, 4, 2, 1, true>(strip),
            (true, _, false) => rows::<I, 4, 2, 1, false>(strip),
            (false, 1, true) => rows::<I, 3, 1, 1, true>(strip),
            (false, 1, false) => rows::<I, 3, 1, 1, false>(strip),
            (false, ..) => rows::<I, 3, 1, 2, false>(strip),
        }
    }
}

/// Computes `OUT` output rows from `IN` input rows; `PAIR` if a block is two pixels.
///
/// # Safety
/// As [`block`].
#[inline(always)]
unsafe fn rows<I: Blocks, const IN: usize, const OUT: usize, const STRIDE: usize, const PAIR: bool>(strip: &Strip) {
    let &Strip { job, input, out, .. } = strip;
    let (mut left_over, advance) = if PAIR { (job.width / 2, 2 * job.channels) } else { (job.width, job.channels) };
    // Pixels between the first columns of two adjacent outputs.
    let step = if PAIR { 2 } else { STRIDE } * job.channels;
    // SAFETY:
    // - the caller guarantees the instructions and the packed constants of four units;
    // - the loops read the `IN` rows on which `OUT` rows of output depend, and write these: outputs read three pixels each, a pair of
    //   them two pairs.
    unsafe {
        let mut pixel = input;
        let mut out = out;
        let mut left = I::columns::<IN>(pixel, job.row_step);
        let mut middle = left;
        if STRIDE == 1 && !PAIR {
            middle = I::columns::<IN>(pixel.add(job.channels), job.row_step);
        }
        while I::TWO_OUTPUTS && left_over >= 2 {
            let columns = if STRIDE == 1 && !PAIR {
                let third = I::columns::<IN>(pixel.add(2 * job.channels), job.row_step);
                let fourth = I::columns::<IN>(pixel.add(3 * job.channels), job.row_step);
                [left, middle, third, fourth, fourth]
            } else {
                let third = I::columns::<IN>(pixel.add(2 * job.channels), job.row_step);
                let fifth = I::columns::<IN>(pixel.add(4 * job.channels), job.row_step);
                let (second, fourth) = if PAIR {
                    (between::<I>(left, third), between::<I>(third, fifth))
                } else {
                    let second = I::columns::<IN>(pixel.add(job.channels), job.row_step);
                    (second, I::columns::<IN>(pixel.add(3 * job.channels), job.row_step))
                };
                [left, second, third, fourth, fifth]
            };
            let to = [out, out.add(advance)];
            if STRIDE == 1 && !PAIR {
                outputs::<I, OUT, 2, 1>(strip, columns, to);
                (left, middle) = (columns[2], columns[3]);
            } else {
                outputs::<I, OUT, 2, 2>(strip, columns, to);
                left = columns[4];
            }
            pixel = pixel.add(2 * step);
            out = out.add(2 * advance);
            left_over -= 2;
        }
        for _ in 0..left_over {
            let third = I::columns::<IN>(pixel.add(2 * job.channels), job.row_step);
            let second = if PAIR {
                between::<I>(left, third)
            } else if STRIDE == 2 {
                I::columns::<IN>(pixel.add(job.channels), job.row_step)
            } else {
                middle
            };
            outputs::<I, OUT, 1, 1>(strip, [left, second, third, third, third], [out; 1]);
            (left, middle) = if PAIR || STRIDE == 2 { (third, second) } else { (second, third) };
            pixel = pixel.add(step);
            out = out.add(advance);
        }
    }
}

/// Returns the pairs of pixels between two adjacent pairs.
///
/// # Safety
/// The conditions of the trait hold.
#[inline(always)]
unsafe fn between<I: Blocks>(left: [I::Sum; 4], right: [I::Sum; 4]) -> [I::Sum; 4] {
    let mut between = left;
    for vector in 0..4 {
        // SAFETY: the caller upholds this function's safety contract.
        between[vector] = unsafe { I::between(left[vector], right[vector]) };
    }
    between
}

/// Computes and writes `N` adjacent outputs of `OUT` rows; the first columns of two of them are `STEP` apart.
///
/// # Safety
/// - the conditions of the trait hold;
/// - the packed constants of `strip` are readable for four units, and `OUT` rows are writable for `BLOCK` bytes at each of `to`.
#[inline(always)]
unsafe fn outputs<I: Blocks, const OUT: usize, const N: usize, const STEP: usize>(
    strip: &Strip,
    columns: [[I::Sum; 4]; 5],
    to: [*mut u8; N],
) {
    let unit = I::LANES / PANEL * (I::CONSTANTS_LEN + I::TAPS_LEN);
    let taps_at = I::LANES / PANEL * I::CONSTANTS_LEN;
    // SAFETY: the caller upholds this function's safety contract.
    unsafe {
        let mut sums = [[columns[0]; N]; OUT];
        for vector in 0..4 {
            let constants = strip.packed.add(vector * unit);
            for (row, sums) in sums.iter_mut().enumerate() {
                let taps = constants.add(taps_at + row * 12 * I::LANES);
                for (output, sums) in sums.iter_mut().enumerate() {
                    let mut sum = I::bias(constants.cast());
                    for column in 0..3 {
                        sum = I::dot(sum, columns[STEP * output + column][vector], taps.add(4 * column * I::LANES));
                    }
                    sums[vector] = I::requantise_lanes(sum, constants.cast());
                }
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            for (sums, to) in sums.into_iter().zip(to) {
                I::store_block(sums, to.add(row * strip.job.width * strip.job.channels));
            }
        }
    }
}
