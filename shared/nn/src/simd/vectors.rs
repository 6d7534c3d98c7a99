//! What a set of vector instructions must offer; the kernels in [`super::generic`] are written on this and nothing else.
//!
//! A *step* is the unit of a product: [`Vectors::STEP`] neighbouring bytes of input, multiplied with as many weights for each
//! channel of a panel. Steps are done in groups of up to four; what a group is, [`Groups`] says.

use crate::plan::PANEL;

/// Constants of eight output channels, as the packer lays them out: 192 bytes, little-endian.
///
/// Requantisation is `(sum * mantissa + round) >> (32 + shift)`, arithmetically, then clamped to 0..=255.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Constants {
    /// Added to the sum of products.
    pub bias: [i32; PANEL],
    /// Mantissa of the multiplier.
    pub mantissa: [i32; PANEL],
    /// Rounding (and the output's zero point, where it is not the lowest value) of the even channels.
    pub round_even: [i64; PANEL / 2],
    /// The same of the odd channels.
    pub round_odd: [i64; PANEL / 2],
    /// Shift beyond 32 bits, 0 to 30.
    pub shift: [i32; PANEL],
    /// `-shift - 1`: for instructions that shift left, and double a product before they take its upper half.
    pub left: [i32; PANEL],
}

/// How the packer forms groups of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "every architecture uses some of them")]
pub enum Groups {
    /// Of one step each.
    Single,
    /// Of four steps that lie one after the other in the input, so that only the first one's offset counts; what remains,
    /// of one.
    Runs,
    /// Of two steps whose products may be added up in 16 bits, whatever the signed bytes of input (see `pack::chains`).
    Chains,
    /// Of up to four steps of unsigned bytes whose pairs of products may be (see `pack::exact`); steps are split where even
    /// one pair may not.
    Pairs,
}

/// Bytes of [`Constants`].
pub const CONSTANTS_LEN: usize = size_of::<Constants>();

/// Vector instructions. `Sum` is eight 32-bit sums, one per channel of a panel.
///
/// # Safety
/// An implementation may use instructions that not every processor has: whoever calls any of its functions must run on one
/// that has them, inside a function that enables them.
pub unsafe trait Vectors: Copy {
    /// Bytes of input per step: a multiple of 4.
    const STEP: usize;
    /// Most steps of a group, 1 to 4.
    const LONGEST: usize;
    /// How they are formed.
    const GROUPS: Groups;
    /// Output channels of a panel: 8 or 16.
    const WIDTH: usize;
    /// What is added to an int8 value modulo 256 to store it: 128 where bytes are unsigned, 0 where they are signed.
    const FLIP: u8;
    /// Positions per tile to choose from. Tiles of one position are left to FULLY_CONNECTED.
    const ROWS: &'static [usize];
    /// Bytes of packed depthwise weights of eight channels: a multiple of 64.
    const TAPS_LEN: usize;

    /// Running sums of one position, before they are brought to one per channel.
    type Acc: Copy;
    /// Eight 32-bit sums.
    type Sum: Copy;
    /// Eight channels of three or four rows of one column of pixels.
    type Column: Copy;
    /// Requantisation of eight channels: where it lies, or, where there are registers enough, what lies there.
    type Scale: Copy;
    /// The same for depthwise weights.
    type Taps: Copy;

    /// The sums that a position begins with: the biases, unless [`finish`](Self::finish) adds them.
    ///
    /// # Safety
    /// As the trait says; `constants` is readable for `WIDTH / 8` elements and aligned.
    unsafe fn start(constants: *const Constants) -> Self::Acc;

    /// Adds a group of `L` steps to the sums of `R` positions.
    ///
    /// # Safety
    /// - as the trait says;
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

    /// Asks for the cache line at `address`, which need not be valid. Does nothing unless overridden.
    #[inline(always)]
    fn prefetch(address: *const u8) {
        let _ = address;
    }

    /// The end of a tile: brings the sums to one per channel, requantises and stores them. Rounds twice, as convolutions do,
    /// or (the same wherever the constants say so) once; once if `R` is 1, as FULLY_CONNECTED does.
    ///
    /// # Safety
    /// As the trait says; `constants` is readable for `WIDTH / 8` elements and aligned; each pointer is writable for `WIDTH`
    /// bytes.
    unsafe fn finish<const R: usize>(acc: [Self::Acc; R], constants: *const Constants, out: [*mut u8; R]);

    /// The requantisation of eight channels.
    ///
    /// # Safety
    /// As the trait says; `constants` is readable and aligned, and stays so.
    unsafe fn scale(constants: *const Constants) -> Self::Scale;

    /// Requantises sums of a convolution: values that clamp to bytes.
    ///
    /// # Safety
    /// As the trait says; `scale` is from [`scale`](Self::scale).
    unsafe fn requantise(sum: Self::Sum, scale: Self::Scale) -> Self::Sum;

    /// Clamps to 0..=255, brings to the stored form and writes eight bytes per position.
    ///
    /// # Safety
    /// As the trait says; each pointer is writable for eight bytes.
    unsafe fn store<const R: usize>(sums: [Self::Sum; R], out: [*mut u8; R]);

    /// Where in a step's `WIDTH * STEP` bytes of weights that of a channel (0 to `WIDTH`) for a byte of input (0 to `STEP`) lies.
    fn weight_index(channel: usize, byte: usize) -> usize;

    /// Packs depthwise weights `[tap][channel]`, taps row by row, into `TAPS_LEN` bytes; unless overridden, in that order and
    /// 16 bits each.
    fn pack_taps(taps: &[[i8; PANEL]; 9], out: &mut [u8]) {
        for (out, tap) in out.chunks_exact_mut(2).zip(taps.as_flattened()) {
            out.copy_from_slice(&i16::from(*tap).to_le_bytes());
        }
    }

    /// Reads one column of pixels: `ROWS` (3 or 4) rows from `pixel`, `row_step` bytes apart.
    ///
    /// # Safety
    /// As the trait says; eight bytes are readable at each row.
    unsafe fn column<const ROWS: usize>(pixel: *const u8, row_step: usize) -> Self::Column;

    /// The packed depthwise weights of eight channels.
    ///
    /// # Safety
    /// As the trait says; `taps` is readable for `TAPS_LEN` bytes and aligned to 32, and stays so.
    unsafe fn load_taps(taps: *const u8) -> Self::Taps;

    /// The sums, bias included, of an output pixel in row `ROW` (0 or 1) of the strip from three columns.
    ///
    /// # Safety
    /// As the trait says; `taps` is from [`load_taps`](Self::load_taps), `scale` from [`scale`](Self::scale).
    unsafe fn taps<const ROW: usize>(columns: [Self::Column; 3], taps: Self::Taps, scale: Self::Scale) -> Self::Sum;

    /// The kernels over these functions, each compiled with the instructions enabled: `rows` positions of each of `tiles`.
    ///
    /// # Safety
    /// As [`super::generic::product`]; `rows` is one of `ROWS` or 1.
    unsafe fn product(rows: usize, job: &super::generic::ProductJob);

    /// As [`super::generic::planes`].
    ///
    /// # Safety
    /// As [`super::generic::planes`].
    unsafe fn planes(job: &super::generic::PlanesJob);
}
