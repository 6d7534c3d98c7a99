//! A plan and packed memory whose offsets have been checked, which makes running the kernels safe.
//!
//! The kernels read offsets from the packed memory and use them without checks. Therefore, before any run, this module
//! computes every address that a kernel will read or write, from the same numbers that the kernels use, and requires it to
//! lie within its buffer. Running is then memory-safe for any content of the packed memory; the packer is responsible for
//! correct content. Cost: one pass over heads and offsets, about 5 % of the packed bytes.

use core::ops::Range;

use super::block::Block;
use super::generic::{PlanesJob, ProductJob};
use super::vectors::Vectors;
use crate::body::Shape;
use crate::error::Error;
use crate::layout::{Groups, MAX_TOGETHER, PANEL};
use crate::plan::{HEAD_LEN, Plan, Planes, Product, Step, fits_block};

/// Lines of the first convolution to which a panel is applied before the next panel: their output stays in the level-1 cache.
const LINES: usize = 8;

/// A plan with checked packed memory.
#[derive(Clone, Debug)]
pub(super) struct Verified<'m> {
    plan: Plan,
    packed: &'m [Block],
}

/// A panel's head.
struct Head {
    at: usize,
    groups: [usize; 4],
}

impl Head {
    fn steps(&self) -> usize {
        self.groups.iter().zip([4, 3, 2, 1]).map(|(count, len)| count * len).sum()
    }

    /// Returns whether, in each group, every offset is `step` more than the one before.
    fn are_runs(&self, mut offsets: &[u8], step: usize) -> bool {
        self.groups.iter().zip([4, 3, 2, 1]).all(|(&count, len)| {
            let (these, later) = offsets.split_at(2 * len * count);
            offsets = later;
            these.chunks_exact(2 * len).all(|group| {
                let next = group[2..].chunks_exact(2);
                group.chunks_exact(2).zip(next).all(|(offset, next)| le16(offset) + step == le16(next))
            })
        })
    }
}

impl<'m> Verified<'m> {
    /// Checks `packed` against `plan` for the kernels of `I`.
    ///
    /// # Safety
    /// - this processor has the instructions of `I`;
    /// - [`step`](Self::step) and [`scores`](Self::scores) are called only with the same `I`.
    ///
    /// # Errors
    /// [`Error::Memory`] if an access would lie outside its buffer.
    pub(super) unsafe fn new<I: Vectors>(plan: Plan, packed: &'m [Block]) -> Result<Self, Error> {
        let verified = Self { plan, packed };
        if verified.all_inside::<I>() {
            Ok(verified)
        } else {
            Err(Error::Memory { needed: Block::count_for(verified.plan.fixed_len), given: packed.len() })
        }
    }

