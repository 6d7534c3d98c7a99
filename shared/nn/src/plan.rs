//! Memory layout, computed once from the body's shapes and used by packing and by every run.
//!
//! Activations alternate between two buffers of the arena. A 1x1 convolution (and the first convolution) writes *wide*: rows
//! of pixels with the border that the next depthwise convolution reads, so the depthwise kernel has no special case for the
//! edge. A depthwise convolution writes *dense*: `[position][channel]`, which the next 1x1 convolution reads directly. No
//! data is rearranged in between.
//!
//! A 1x1 convolution is a matrix product, computed in tiles of a few positions by a panel of 8 or 16 output channels. The
//! first convolution is the same product over the three rows of its kernel, and FULLY_CONNECTED over one position.

use core::ops::Range;

use heapless::Vec;

use super::body::{Body, Kind, Layer, MAX_LAYERS, Shape};
use super::error::Error;
use super::layout::{MAX_TOGETHER, PANEL};

/// Bytes of a panel's head: offset of the panel (u32), numbers of groups of 4, 3, 2 and 1 steps (4 x u16), 4 unused bytes.
pub(crate) const HEAD_LEN: usize = 16;
/// Channel counts must be multiples of this.
pub(crate) const CHANNEL_STEP: usize = 16;
/// Bytes that kernels may read past the last pixel of a buffer.
const SLACK: usize = 64;
/// Size of activations, in bytes, that stay in the level-1 cache while all panels are applied to them.
const CHUNK_BYTES: usize = 8 * 1024;
/// Number of inputs up to which the weights of four panels of sixteen channels stay in the level-1 cache (16 kB) beside activations.
const FEW_INPUTS: usize = 256;
/// Up to this many positions, one panel is applied to all of them before the next panel.
const FEW_POSITIONS: usize = 96;

/// A product of activations and packed panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    /// Positions per tile.
    pub rows: usize,
    /// Tiles per line of input.
    pub tiles_per_line: usize,
    /// Number of lines: one, unless the input is the patch.
    pub lines: usize,
    /// Distance between the inputs of adjacent positions, in bytes.
    pub input_step: usize,
    /// Distance between lines of input, in bytes.
    pub line_step: usize,
    /// Length of a position's input, in bytes; every packed step lies within it.
    pub span: usize,
    /// Number of panels of output channels.
    pub panels: usize,
    /// Number of tiles to which a panel is applied before the next panel.
    pub chunk: usize,
    /// Offset of the panels' heads in the packed memory, in bytes.
    pub heads_at: usize,
    /// Offset in the packed memory, in bytes, of the output offsets of all positions (`tiles * rows` values).
    pub rows_at: usize,
    /// Offset in the output buffer, in bytes, of the space for outputs of positions that do not exist.
    pub spill_at: usize,
    /// Size of the output buffer including that space, in bytes.
    pub out_len: usize,
}

impl Product {
    /// Number of tiles.
    pub(crate) fn tiles(&self) -> usize {
        self.tiles_per_line * self.lines
    }

    /// Returns the ranges of lines and of tiles that compute the output rows `rows`, each of `width` positions. Where tiles and
    /// rows do not end together, the tiles reach into adjacent rows.
    pub(crate) fn parts(&self, rows: &Range<usize>, width: usize) -> (Range<usize>, Range<usize>) {
        if self.lines > 1 {
            return (rows.start.min(self.lines)..rows.end.min(self.lines), 0..self.tiles_per_line);
        }
        let end = (rows.end * width).div_ceil(self.rows).min(self.tiles_per_line);
        (0..1, (rows.start * width / self.rows).min(end)..end)
    }

    /// Returns the input rows, each of `width` positions, that these tiles read.
    pub(crate) fn read_rows(&self, tiles: &Range<usize>, width: usize, height: usize) -> Range<usize> {
        tiles.start * self.rows / width..(tiles.end * self.rows).div_ceil(width).min(height)
    }
}

/// A depthwise convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Planes {
    /// Stride, 1 or 2.
    pub stride: usize,
    /// Shape of the output.
    pub output: Shape,
    /// Distance between rows of wide input, in bytes.
    pub row_step: usize,
    /// Size of the wide input, in bytes.
    pub input_len: usize,
    /// Channels that are computed together, of a pixel or of two.
    pub block: usize,
    /// Offset of constants and taps in the packed memory, in bytes.
    pub channels_at: usize,
}

/// One convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// From dense (or the patch) to wide.
    Product(Product, Wide),
    /// From wide to dense.
    Planes(Planes),
}

/// An activation with the border that its reader requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wide {
    /// Shape without the border.
    pub shape: Shape,
    /// Border rows before the first row.
    pub top: usize,
    /// Border pixels before the first pixel of a row.
    pub left: usize,
    /// Number of rows including the border.
    pub rows: usize,
    /// Pixels per row including the border.
    pub columns: usize,
}

