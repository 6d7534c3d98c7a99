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
    let &Strip { job, input, out, packed, .. } = strip;
    let unit = I::LANES / PANEL * (I::CONSTANTS_LEN + I::TAPS_LEN);
    let taps_at = I::LANES / PANEL * I::CONSTANTS_LEN;
    let (count, advance) = if PAIR { (job.width / 2, 2 * job.channels) } else { (job.width, job.channels) };
    // SAFETY:
    // - the caller guarantees the instructions and the packed constants of four units;
    // - the loop reads the `IN` rows on which `OUT` rows of output depend, and writes these: outputs read three pixels each, a pair of
    //   them two pairs.
    unsafe {
        let mut pixel = input;
        let mut out = out;
        let mut left = I::columns::<IN>(pixel, job.row_step);
        let mut middle = left;
        if !PAIR {
            middle = I::columns::<IN>(pixel.add(job.channels), job.row_step);
        }
        for position in 0..count {
            if STRIDE == 2 && position > 0 {
                middle = I::columns::<IN>(pixel.add(job.channels), job.row_step);
            }
            let right = I::columns::<IN>(pixel.add(2 * job.channels), job.row_step);
            let mut sums = [left; OUT];
            for vector in 0..4 {
                if PAIR {
                    middle[vector] = I::between(left[vector], right[vector]);
                }
                let constants = packed.add(vector * unit);
                for (row, sums) in sums.iter_mut().enumerate() {
                    let taps = constants.add(taps_at + row * 12 * I::LANES);
                    let sum = I::dot(I::bias(constants.cast()), left[vector], taps);
                    let sum = I::dot(sum, middle[vector], taps.add(4 * I::LANES));
                    let sum = I::dot(sum, right[vector], taps.add(8 * I::LANES));
                    sums[vector] = I::requantise_lanes(sum, constants.cast());
                }
            }
            for (row, sums) in sums.into_iter().enumerate() {
                I::store_block(sums, out.add(row * job.width * job.channels));
            }
            (left, middle) = if PAIR || STRIDE == 2 { (right, middle) } else { (middle, right) };
            pixel = pixel.add(if PAIR { 2 } else { STRIDE } * job.channels);
            out = out.add(advance);
        }
    }
}
