//! Where everything lies: computed once from the body's shapes, the same for packing and for every run.
//!
//! Activations alternate between two buffers of the arena. A 1x1 convolution (and the first one) writes *wide*: rows of
//! pixels with the border that the next depthwise convolution reads, so that this one needs no case for the edge. A
//! depthwise convolution writes *dense*: `[position][channel]`, which is just what the next 1x1 convolution reads. Nothing
//! is rearranged in between.
//!
//! A 1x1 convolution is a product of matrices, done in tiles of a few positions by a panel of 8 or 16 output channels; the first
//! convolution is the same product over the three rows of its kernel, and FULLY_CONNECTED over one position.

use heapless::Vec;

use super::body::{Body, Kind, Layer, MAX_LAYERS, Shape};
use super::error::Error;
use super::simd::{Block, CONSTANTS_LEN};

/// Channels that requantisation and the depthwise kernels do at a time; a panel of packed weights has one or two of these.
pub const PANEL: usize = 8;
/// Bytes of a panel's head: where it begins (u32), its groups of 4, 3, 2 and 1 steps (4 x u16), 4 unused.
pub const HEAD_LEN: usize = 16;
/// Channels come in multiples of this.
pub const CHANNEL_STEP: usize = 16;
/// Bytes that kernels may read past the last pixel of a buffer.
const SLACK: usize = 64;
/// Activations that stay in the first-level cache while all panels pass over them.
const CHUNK_BYTES: usize = 8 * 1024;
/// Up to this many positions, all of them pass over one panel before the next.
const FEW_POSITIONS: usize = 96;

/// A product of activations and packed panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// Positions of a tile.
    pub rows: usize,
    /// Tiles per line of input, and lines (one line unless the input is an image).
    pub tiles_per_line: usize,
    /// Number of lines.
    pub lines: usize,
    /// Bytes from one position's input to the next.
    pub input_step: usize,
    /// Bytes from one line of input to the next.
    pub line_step: usize,
    /// Bytes that a position's input spans: every offset of a packed step lies inside.
    pub span: usize,
    /// Panels of output channels.
    pub panels: usize,
    /// Tiles that one panel passes over before the next panel comes.
    pub chunk: usize,
    /// Where in the packed memory the panels' heads lie, in bytes.
    pub heads_at: usize,
    /// Where in the packed memory the output offsets of all positions lie, in bytes; `tiles * rows` of them.
    pub rows_at: usize,
}

impl Product {
    /// Number of tiles.
    pub fn tiles(&self) -> usize {
        self.tiles_per_line * self.lines
    }
}

/// A depthwise convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planes {
    /// 1 or 2.
    pub stride: usize,
    /// Output plane.
    pub output: Shape,
    /// Bytes from one row of wide input to the next.
    pub row_step: usize,
    /// Where in the packed memory its channels lie, in bytes.
    pub channels_at: usize,
}

/// One convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// From dense (or the patch) to wide.
    Product(Product, Wide),
    /// From wide to dense.
    Planes(Planes),
}

/// An activation with the border that its reader needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wide {
    /// What it holds.
    pub shape: Shape,
    /// Rows before the first.
    pub top: usize,
    /// Pixels before a row's first.
    pub left: usize,
    /// Rows in all.
    pub rows: usize,
    /// Pixels of a row in all.
    pub columns: usize,
}

impl Wide {
    /// The output of a layer as `next`, a depthwise convolution, reads it; without a border if there is none.
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

    /// Bytes it takes.
    pub fn len(&self) -> usize {
        self.rows * self.columns * self.shape.channels
    }

    /// Byte offset of the pixel at `y`, `x` of the activation itself.
    pub fn pixel(&self, y: usize, x: usize) -> usize {
        ((y + self.top) * self.columns + x + self.left) * self.shape.channels
    }
}

/// The quantised patch with the border that the first convolution reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Rows and columns of the patch.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Rows before the first.
    pub top: usize,
    /// Cells before a row's first.
    pub left: usize,
    /// Rows in all.
    pub rows: usize,
    /// Bytes from one row to the next.
    pub row_step: usize,
}

/// The whole plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The patch.
    pub image: Image,
    /// The convolutions.
    pub steps: Vec<Step, MAX_LAYERS>,
    /// FULLY_CONNECTED, where there is one; its outputs lie one after the other.
    pub scores: Option<Product>,
    /// Bytes of the dense buffer (the patch lies in it, too).
    pub dense_len: usize,
    /// Bytes of the wide buffer, with room at its end for outputs of positions that do not exist.
    pub wide_len: usize,
    /// Where that room begins.
    pub spill_at: usize,
    /// Bytes of packed memory before the first panel.
    pub fixed_len: usize,
}

/// What the plan must know of the kernels.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Positions per tile to choose from.
    pub rows: &'static [usize],
    /// Bytes per step of a product.
    pub step: usize,
    /// Output channels of a panel: one or two times [`PANEL`].
    pub width: usize,
    /// Bytes of packed depthwise weights of eight channels.
    pub taps_len: usize,
}