impl Wide {
    /// Returns the layout of an activation that `next`, a depthwise convolution, reads; without a border if `next` is `None`.
    fn before(shape: Shape, next: Option<&Layer>) -> Self {
        match next {
            None => Self { shape, top: 0, left: 0, rows: shape.height, columns: shape.width },
            Some(next) => Self {
                shape,
                top: next.pad_before(next.input.height, next.output.height),
                left: next.pad_before(next.input.width, next.output.width),
                rows: (next.output.height - 1) * next.stride + 3,
                columns: (next.output.width - 1) * next.stride + 3,
            },
        }
    }

    /// Size in bytes.
    pub(crate) fn len(&self) -> usize {
        self.rows * self.columns * self.shape.channels
    }

    /// Returns the byte offset of the pixel at row `y`, column `x`, not counting the border.
    pub(crate) fn pixel(&self, y: usize, x: usize) -> usize {
        ((y + self.top) * self.columns + x + self.left) * self.shape.channels
    }
}

/// The quantised patch with the border that the first convolution reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    /// Rows of the patch (time).
    pub height: usize,
    /// Columns of the patch (mel bands).
    pub width: usize,
    /// Border rows before the first row.
    pub top: usize,
    /// Border values before the first value of a row.
    pub left: usize,
    /// Number of rows including the border.
    pub rows: usize,
    /// Distance between rows, in bytes.
    pub row_step: usize,
}

/// Memory layout of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Layout of the quantised patch.
    pub image: Image,
    /// Convolutions in order.
    pub steps: Vec<Step, MAX_LAYERS>,
    /// FULLY_CONNECTED, with contiguous outputs; `None` if the network has no classifier.
    pub scores: Option<Product>,
    /// Size of the dense buffer, which also holds the patch, in bytes.
    pub dense_len: usize,
    /// Size of the wide buffer, in bytes: that of the largest output of a product.
    pub wide_len: usize,
    /// Size of the packed memory before the first panel, in bytes.
    pub fixed_len: usize,
}

/// Properties of the kernels that determine the plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KernelInfo {
    /// Supported numbers of positions per tile.
    pub rows: &'static [usize],
    /// The one for products with few inputs and many panels, if it is another.
    pub rows_of_few_inputs: Option<usize>,
    /// Bytes of input per step of a product.
    pub step: usize,
    /// Output channels of a panel: one or two times [`PANEL`].
    pub width: usize,
    /// Size of the packed depthwise weights of eight channels, in bytes.
    pub taps_len: usize,
    /// Channels of a call of the depthwise kernel: of the general one, and of that for blocks ([`Layout::BLOCK`]).
    ///
    /// [`Layout::BLOCK`]: super::layout::Layout::BLOCK
    pub lanes: [usize; 2],
    /// Size of the constants of eight channels, in bytes.
    pub constants_len: usize,
}

impl Plan {
    /// Computes the plan of `body` for the kernels described by `info`.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`] if channels are not multiples of 16, which every layer of YAMNet is.
    pub(crate) fn new(body: &Body, info: &KernelInfo) -> Result<Self, Error> {
        let mut packed = PackedLayout { info, len: 0 };
        let stem = body.layers.first().ok_or(Error::UnsupportedShape)?;
        let image = image(stem, info);
        let mut steps = Vec::new();
        let mut dense_len = image.rows * image.row_step;
        let (mut wide_len, mut input_len) = (0, 0);
        for (index, layer) in body.layers.iter().enumerate() {
            if !layer.output.channels.is_multiple_of(CHANNEL_STEP) {
                return Err(Error::UnsupportedShape);
            }
            let wide = Wide::before(layer.output, body.layers.get(index + 1));
            let step = match layer.kind {
                Kind::Stem => Step::Product(packed.place(stem_product(layer, &image, info), wide.len()), wide),
                Kind::Pointwise => {
                    let product = product(layer.input.positions(), layer.input.channels, layer.output.channels, info);
                    dense_len = dense_len.max(product.tiles() * product.rows * layer.input.channels);
                    Step::Product(packed.place(product, wide.len()), wide)
                }
                Kind::Depthwise => {
                    let row_step = ((layer.output.width - 1) * layer.stride + 3) * layer.input.channels;
                    dense_len = dense_len.max(layer.output.len());
                    let block = block(layer, info);
                    Step::Planes(Planes {
                        stride: layer.stride,
                        output: layer.output,
                        row_step,
                        input_len,
                        block,
                        channels_at: packed.channels(layer.output.channels.max(block)),
                    })
                }
            };
            if let Step::Product(product, wide) = &step {
                (input_len, wide_len) = (wide.len(), wide_len.max(product.out_len));
            }
            steps.push(step).map_err(|_| Error::UnsupportedShape)?;
        }
        let pooled = body.pooled_len();
        let scores = body.scores.as_ref().map(|scores| {
            packed.place(
                product(1, pooled, scores.classes, &KernelInfo { rows: &[1], rows_of_few_inputs: None, ..*info }),
                0,
            )
        });
        Ok(Self {
            image,
            steps,
            scores,
            dense_len: dense_len.max(pooled) + SLACK,
            wide_len: wide_len.max(scores.map_or(0, |product| product.out_len)),
            fixed_len: packed.len,
        })
    }
}

