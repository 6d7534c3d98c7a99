//! Layout of the packed memory that a set of kernels reads: sizes, constants, and the order of weights.
//!
//! A *step* is the unit of a product: [`Layout::STEP`] adjacent bytes of input, multiplied by as many weights for each
//! channel of a panel. Steps are processed in groups of up to four; [`Groups`] defines how they are formed.

/// Unit of output channels: [`Constants`] hold eight. A panel of packed weights has one or two times as many, and so has a call of
/// a depthwise kernel.
pub(crate) const PANEL: usize = 8;

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

/// Size of [`Constants`] in bytes.
pub(crate) const CONSTANTS_LEN: usize = size_of::<Constants>();

/// [`Floats::low`] of channels for which one factor is exact. A product with it adds nothing.
pub(crate) const NONE_LEFT_OUT: f32 = -0.0;

/// Requantisation of sixteen output channels in single precision (see `pack::float` and, if one factor is exact, `pack::line`), which
/// follows their [`Constants`].
#[allow(dead_code, reason = "not every architecture uses them")]
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Floats {
    /// The biases of both [`Constants`].
    pub bias: [i32; 2 * PANEL],
    /// Factors; NaN if single precision is not exact for these channels.
    pub high: [f32; 2 * PANEL],
    /// What the factors leave out; [`NONE_LEFT_OUT`] for all or none of these channels.
    pub low: [f32; 2 * PANEL],
    /// Offsets.
    pub offset: [f32; 2 * PANEL],
}

/// Requantisation of eight output channels by one multiply-add in single precision (see `pack::line`), which follows their
/// [`Constants`].
#[allow(dead_code, reason = "not every architecture uses it")]
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Line {
    /// Factors; NaN if single precision is not exact for these channels.
    pub factors: [f32; PANEL],
    /// Offsets.
    pub offsets: [f32; PANEL],
}

/// Largest number of panels that are computed together.
pub(crate) const MAX_TOGETHER: usize = 4;

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

/// Packed layout of the kernels of one instruction set. Safe on every processor.
pub(crate) trait Layout {
    /// Bytes of input per step: a multiple of 4.
    const STEP: usize;
    /// Largest number of steps of a group, 1 to 4.
    const LONGEST: usize;
    /// How groups are formed.
    const GROUPS: Groups;
    /// Output channels of a panel: 8 or 16.
    const WIDTH: usize;
    /// Channels that the depthwise kernel processes together: 8 or 16.
    const LANES: usize = PANEL;
    /// Channels that the depthwise kernel processes together where a pixel has so many, or half of them: `LANES`, or four times as
    /// many in the order of [`in_block`].
    const BLOCK: usize = Self::LANES;
    /// Whether constants are followed by [`Floats`]; then panels and lanes are sixteen.
    const FLOATS: bool = false;
    /// Whether constants are followed by a [`Line`]; then panels and lanes are eight.
    const LINES: bool = false;
    /// Size of the constants of eight channels, in bytes.
    const CONSTANTS_LEN: usize = CONSTANTS_LEN
        + if Self::FLOATS { size_of::<Floats>() / 2 } else { 0 }
        + if Self::LINES { size_of::<Line>() } else { 0 };
    /// Value that is XORed with an int8 value to store it: 0x80 for unsigned bytes, 0 for signed bytes.
    const FLIP: u8;
    /// Supported numbers of positions per tile. FULLY_CONNECTED uses tiles of one position.
    const ROWS: &'static [usize];
    /// Positions per tile of products with few inputs, of which [`MAX_TOGETHER`] panels are computed together.
    const ROWS_OF_FEW_INPUTS: Option<usize> = None;
    /// Size of the packed depthwise weights of eight channels, in bytes: a multiple of 64.
    const TAPS_LEN: usize;

    /// Returns the index, within a step's `WIDTH * STEP` bytes of weights, of the weight of `channel` (below `WIDTH`) for input
    /// byte `byte` (below `STEP`).
    fn weight_index(channel: usize, byte: usize) -> usize;

    /// Packs depthwise weights `[eight channels][tap][channel]` of `LANES` channels, taps row by row, into `TAPS_LEN` bytes for each
    /// eight channels; by default in that order, 16 bits each.
    fn pack_taps(taps: &[[[i8; PANEL]; 9]], out: &mut [u8]) {
        for (out, tap) in out.chunks_exact_mut(2).zip(taps.as_flattened().as_flattened()) {
            out.copy_from_slice(&i16::from(*tap).to_le_bytes());
        }
    }
}

/// Returns which channel of a block of `4 * lanes` channels is in place `place`. Kernels interleave bytes within quarters of 128
/// bits, so that a vector of sums has four adjacent channels from each sixteen.
pub(crate) fn in_block(place: usize, lanes: usize) -> usize {
    let (vector, lane) = (place / lanes, place % lanes);
    16 * (lane / 4) + 4 * vector + lane % 4
}

/// Packs depthwise weights for kernels that multiply the rows of a column of pixels at once: for each output row
/// of a strip, column and channel, the taps of four rows of pixels, of which one is zero.
#[allow(dead_code, reason = "portable code packs them otherwise")]
pub(crate) fn interleave_taps(taps: &[[[i8; PANEL]; 9]], out: &mut [u8]) {
    let mut places = out.iter_mut();
    for row in 0..2 {
        for (column, lane) in (0..3).flat_map(|column| (0..PANEL * taps.len()).map(move |lane| (column, lane))) {
            for (byte, place) in (0..4_usize).zip(&mut places) {
                // The second output row is one lower.
                let tap = byte.checked_sub(row).filter(|&tap| tap < 3);
                *place = tap.map_or(0, |tap| taps[lane / PANEL][3 * tap + column][lane % PANEL].cast_unsigned());
            }
        }
    }
}

/// Size of the weights of eight channels that [`interleave_taps`] packs, in bytes.
#[allow(dead_code, reason = "portable code packs them otherwise")]
pub(crate) const INTERLEAVED_TAPS_LEN: usize = 2 * 3 * 4 * PANEL;

/// Work that depends on a layout. `simd` calls it with the layout of an instruction set that is selected at run time.
pub(crate) trait Task {
    /// Result of the work.
    type Output;

    /// Does the work for layout `L`. Implementations are `#[inline(always)]`, so that they are compiled with the caller's
    /// target features.
    fn run<L: Layout>(self) -> Self::Output;
}
