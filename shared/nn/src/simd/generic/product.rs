//! Products of activations and packed panels: 1x1 convolutions, the first convolution, FULLY_CONNECTED.

use crate::layout::{Constants, MAX_TOGETHER, PANEL};
use crate::simd::vectors::Vectors;

/// How far ahead the weights of a single position are prefetched, in bytes.
const NEAR: usize = 2048;

/// Arguments of one panel, or of several that are computed together, and a range of tiles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProductJob {
    /// Input of the first tile's first position.
    pub input: *const u8,
    /// Distance between the inputs of adjacent positions, in bytes.
    pub input_step: usize,
    /// Number of tiles, each of R positions.
    pub tiles: usize,
    /// Number of panels: 1, 2 or 4.
    pub together: usize,
    /// The panels: [`Constants`] of each eight channels, then the weights of all steps, then their offsets. The offsets of the first
    /// apply to all. If there are fewer than four, the first takes the place of the others.
    pub panels: [*const u8; MAX_TOGETHER],
    /// Start and end of what follows the panels, which is prefetched. Never dereferenced.
    pub next: [*const u8; 2],
    /// Numbers of groups of 4, 3, 2 and 1 steps of each panel.
    pub groups: [usize; 4],
    /// Output of the first panel's first channel, to which each position's offset is added.
    pub out: *mut u8,
    /// Output offsets of the positions.
    pub rows: *const u32,
}

/// Runs `job` in tiles of `R` positions by `P` panels.
///
/// # Safety
/// - the instructions of `I` are available and enabled in the caller;
/// - `job.together` is `P`: 1, 2 or 4;
/// - `input` is readable at `position * input_step + offset` for `I::STEP` bytes, for every position of the tiles and every
///   offset of the first panel;
/// - the first `P` panels are aligned to 64 and readable for constants, weights and offsets of all their groups;
/// - `rows` is readable for all positions, and `out + rows[position]` writable for `P * I::WIDTH` bytes;
/// - what is written does not overlap what is read.
#[inline(always)]
pub(crate) unsafe fn product<I: Vectors, const R: usize, const P: usize>(job: &ProductJob) {
    debug_assert_eq!(job.together, P);
    let [fours, threes, twos, ones] = job.groups;
    let steps = 4 * fours + 3 * threes + 2 * twos + ones;
    // SAFETY:
    // - the caller guarantees the instructions;
    // - the loops visit the positions, groups and steps for which the caller guarantees access to input, panels, `rows` and
    //   output; pointers advance at most one element past the last.
    unsafe {
        let mut constants = [job.panels[0].cast::<Constants>(); P];
        let mut first_weights = [job.panels[0]; P];
        for (panel, (constants, weights)) in job.panels.iter().zip(constants.iter_mut().zip(&mut first_weights)) {
            *constants = panel.cast();
            *weights = panel.add(I::WIDTH / PANEL * I::CONSTANTS_LEN);
        }
        let first_offset = first_weights[0].add(steps * I::STEP * I::WIDTH).cast::<u16>();
        let [mut ahead, end] = job.next;
        let mut input = job.input;
        let mut rows = job.rows;
        for _ in 0..job.tiles {
            let mut acc = [[I::start(constants[0]); R]; P];
            for panel in 1..P {
                acc[panel] = [I::start(constants[panel]); R];
            }
            let mut weights = first_weights;
            let mut offsets = first_offset;
            macro_rules! groups {
                ($count:expr, $len:literal) => {
                    for _ in 0..$count {
                        I::groups::<R, P, $len>(&mut acc, input, job.input_step, offsets, weights);
                        let lines = if job.tiles == 1 { ($len * I::STEP * I::WIDTH).div_ceil(64) } else { 1 };
                        if R == 1 {
                            // Panels of one position are read faster than the next ones would stay in the level-1 cache.
                            for weights in weights {
                                for line in 0..lines {
                                    I::prefetch(weights.wrapping_add(NEAR + 64 * line));
                                }
                            }
                        } else {
                            for line in 0..P * lines {
                                I::prefetch(ahead.wrapping_add(64 * line));
                            }
                            // Not line by line: that would be a chain of dependent operations.
                            ahead = ahead.wrapping_add(64 * P * lines).min(end);
                        }
                        offsets = offsets.add($len);
                        for weights in &mut weights {
                            *weights = weights.add($len * I::STEP * I::WIDTH);
                        }
                    }
                };
            }
            if I::LONGEST >= 4 {
                groups!(fours, 4);
            }
            if I::LONGEST >= 3 {
                groups!(threes, 3);
            }
            if I::LONGEST >= 2 {
                groups!(twos, 2);
            }
            groups!(ones, 1);
            let mut out = [job.out; R];
            for (r, out) in out.iter_mut().enumerate() {
                *out = job.out.add(*rows.add(r) as usize);
            }
            I::finish_all(acc, constants, out);
            rows = rows.add(R);
            input = input.add(R * job.input_step);
        }
    }
}

/// Finishes a tile panel by panel.
///
/// # Safety
/// As [`Vectors::finish_all`].
#[inline(always)]
pub(crate) unsafe fn finish_each<I: Vectors, const R: usize, const P: usize>(
    acc: [[I::Acc; R]; P],
    constants: [*const Constants; P],
    mut out: [*mut u8; R],
) {
    for (acc, constants) in acc.into_iter().zip(constants) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { I::finish(acc, constants, out) };
        for out in &mut out {
            *out = out.wrapping_add(I::WIDTH);
        }
    }
}

/// Finishes a tile that has one sum per channel: requantises and stores the sums.
///
/// # Safety
/// As [`Vectors::finish`].
#[inline(always)]
pub(crate) unsafe fn finish<I: Vectors, const R: usize>(
    sums: [I::Sum; R],
    constants: *const Constants,
    out: [*mut u8; R],
) {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe {
        let scale = I::scale(constants);
        // Not a closure: closures are compiled without the target features.
        let mut values = [I::requantise(sums[0], scale); R];
        for r in 1..R {
            values[r] = I::requantise(sums[r], scale);
        }
        I::store(values, out);
    }
}
