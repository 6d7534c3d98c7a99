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
    /// Channels.
    pub channels: usize,
    /// Stride, 1 or 2.
    pub stride: usize,
    /// Channels that are computed together: `LANES`, of which `channels` is a multiple, or `BLOCK`, with which rows are as in
    /// [`fits_block`](crate::plan::fits_block).
    pub block: usize,
    /// For each `LANES` channels: [`Constants`], then the packed taps.
    pub packed: *const u8,
}

/// A block of channels of one output row, or of two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strip<'a> {
    /// The layer, of which `input`, `out` and `packed` are not used.
    pub job: &'a PlanesJob,
    /// Whether there are two rows.
    pub two: bool,
    /// First byte of the input.
    pub input: *const u8,
    /// First byte of the output.
    pub out: *mut u8,
    /// [`Constants`], then the packed taps.
    pub packed: *const u8,
}

/// Runs `job`.
///
/// # Safety
/// - the instructions of `I` are available and enabled in the caller;
/// - `input` is readable for `(height - 1) * stride + 3` rows of `(width - 1) * stride + 3` pixels;
/// - `out` is writable for `height * width` pixels;
/// - `packed` is aligned to 64 and readable for `channels / 8` times constants and taps, at least for a block;
/// - `block` is as documented;
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
                I::strip(&Strip {
                    job,
                    two,
                    input: job.input.add(y * job.stride * job.row_step + channel),
                    out: job.out.add(y * job.width * job.channels + channel),
                    packed: job.packed.add(channel / PANEL * (I::CONSTANTS_LEN + I::TAPS_LEN)),
                });
            }
            channel += job.block;
        }
        y += if two { 2 } else { 1 };
    }
}

/// Computes `strip`, of `LANES` channels.
///
/// # Safety
/// - the instructions of `I` are available and enabled in the caller;
/// - `strip` is from [`planes`], whose conditions hold, with a block of `LANES` channels.
#[inline(always)]
pub(crate) unsafe fn strip<I: Vectors>(strip: &Strip) {
    let &Strip { job, two, input, out, packed } = strip;
    // SAFETY: the caller guarantees that input, output and packed memory of the strip are accessible.
    unsafe {
        if two {
            two_rows::<I>(job, input, out, packed);
        } else if job.stride == 1 {
            one_row::<I, 1>(job, input, out, packed);
        } else {
            one_row::<I, 2>(job, input, out, packed);
        }
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
        let mut columns = job.width;
        while I::PAIRS && columns >= 2 {
            let right = I::column::<4>(next, job.row_step);
            let last = I::column::<4>(next.add(job.channels), job.row_step);
            let pixels = [left, middle, right, last, last];
            let [a, b] = I::taps_of_two::<0, 1>(pixels, taps, scale);
            let [c, d] = I::taps_of_two::<1, 1>(pixels, taps, scale);
            let values =
                [I::requantise(a, scale), I::requantise(b, scale), I::requantise(c, scale), I::requantise(d, scale)];
            let lower = upper.add(job.width * job.channels);
            I::store(values, [upper, upper.add(job.channels), lower, lower.add(job.channels)]);
            (left, middle) = (right, last);
            next = next.add(2 * job.channels);
            upper = upper.add(2 * job.channels);
            columns -= 2;
        }
        for _ in 0..columns {
            let right = I::column::<4>(next, job.row_step);
            let pixels = [left, middle, right];
            let first = I::requantise(I::taps::<0>(pixels, taps, scale), scale);
            let second = I::requantise(I::taps::<1>(pixels, taps, scale), scale);
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
        let mut columns = job.width;
        while I::PAIRS && columns >= 2 {
            // Not a closure: closures are compiled without the target features, and the calls would not be inlined.
            let second = I::column::<3>(pixel.add(job.channels), job.row_step);
            let third = I::column::<3>(pixel.add(2 * job.channels), job.row_step);
            let fourth = I::column::<3>(pixel.add(3 * job.channels), job.row_step);
            let fifth = if STRIDE == 2 { I::column::<3>(pixel.add(4 * job.channels), job.row_step) } else { fourth };
            let [a, b] = I::taps_of_two::<0, STRIDE>([left, second, third, fourth, fifth], taps, scale);
            I::store([I::requantise(a, scale), I::requantise(b, scale)], [out, out.add(job.channels)]);
            pixel = pixel.add(2 * STRIDE * job.channels);
            left = if STRIDE == 2 { fifth } else { third };
            out = out.add(2 * job.channels);
            columns -= 2;
        }
        for _ in 0..columns {
            let middle = I::column::<3>(pixel.add(job.channels), job.row_step);
            let right = I::column::<3>(pixel.add(2 * job.channels), job.row_step);
            I::store([I::requantise(I::taps::<0>([left, middle, right], taps, scale), scale)], [out]);
            pixel = pixel.add(STRIDE * job.channels);
            left = if STRIDE == 2 { right } else { middle };
            out = out.add(job.channels);
        }
    }
}
