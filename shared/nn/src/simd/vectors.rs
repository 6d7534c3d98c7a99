//! Interface between instruction sets and the kernels in [`super::generic`].
//!
//! A *step* is the unit of a product: [`Vectors::STEP`] adjacent bytes of input, multiplied by as many weights for each
//! channel of a panel. Steps are processed in groups of up to four; [`Groups`] defines how they are formed.

use crate::plan::PANEL;

/// Constants of eight output channels in the packed layout: 192 bytes, little-endian.
///
/// Requantisation is `(sum * mantissa + round) >> (32 + shift)`, arithmetically, then clamped to 0..=255.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Constants {
    /// Added to the sum of products.
    pub bias: [i32; PANEL],
    /// Mantissa of the multiplier.
    pub mantissa: [i32; PANEL],
    /// Rounding constant of the even channels; includes the output's zero point if that is not the lowest value.
    pub round_even: [i64; PANEL / 2],
    /// Rounding constant of the odd channels.
    pub round_odd: [i64; PANEL / 2],
    /// Shift beyond 32 bits, 0 to 30.
    pub shift: [i32; PANEL],
    /// `-shift - 1`: for instructions that shift left and double a product before taking its upper half.
    pub left: [i32; PANEL],
}

/// How the packer forms groups of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "every architecture uses some of them")]
pub(crate) enum Groups {
    /// Groups of one step.
    Single,
    /// Groups of four steps that are contiguous in the input, so only the first offset is used; remaining steps form groups
    /// of one.
    Runs,
    /// Groups of two steps whose products fit 16 bits for any signed bytes of input (see `pack::chains`).
    Chains,
    /// Groups of up to four steps of unsigned bytes whose pairs of products fit 16 bits (see `pack::exact`); steps are split
    /// if a single pair does not fit.
    Pairs,
}

/// Size of [`Constants`] in bytes.
pub(crate) const CONSTANTS_LEN: usize = size_of::<Constants>();

/// Operations of an instruction set. `Sum` is eight 32-bit sums, one per channel of a panel.
///
/// # Safety
/// An implementation may use instructions that not every processor has. Every caller of its functions must
/// - run on a processor that has them;
/// - be a function that enables them, or be inlined into one.
pub(crate) unsafe trait Vectors: Copy {
    /// Bytes of input per step: a multiple of 4.
    const STEP: usize;
    /// Largest number of steps of a group, 1 to 4.
    const LONGEST: usize;
    /// How groups are formed.
    const GROUPS: Groups;
    /// Output channels of a panel: 8 or 16.
    const WIDTH: usize;
    /// Value that is XORed with an int8 value to store it: 0x80 for unsigned bytes, 0 for signed bytes.
    const FLIP: u8;
    /// Supported numbers of positions per tile. FULLY_CONNECTED uses tiles of one position.
    const ROWS: &'static [usize];
    /// Size of the packed depthwise weights of eight channels, in bytes: a multiple of 64.
    const TAPS_LEN: usize;

    /// Accumulators of one position, before they are reduced to one sum per channel.
    type Acc: Copy;
    /// Eight 32-bit sums.
    type Sum: Copy;
    /// Eight channels of three or four rows of one column of pixels.
    type Column: Copy;
    /// Requantisation constants of eight channels: a pointer, or the values if there are enough registers.
    type Scale: Copy;
    /// Depthwise weights of eight channels: a pointer, or the values if there are enough registers.
    type Taps: Copy;

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
    /// - if groups are [`Groups::Runs`], each of the offsets is `STEP` more than the one before;
    /// - `weights` is readable for `L * STEP * WIDTH` bytes and aligned to 32.
    unsafe fn group<const R: usize, const L: usize>(
        acc: &mut [Self::Acc; R],
        input: *const u8,
        input_step: usize,
        offsets: *const u16,
        weights: *const u8,
    );

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

    /// Returns the requantisation constants of eight channels.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - `constants` is readable and aligned and remains so while the result is used.
    unsafe fn scale(constants: *const Constants) -> Self::Scale;

    /// Requantises sums of a convolution; the result is not yet clamped to bytes.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - `scale` is from [`scale`](Self::scale).
    unsafe fn requantise(sum: Self::Sum, scale: Self::Scale) -> Self::Sum;

    /// Clamps to 0..=255, converts to the stored form and writes eight bytes per position.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - each pointer is writable for eight bytes.
    unsafe fn store<const R: usize>(sums: [Self::Sum; R], out: [*mut u8; R]);

    /// Returns the index, within a step's `WIDTH * STEP` bytes of weights, of the weight of `channel` (below `WIDTH`) for input
    /// byte `byte` (below `STEP`).
    fn weight_index(channel: usize, byte: usize) -> usize;

    /// Packs depthwise weights `[tap][channel]`, taps row by row, into `TAPS_LEN` bytes; by default in that order, 16 bits
    /// each.
    fn pack_taps(taps: &[[i8; PANEL]; 9], out: &mut [u8]) {
        for (out, tap) in out.chunks_exact_mut(2).zip(taps.as_flattened()) {
            out.copy_from_slice(&i16::from(*tap).to_le_bytes());
        }
    }

    /// Loads one column of pixels: `ROWS` (3 or 4) rows from `pixel`, `row_step` bytes apart.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - eight bytes are readable at each row.
    unsafe fn column<const ROWS: usize>(pixel: *const u8, row_step: usize) -> Self::Column;

    /// Returns the packed depthwise weights of eight channels.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - `taps` is readable for `TAPS_LEN` bytes and aligned to 32 and remains so while the result is used.
    unsafe fn load_taps(taps: *const u8) -> Self::Taps;

    /// Returns the sums, including the bias, of an output pixel in row `ROW` (0 or 1) of the strip, from three columns.
    ///
    /// # Safety
    /// - the conditions of the trait hold;
    /// - `taps` is from [`load_taps`](Self::load_taps), `scale` from [`scale`](Self::scale).
    unsafe fn taps<const ROW: usize>(columns: [Self::Column; 3], taps: Self::Taps, scale: Self::Scale) -> Self::Sum;

    /// Runs [`super::generic::product`] for tiles of `rows` positions, compiled with the instructions enabled.
    ///
    /// # Safety
    /// - As [`super::generic::product`];
    /// - `rows` is one of `ROWS` or 1.
    unsafe fn product(rows: usize, job: &super::generic::ProductJob);

    /// Runs [`super::generic::planes`], compiled with the instructions enabled.
    ///
    /// # Safety
    /// As [`super::generic::planes`].
    unsafe fn planes(job: &super::generic::PlanesJob);
}