/// Allocates ranges of the packed memory, each aligned to a block.
struct PackedLayout<'f> {
    info: &'f KernelInfo,
    len: usize,
}

impl PackedLayout<'_> {
    fn take(&mut self, bytes: usize) -> usize {
        let at = self.len;
        self.len = (at + bytes).next_multiple_of(64);
        at
    }

    /// Places the tables of a product whose output takes `len` bytes.
    fn place(&mut self, product: Product, len: usize) -> Product {
        let rows_at = self.take(4 * product.rows * product.tiles());
        let spill_at = len.next_multiple_of(64);
        let out_len = spill_at + product.panels * self.info.width + SLACK;
        Product { rows_at, heads_at: self.take(HEAD_LEN * product.panels), spill_at, out_len, ..product }
    }

    fn channels(&mut self, channels: usize) -> usize {
        self.take(channels / PANEL * (self.info.constants_len + self.info.taps_len))
    }
}

/// Returns how many channels of a depthwise layer are computed together.
fn block(layer: &Layer, info: &KernelInfo) -> usize {
    let ([lanes, block], to) = (info.lanes, layer.output);
    if fits_block(layer.stride, to, block) { block } else { lanes }
}

/// Returns whether pixels of `output` divide into blocks of `block` channels, or rows into pairs of pixels that are a block.
pub(crate) fn fits_block(stride: usize, output: Shape, block: usize) -> bool {
    let is_pair = 2 * output.channels == block && output.width.is_multiple_of(2);
    output.channels.is_multiple_of(block) || (stride == 1 && is_pair)
}

fn image(stem: &Layer, info: &KernelInfo) -> Image {
    let (input, output) = (stem.input, stem.output);
    let left = stem.pad_before(input.width, output.width);
    // A tile may extend past the last column by up to a tile's positions, and a kernel reads whole vectors.
    let reach = (output.width + info.rows.iter().max().unwrap_or(&1)) * stem.stride + info.step;
    Image {
        height: input.height,
        width: input.width,
        top: stem.pad_before(input.height, output.height),
        left,
        rows: (output.height - 1) * stem.stride + 3,
        row_step: reach.max(input.width + left).next_multiple_of(16),
    }
}

/// Returns the tile size with the fewest unused positions; the first of equals.
fn best_rows(positions: usize, tile_rows: &[usize]) -> usize {
    let waste = |rows: &&usize| positions.div_ceil(**rows) * **rows;
    tile_rows.iter().min_by_key(waste).copied().unwrap_or(1)
}

fn product(positions: usize, inputs: usize, outputs: usize, info: &KernelInfo) -> Product {
    let panels = outputs.div_ceil(info.width);
    let rows = info
        .rows_of_few_inputs
        .filter(|rows| inputs <= FEW_INPUTS && panels.is_multiple_of(MAX_TOGETHER) && positions.is_multiple_of(*rows))
        .unwrap_or_else(|| best_rows(positions, info.rows));
    let tiles = positions.div_ceil(rows);
    let few = positions <= FEW_POSITIONS;
    Product {
        rows,
        tiles_per_line: tiles,
        lines: 1,
        input_step: inputs,
        line_step: 0,
        span: inputs,
        panels,
        chunk: if few { tiles } else { (CHUNK_BYTES / (rows * inputs)).clamp(1, tiles) },
        heads_at: 0,
        rows_at: 0,
        spill_at: 0,
        out_len: 0,
    }
}

fn stem_product(stem: &Layer, image: &Image, info: &KernelInfo) -> Product {
    let rows = best_rows(stem.output.width, info.rows);
    Product {
        rows,
        tiles_per_line: stem.output.width.div_ceil(rows),
        lines: stem.output.height,
        input_step: stem.stride,
        line_step: stem.stride * image.row_step,
        span: 2 * image.row_step + info.step,
        panels: stem.output.channels.div_ceil(info.width),
        chunk: 16,
        heads_at: 0,
        rows_at: 0,
        spill_at: 0,
        out_len: 0,
    }
}