impl Plan {
    /// Plans `body` for the kernels that `facts` describe.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`] if channels are not multiples of 16, which every layer of YAMNet is.
    pub fn new(body: &Body, facts: &Facts) -> Result<Self, Error> {
        let mut packed = Packed { facts, len: 0 };
        let stem = body.layers.first().ok_or(Error::UnsupportedShape)?;
        let image = image(stem, facts);
        let mut steps = Vec::new();
        let (mut dense_len, mut wide_len) = (image.rows * image.row_step, 0);
        let mut widest = 0;
        for (index, layer) in body.layers.iter().enumerate() {
            if !layer.output.channels.is_multiple_of(CHANNEL_STEP) {
                return Err(Error::UnsupportedShape);
            }
            let wide = Wide::before(layer.output, body.layers.get(index + 1));
            widest = widest.max(layer.output.channels);
            let step = match layer.kind {
                Kind::Stem => Step::Product(packed.place(stem_product(layer, &image, facts)), wide),
                Kind::Pointwise => {
                    let product = product(layer.input.positions(), layer.input.channels, layer.output.channels, facts);
                    dense_len = dense_len.max(product.tiles() * product.rows * layer.input.channels);
                    Step::Product(packed.place(product), wide)
                }
                Kind::Depthwise => {
                    let row_step = ((layer.output.width - 1) * layer.stride + 3) * layer.input.channels;
                    dense_len = dense_len.max(layer.output.len());
                    Step::Planes(Planes {
                        stride: layer.stride,
                        output: layer.output,
                        row_step,
                        channels_at: packed.channels(layer.output.channels),
                    })
                }
            };
            if let Step::Product(..) = step {
                wide_len = wide_len.max(wide.len());
            }
            steps.push(step).map_err(|_| Error::UnsupportedShape)?;
        }
        let embedding = body.embedding_len();
        let scores = body
            .scores
            .as_ref()
            .map(|scores| packed.place(product(1, embedding, scores.classes, &Facts { rows: &[1], ..*facts })));
        let widest = widest.max(scores.map_or(0, |product| product.panels * facts.width));
        let spill_at = wide_len.max(widest).next_multiple_of(64);
        Ok(Self {
            image,
            steps,
            scores,
            dense_len: dense_len.max(embedding) + SLACK,
            wide_len: spill_at + widest + SLACK,
            spill_at,
            fixed_len: packed.len,
        })
    }

    /// Blocks of arena.
    pub fn arena_len(&self) -> usize {
        Block::count_for(self.dense_len) + Block::count_for(self.wide_len)
    }
}

/// Hands out places in the packed memory, each on a block of its own.
struct Packed<'f> {
    facts: &'f Facts,
    len: usize,
}

impl Packed<'_> {
    fn take(&mut self, bytes: usize) -> usize {
        let at = self.len;
        self.len = (at + bytes).next_multiple_of(64);
        at
    }

    fn place(&mut self, product: Product) -> Product {
        let rows_at = self.take(4 * product.rows * product.tiles());
        Product { rows_at, heads_at: self.take(HEAD_LEN * product.panels), ..product }
    }

    fn channels(&mut self, channels: usize) -> usize {
        self.take(channels / PANEL * (CONSTANTS_LEN + self.facts.taps_len))
    }
}

fn image(stem: &Layer, facts: &Facts) -> Image {
    let (input, output) = (stem.input, stem.output);
    let left = stem.pad_before(input.width, output.width);
    // A tile may reach past the last column by a tile's positions, and a kernel reads whole vectors.
    let reach = (output.width + facts.rows.iter().max().unwrap_or(&1)) * stem.stride + facts.step;
    Image {
        height: input.height,
        width: input.width,
        top: stem.pad_before(input.height, output.height),
        left,
        rows: (output.height - 1) * stem.stride + 3,
        row_step: reach.max(input.width + left).next_multiple_of(16),
    }
}

/// The tile that wastes the least on `positions`; the first of equals.
fn best_rows(positions: usize, tile_rows: &[usize]) -> usize {
    let waste = |rows: &&usize| positions.div_ceil(**rows) * **rows;
    tile_rows.iter().min_by_key(waste).copied().unwrap_or(1)
}

fn product(positions: usize, inputs: usize, outputs: usize, facts: &Facts) -> Product {
    let rows = best_rows(positions, facts.rows);
    let tiles = positions.div_ceil(rows);
    let few = positions <= FEW_POSITIONS;
    Product {
        rows,
        tiles_per_line: tiles,
        lines: 1,
        input_step: inputs,
        line_step: 0,
        span: inputs,
        panels: outputs.div_ceil(facts.width),
        chunk: if few { tiles } else { (CHUNK_BYTES / (rows * inputs)).clamp(1, tiles) },
        heads_at: 0,
        rows_at: 0,
    }
}

fn stem_product(stem: &Layer, image: &Image, facts: &Facts) -> Product {
    let rows = best_rows(stem.output.width, facts.rows);
    Product {
        rows,
        tiles_per_line: stem.output.width.div_ceil(rows),
        lines: stem.output.height,
        input_step: stem.stride,
        line_step: stem.stride * image.row_step,
        span: 2 * image.row_step + facts.step,
        panels: stem.output.channels.div_ceil(facts.width),
        chunk: 16,
        heads_at: 0,
        rows_at: 0,
    }
}
