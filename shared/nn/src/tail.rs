//! The network's cheap first and last operations: quantisation of the patch, borders, mean and logistic.

use core::ops::AddAssign;

use super::body::{Mean, Quant, Scores, Shape};
use super::layout::{Layout, Task};
use super::plan::{Image, Wide};
use super::quant;
use crate::Patch;

/// Quantisation of `patch` into the image with border at the start of `dense`, in the stored form.
pub(crate) struct Quantise<'a> {
    pub patch: &'a Patch,
    pub quant: Quant,
    pub image: &'a Image,
    pub dense: &'a mut [u8],
}

impl Task for Quantise<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Layout>(self) {
        quantise(self.patch, self.quant, self.image, L::FLIP, self.dense);
    }
}

#[inline(always)]
fn quantise(patch: &Patch, quant: Quant, image: &Image, flip: u8, dense: &mut [u8]) {
    let border = (quant.zero_point as i8).cast_unsigned() ^ flip;
    let rows = dense.chunks_exact_mut(image.row_step).take(image.rows);
    for (y, row) in rows.enumerate() {
        let Some(column) = y.checked_sub(image.top).and_then(|y| patch.get(y)).filter(|_| y < image.top + image.height)
        else {
            row.fill(border);
            continue;
        };
        let (before, rest) = row.split_at_mut(image.left.min(image.row_step));
        let (cells, after) = rest.split_at_mut(image.width.min(column.len()).min(rest.len()));
        before.fill(border);
        after.fill(border);
        for (out, &value) in cells.iter_mut().zip(column) {
            *out = quant::quantise(value, quant.scale, quant.zero_point).cast_unsigned() ^ flip;
        }
    }
}

/// Fills the border of a wide activation with `zero`, the stored form of 0.0. The interior is unchanged.
pub(crate) fn border(wide: &Wide, zero: u8, buffer: &mut [u8]) {
    let pixel = wide.shape.channels;
    let row = wide.columns * pixel;
    let inside = wide.left * pixel..(wide.left + wide.shape.width) * pixel;
    for (y, row) in buffer.chunks_exact_mut(row).take(wide.rows).enumerate() {
        if y < wide.top || y >= wide.top + wide.shape.height {
            row.fill(zero);
        } else {
            row[..inside.start].fill(zero);
            row[inside.end..].fill(zero);
        }
    }
}

/// Channels whose sums stay in registers during one pass over the pixels.
const CHANNELS: usize = 32;

/// Sums each channel of block `block` of [`CHANNELS`], as steps above -128, over all pixels of a wide activation without border.
/// `Sum` holds 255 times the number of pixels.
#[inline(always)]
fn sums<Sum: Copy + Default + From<u8> + AddAssign>(
    input: Shape,
    flip: u8,
    wide: &[u8],
    block: usize,
) -> [Sum; CHANNELS] {
    let unsigned = flip ^ 0x80;
    let mut sums = [Sum::default(); CHANNELS];
    for pixel in wide.chunks_exact(input.channels).take(input.positions()) {
        for (sum, &value) in sums.iter_mut().zip(&pixel[CHANNELS * block.min(input.channels / CHANNELS)..]) {
            *sum += Sum::from(value ^ unsigned);
        }
    }
    sums
}

/// MEAN over all pixels of a wide activation without border; writes int8 to `out`. The network has checked that the sums fit 16 bits.
pub(crate) struct Pool<'a> {
    pub mean: &'a Mean,
    pub wide: &'a [u8],
    pub out: &'a mut [i8],
}

impl Task for Pool<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Layout>(self) {
        mean(self.mean, L::FLIP, self.wide, self.out);
    }
}

#[inline(always)]
fn mean(mean: &Mean, flip: u8, wide: &[u8], out: &mut [i8]) {
    for (block, out) in out.chunks_mut(CHANNELS).enumerate() {
        for (out, sum) in out.iter_mut().zip(sums::<u16>(mean.input, flip, wide, block)) {
            let scaled = mean.multiplier.apply_double_rounding_to_sum(sum);
            *out = (scaled + mean.output_quant.zero_point).clamp(-128, 127) as i8;
        }
    }
}

/// Computation of the mean of the dequantised values over all pixels of a wide activation without border. The sums are exact
/// integers below 2^24, so the result has one rounding and does not depend on the order.
pub(crate) struct Tap<'a> {
    pub input: Shape,
    pub scale: f32,
    pub wide: &'a [u8],
    pub out: &'a mut [f32],
}

impl Task for Tap<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Layout>(self) {
        tap(self.input, self.scale, L::FLIP, self.wide, self.out);
    }
}

#[inline(always)]
fn tap(input: Shape, scale: f32, flip: u8, wide: &[u8], out: &mut [f32]) {
    let factor = scale / input.positions() as f32;
    let len = input.channels.min(out.len());
    for (block, out) in out[..len].chunks_mut(CHANNELS).enumerate() {
        for (out, sum) in out.iter_mut().zip(sums::<u32>(input, flip, wide, block)) {
            *out = sum as f32 * factor;
        }
    }
}

/// Returns LOGISTIC as a table over the 256 values of a logit, lowest first.
pub(crate) fn logistic_table(scores: &Scores) -> [i8; 256] {
    let logits = scores.logits;
    core::array::from_fn(|index| super::reference::logistic(index as i32 - 128, logits.zero_point, logits.scale))
}