    /// Returns the plan.
    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    fn bytes(&self) -> &'m [u8] {
        bytemuck::cast_slice(self.packed)
    }

    fn all_inside<I: Vectors>(&self) -> bool {
        let plan = &self.plan;
        let steps_inside = plan.steps.iter().all(|step| match step {
            Step::Product(product, _) => self.product_inside::<I>(product),
            Step::Planes(planes) => self.planes_inside::<I>(planes),
        });
        steps_inside && plan.scores.iter().all(|product| self.product_inside::<I>(product))
    }

    fn planes_inside<I: Vectors>(&self, planes: &Planes) -> bool {
        let output = planes.output;
        let columns = output.width.saturating_sub(1) * planes.stride + 3;
        let rows = output.height.saturating_sub(1) * planes.stride + 3;
        let constants = output.channels.max(planes.block) / PANEL * (I::CONSTANTS_LEN + I::TAPS_LEN);
        let block_fits = (planes.block == I::LANES && output.channels.is_multiple_of(I::LANES))
            || (planes.block == I::BLOCK && fits_block(planes.stride, output, I::BLOCK));
        matches!(planes.stride, 1 | 2)
            && block_fits
            && planes.row_step == columns * output.channels
            && rows * planes.row_step <= planes.input_len
            && output.len() <= self.plan.dense_len
            && planes.channels_at.is_multiple_of(64)
            && I::TAPS_LEN.is_multiple_of(64)
            && planes.channels_at + constants <= self.bytes().len()
    }

    fn product_inside<I: Vectors>(&self, product: &Product) -> bool {
        let positions = product.tiles_per_line * product.rows;
        let last_input = product.lines.saturating_sub(1) * product.line_step
            + positions.saturating_sub(1) * product.input_step
            + product.span;
        let rows = product.rows_at..product.rows_at + 4 * positions * product.lines;
        let Some(rows) = self.bytes().get(rows) else { return false };
        let out_len = product.panels * I::WIDTH;
        let rows_inside = rows.chunks_exact(4).all(|row| le32(row) + out_len <= product.out_len);
        last_input <= self.plan.dense_len
            && product.rows_at.is_multiple_of(4)
            && rows_inside
            && (0..product.panels).all(|panel| self.panel_inside::<I>(product, panel))
    }

    fn panel_inside<I: Vectors>(&self, product: &Product, panel: usize) -> bool {
        let Some(head) = self.head(product, panel) else { return false };
        let steps = head.steps();
        let offsets_at = head.at + I::WIDTH / PANEL * I::CONSTANTS_LEN + steps * I::WIDTH * I::STEP;
        let Some(offsets) = self.bytes().get(offsets_at..offsets_at + 2 * steps) else { return false };
        let longest_kept = head.groups.iter().zip([4, 3, 2, 1]).all(|(&count, len)| count == 0 || len <= I::LONGEST);
        let offsets_inside = offsets.chunks_exact(2).all(|offset| le16(offset) + I::STEP <= product.span);
        let runs = I::GROUPS != Groups::Runs || head.are_runs(offsets, I::STEP);
        head.at.is_multiple_of(64) && longest_kept && offsets_inside && runs
    }

    fn head(&self, product: &Product, panel: usize) -> Option<Head> {
        let head = self.bytes().get(product.heads_at + HEAD_LEN * panel..)?.first_chunk::<HEAD_LEN>()?;
        let count = |place: usize| usize::from(u16::from_le_bytes([head[4 + 2 * place], head[5 + 2 * place]]));
        Some(Head { at: le32(head), groups: [count(0), count(1), count(2), count(3)] })
    }

    /// Returns how many panels from `panel` on are computed together, at most `most`, and these panels. The offsets of a panel are
    /// those of the first if its groups are.
    fn together(&self, product: &Product, panel: usize, most: usize) -> (usize, [*const u8; MAX_TOGETHER]) {
        let head = |panel| (panel < product.panels).then(|| self.head(product, panel)).flatten();
        let first = head(panel);
        let place = |head: &Head| self.bytes()[head.at..].as_ptr();
        let mut panels = [first.as_ref().map_or(self.bytes().as_ptr(), place); MAX_TOGETHER];
        let mut together = 1_usize;
        for (count, panel_of) in (1..most.min(MAX_TOGETHER)).zip(&mut panels[1..]) {
            let next =
                head(panel + count).filter(|next| first.as_ref().is_some_and(|first| first.groups == next.groups));
            let Some(next) = next else { break };
            *panel_of = place(&next);
            together += 1;
        }
        // There are kernels for one, two and four panels.
        (1 << together.ilog2(), panels)
    }

    /// Computes output rows `rows` of step `index`, and possibly adjacent rows ([`Product::parts`]); does nothing if there is no
    /// such step. `dense` is the dense buffer, `wide` the wide input or output of the step.
    ///
    /// # Safety
    /// - this processor has the instructions of `I`;
    /// - `I` is the type that [`new`](Self::new) was called with.
    pub(super) unsafe fn step<I: Vectors>(&self, index: usize, rows: &Range<usize>, dense: &mut [u8], wide: &mut [u8]) {
        match self.plan.steps.get(index) {
            Some(Step::Product(product, to)) => {
                // SAFETY: the caller upholds this function's safety contract.
                unsafe { self.product::<I>(product, product.parts(rows, to.shape.width), dense, wide) }
            }
            Some(Step::Planes(planes)) => {
                let Shape { height, width, channels } = planes.output;
                let rows = rows.start.min(height)..rows.end.min(height);
                if dense.len() < self.plan.dense_len || wide.len() < planes.input_len || rows.is_empty() {
                    return;
                }
                let job = PlanesJob {
                    input: wide[rows.start * planes.stride * planes.row_step..].as_ptr(),
                    row_step: planes.row_step,
                    out: dense[rows.start * width * channels..].as_mut_ptr(),
                    height: rows.len(),
                    width,
                    channels,
                    stride: planes.stride,
                    block: planes.block,
                    packed: self.bytes()[planes.channels_at..].as_ptr(),
                };
                // SAFETY:
                // - the caller guarantees the instructions;
                // - `planes_inside` has checked that the input of all rows lies in `input_len`, their output in `dense_len`,
                //   and constants and taps in the packed memory, aligned to 64; `rows` are some of these rows;
                // - the two buffers are separate slices.
                unsafe { I::planes(&job) }
            }
            None => {}
        }
    }

    /// Runs FULLY_CONNECTED on the start of `dense` and writes the start of `wide`; does nothing if the plan has none.
    ///
    /// # Safety
    /// As [`step`](Self::step).
    pub(super) unsafe fn scores<I: Vectors>(&self, dense: &mut [u8], wide: &mut [u8]) {
        if let Some(product) = &self.plan.scores {
            // SAFETY: the caller upholds this function's safety contract.
            unsafe { self.product::<I>(product, product.parts(&(0..1), 1), dense, wide) }
        }
    }

    /// Runs the tiles `tiles` of the lines `lines` of a product; both are from [`Product::parts`].
    ///
    /// # Safety
    /// As [`step`](Self::step).
    unsafe fn product<I: Vectors>(
        &self,
        product: &Product,
        (lines, tiles): (Range<usize>, Range<usize>),
        dense: &mut [u8],
        wide: &mut [u8],
    ) {
        if dense.len() < self.plan.dense_len || wide.len() < product.out_len {
            return;
        }
        let packed = self.bytes();
        let tile_step = product.rows * product.input_step;
        let mut first_line = lines.start;
        while first_line < lines.end {
            let lines = first_line..lines.end.min(first_line + LINES);
            first_line = lines.end;
            let (mut tile, end) = (tiles.start, tiles.end.min(product.tiles_per_line));
            while tile < end {
                let tiles = product.chunk.clamp(1, end - tile);
                let mut panel = 0;
                while panel < product.panels {
                    let Some(Head { at, groups }) = self.head(product, panel) else { return };
                    let (together, panels) = self.together(product, panel, I::together(product.rows));
                    // Panels are contiguous; no panel follows the last panel of the last product.
                    let head = |panel| self.head(product, panel).map_or(at, |next| next.at);
                    let next =
                        [head(panel + together), head(panel + 2 * together)].map(|at| packed.as_ptr().wrapping_add(at));
                    for line in lines.clone() {
                        let first_row = (line * product.tiles_per_line + tile) * product.rows;
                        let job = ProductJob {
                            input: dense[line * product.line_step + tile * tile_step..].as_ptr(),
                            input_step: product.input_step,
                            tiles,
                            together,
                            panels,
                            next,
                            groups,
                            out: wide[I::WIDTH * panel..].as_mut_ptr(),
                            rows: packed[product.rows_at + 4 * first_row..].as_ptr().cast(),
                        };
                        // SAFETY:
                        // - the caller guarantees the instructions;
                        // - `product_inside` has checked that the last position's input ends within `dense_len`, and every
                        //   output offset plus all panels within `out_len`; `lines` and `tiles` are within those of the product;
                        // - `panel_inside` has checked that every offset plus a step lies within a position's span, that runs
                        //   are runs, that weights and offsets of all groups lie in the packed memory, and that each panel is
                        //   aligned to 64; panels that are together have the same groups, and they are as many as the kernels allow;
                        // - offsets (u16) follow weights of 32 bytes per step, rows (u32) lie at multiples of 4;
                        // - the buffers are separate slices.
                        unsafe { I::product(product.rows, &job) }
                    }
                    panel += together;
                }
                tile += tiles;
            }
        }
    }
}

fn le16(bytes: &[u8]) -> usize {
    bytes.first_chunk().map_or(usize::MAX / 2, |word| usize::from(u16::from_le_bytes(*word)))
}

fn le32(bytes: &[u8]) -> usize {
    bytes.first_chunk().map_or(usize::MAX / 2, |word| u32::from_le_bytes(*word) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_groups_whose_offsets_follow_each_other_are_runs() {
        let head = Head { at: 0, groups: [1, 0, 1, 2] };
        let bytes = |offsets: [u16; 8]| offsets.map(u16::to_le_bytes).concat();
        assert!(head.are_runs(&bytes([16, 20, 24, 28, 0, 4, 90, 40]), 4));
        assert!(!head.are_runs(&bytes([16, 20, 24, 32, 0, 4, 90, 40]), 4), "in the group of four");
        assert!(!head.are_runs(&bytes([16, 20, 24, 28, 4, 0, 90, 40]), 4), "in the group of two");
        assert!(!head.are_runs(&bytes([16, 20, 24, 28, 0, 4, 90, 40]), 16));
    }
}
