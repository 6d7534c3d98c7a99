//! Interface between instruction sets and the kernels in [`super::generic`].

use crate::layout::{Constants, Layout};

/// Operations of an instruction set on memory of its [`Layout`].
///
/// # Safety
/// No function of an implementation may access more memory than its safety section states in terms of the sizes of its
/// [`Layout`].
///
/// An implementation may use instructions that not every processor has. Every caller of its functions must
/// - run on a processor that has them;
/// - be a function that enables them, or be inlined into one.
pub(crate) unsafe trait Vectors: Layout + Copy {
    /// Accumulators of one position, before they are reduced to one sum per channel.
    type Acc: Copy;
    /// 32-bit sums of `LANES` channels.
    type Sum: Copy;
    /// `LANES` channels of three or four rows of one column of pixels.
    type Column: Copy;
    /// Requantisation constants of `LANES` channels: a pointer, or the values if there are enough registers.
    type Scale: Copy;
    /// Depthwise weights of `LANES` channels: a pointer, or the values if there are enough registers.
    type Taps: Copy;
    /// Whether the depthwise kernel computes two output columns together, so that weights are loaded once for both.
    const PAIRS: bool = false;

    /// Returns the number of panels that are computed together in tiles of `rows` positions, as long as there are so many: 1, 2 or 4.
    /// If sums are few, more panels help: an addition has to wait for the one before to the same sum.
    fn together(_rows: usize) -> usize {
        1
    }

    /// Returns the initial accumulators of a position: the biases.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - `constants` is readable for `WIDTH / 8` elements and aligned.
    unsafe fn start(constants: *const Constants) -> Self::Acc;

    /// Adds a group of `L` steps to the accumulators of `R` positions.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - `input + r * input_step + offset` is readable for `STEP` bytes, for each `r < R` and each of the `L` offsets;
    /// - if groups are [`Groups::Runs`](crate::layout::Groups::Runs), each of the offsets is `STEP` more than the one before;
    /// - `weights` is readable for `L * STEP * WIDTH` bytes and aligned to 32.
    unsafe fn group<const R: usize, const L: usize>(
        acc: &mut [Self::Acc; R],
        input: *const u8,
        input_step: usize,
        offsets: *const u16,
        weights: *const u8,
    );

    /// Adds a group of `L` steps to the accumulators of `R` positions and `P` panels.
    ///
    /// # Safety
    /// As [`group`](Self::group), for the weights of each panel.
    #[inline(always)]
    unsafe fn groups<const R: usize, const P: usize, const L: usize>(
        acc: &mut [[Self::Acc; R]; P],
        input: *const u8,
        input_step: usize,
        offsets: *const u16,
        weights: [*const u8; P],
    ) {
        for (acc, weights) in acc.iter_mut().zip(weights) {
            // SAFETY: the caller upholds this function's safety contract.
            unsafe { Self::group::<R, L>(acc, input, input_step, offsets, weights) }
        }
    }

    /// Prefetches the cache line at `address`, which need not be valid. Does nothing by default.
    #[inline(always)]
    fn prefetch(address: *const u8) {
        let _ = address;
    }

    /// Finishes a tile: reduces the accumulators to one sum per channel, requantises and stores them. Rounds twice, as
    /// convolutions do, or once where that is equivalent; rounds once if `R` is 1, as FULLY_CONNECTED does.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - `constants` is readable for `WIDTH / 8` elements and aligned;
    /// - each pointer is writable for `WIDTH` bytes.
    unsafe fn finish<const R: usize>(acc: [Self::Acc; R], constants: *const Constants, out: [*mut u8; R]);

    /// Finishes a tile of `P` panels as [`finish`](Self::finish) does.
    ///
    /// # Safety
    /// As [`finish`](Self::finish), for the constants of each panel; each pointer is writable for `P * WIDTH` bytes.
    #[inline(always)]
    unsafe fn finish_all<const R: usize, const P: usize>(
        acc: [[Self::Acc; R]; P],
        constants: [*const Constants; P],
        out: [*mut u8; R],
    ) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { super::generic::finish_each::<Self, R, P>(acc, constants, out) }
    }

    /// Returns the requantisation constants of `LANES` channels.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - `constants` is readable for `LANES / 8` elements and aligned and remains so while the result is used.
    unsafe fn scale(constants: *const Constants) -> Self::Scale;

    /// Requantises sums of a convolution; the result is not yet clamped to bytes.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - `scale` is from [`scale`](Self::scale).
    unsafe fn requantise(sum: Self::Sum, scale: Self::Scale) -> Self::Sum;

    /// Clamps to 0..=255, converts to the stored form and writes `LANES` bytes per position.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - each pointer is writable for `LANES` bytes.
    unsafe fn store<const R: usize>(sums: [Self::Sum; R], out: [*mut u8; R]);

    /// Loads one column of pixels: `ROWS` (3 or 4) rows from `pixel`, `row_step` bytes apart.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - `LANES` bytes are readable at each row.
    unsafe fn column<const ROWS: usize>(pixel: *const u8, row_step: usize) -> Self::Column;

    /// Returns the packed depthwise weights of `LANES` channels.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - `taps` is readable for `LANES / 8 * TAPS_LEN` bytes and aligned to 32 and remains so while the result is used.
    unsafe fn load_taps(taps: *const u8) -> Self::Taps;

    /// Returns the sums, including the bias, of an output pixel in row `ROW` (0 or 1) of the strip, from three columns.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - `taps` is from [`load_taps`](Self::load_taps), `scale` from [`scale`](Self::scale).
    unsafe fn taps<const ROW: usize>(columns: [Self::Column; 3], taps: Self::Taps, scale: Self::Scale) -> Self::Sum;

    /// Returns the sums, including the bias, of two adjacent output pixels in row `ROW` of the strip, of which the second is
    /// `STRIDE` columns after the first. At stride 1 the last column is not used.
    ///
    /// # Safety
    /// As [`taps`](Self::taps).
    #[inline(always)]
    unsafe fn taps_of_two<const ROW: usize, const STRIDE: usize>(
        columns: [Self::Column; 5],
        taps: Self::Taps,
        scale: Self::Scale,
    ) -> [Self::Sum; 2] {
        let [first, second, third, fourth, fifth] = columns;
        let right = if STRIDE == 2 { [third, fourth, fifth] } else { [second, third, fourth] };
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { [Self::taps::<ROW>([first, second, third], taps, scale), Self::taps::<ROW>(right, taps, scale)] }
    }

    /// Runs [`super::generic::product`] for tiles of `rows` positions, compiled with the instructions enabled.
    ///
    /// # Safety
    /// - As [`super::generic::product`], with `P` no greater than [`together`](Self::together);
    /// - `rows` is one of `ROWS`, `ROWS_OF_FEW_INPUTS` or 1.
    unsafe fn product(rows: usize, job: &super::generic::ProductJob);

    /// Runs [`super::generic::planes`], compiled with the instructions enabled.
    ///
    /// # Safety
    /// As [`super::generic::planes`].
    unsafe fn planes(job: &super::generic::PlanesJob);

    /// Runs [`super::generic::strip`], by default inlined into the caller.
    ///
    /// # Safety
    /// As [`super::generic::strip`].
    #[inline(always)]
    unsafe fn strip(strip: &super::generic::Strip) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { super::generic::strip::<Self>(strip) }
    }
}
