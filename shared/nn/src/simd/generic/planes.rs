//! Depthwise 3x3 convolution from a bordered (wide) buffer to a dense one.

use crate::layout::{Constants, PANEL};
use crate::simd::vectors::Vectors;

/// Arguments of a depthwise layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlanesJob {
    /// First byte of the wide input.
    pub input: *const u8,
    /// Distance between input rows, in bytes.
    pub row_step: usize,
    /// First byte of the dense output.
    pub out: *mut u8,
    /// Output rows.
    pub height: usize,
    /// Output columns.
    pub width: usize,
    /// Channels, a multiple of `LANES`.
    pub channels: usize,
    /// Stride, 1 or 2.
    pub stride: usize,
    /// For each `LANES` channels: [`Constants`], then the packed taps.
    pub packed: *const u8,
}

/// Runs `job`.
///
/// # Safety
/// - the instructions of `I` are available and enabled in the caller;
/// - `input` is readable for `(height - 1) * stride + 3` rows of `(width - 1) * stride + 3` pixels;
/// - `out` is writable for `height * width` pixels;
/// - `packed` is aligned to 64 and readable for `channels / 8` times constants and taps;
/// - input and output do not overlap.
#[inline(always)]
pub(crate) unsafe fn planes<I: Vectors>(job: &PlanesJob) {
    let mut y = 0;
    while y < job.height {
        let two = job.stride == 1 && y + 1 < job.height;
        let mut channel = 0;
        while channel < job.channels {
            // SAFETY:
            // - the caller guarantees that input, output and packed memory of the whole layer are accessible;
            // - by the bounds of the loops, the strip lies within them.
            unsafe {
                let packed = job.packed.add(channel / PANEL * (I::CONSTANTS_LEN + I::TAPS_LEN));
                let input = job.input.add(y * job.stride * job.row_step + channel);
                let out = job.out.add(y * job.width * job.channels + channel);
                if two {
                    two_rows::<I>(job, input, out, packed);
                } else if job.stride == 1 {
                    one_row::<I, 1>(job, input, out, packed);
                } else {
                    one_row::<I, 2>(job, input, out, packed);
                }
            }
            channel += I::LANES;
        }
        y += if two { 2 } else { 1 };
    }
}

/// Computes two output rows of `LANES` channels at stride 1.
///
/// # Safety
/// - the instructions of `I` are available and enabled in the caller;
/// - `input` is readable for four rows of `width + 2` pixels;
/// - `out` is writable for two rows of `width` pixels;
/// - `packed` is as in [`planes`], for one group of `LANES` channels.
#[inline(always)]
unsafe fn two_rows<I: Vectors>(job: &PlanesJob, input: *const u8, out: *mut u8, packed: *const u8) {
    // SAFETY:
    // - the caller guarantees the instructions and the packed constants;
    // - the loop reads four rows of `width + 2` pixels, which the caller guarantees to be readable;
    // - it writes two rows of `width` pixels, which the caller guarantees to be writable.
    unsafe {
        let scale = I::scale(packed.cast::<Constants>());
        let taps = I::load_taps(packed.add(I::LANES / PANEL * I::CONSTANTS_LEN));
        let mut left = I::column::<4>(input, job.row_step);
        let mut middle = I::column::<4>(input.add(job.channels), job.row_step);
        let mut next = input.add(2 * job.channels);
        let mut upper = out;
        for _ in 0..job.width {
            let right = I::column::<4>(next, job.row_step);
            let columns = [left, middle, right];
            let first = I::requantise(I::taps::<0>(columns, taps, scale), scale);
            let second = I::requantise(I::taps::<1>(columns, taps, scale), scale);
            I::store([first, second], [upper, upper.add(job.width * job.channels)]);
            (left, middle) = (middle, right);
            next = next.add(job.channels);
            upper = upper.add(job.channels);
        }
    }
}

/// Computes one output row of `LANES` channels.
///
/// # Safety
/// - the instructions of `I` are available and enabled in the caller;
/// - `input` is readable for three rows of `(width - 1) * STRIDE + 3` pixels;
/// - `out` is writable for `width` pixels;
/// - `packed` is as in [`planes`], for one group of `LANES` channels.
#[inline(always)]
unsafe fn one_row<I: Vectors, const STRIDE: usize>(job: &PlanesJob, input: *const u8, out: *mut u8, packed: *const u8) {
    // SAFETY:
    // - the caller guarantees the instructions and the packed constants;
    // - the loop reads three rows of `(width - 1) * STRIDE + 3` pixels, which the caller guarantees to be readable;
    // - it writes one row of `width` pixels, which the caller guarantees to be writable.
    unsafe {
        let scale = I::scale(packed.cast::<Constants>());
        let taps = I::load_taps(packed.add(I::LANES / PANEL * I::CONSTANTS_LEN));
        let mut left = I::column::<3>(input, job.row_step);
        let mut pixel = input;
        let mut out = out;
        for _ in 0..job.width {
            // Not a closure: closures are compiled without the target features, and the calls would not be inlined.
            let middle = I::column::<3>(pixel.add(job.channels), job.row_step);
            let right = I::column::<3>(pixel.add(2 * job.channels), job.row_step);
            I::store([I::requantise(I::taps::<0>([left, middle, right], taps, scale), scale)], [out]);
            pixel = pixel.add(STRIDE * job.channels);
            left = if STRIDE == 2 { right } else { middle };
            out = out.add(job.channels);
        }
    }
}
