//! A network that computes a sequence of overlapping windows and reuses what they share.
//!
//! Early layers take most of the time and have many rows. Of those, a stream holds the results of the last window and computes
//! only the rows that are new ([`super::reuse`]). How windows overlap is found by comparing their quantised patches, not assumed:
//! rows are reused only if everything that they depend on is equal, so the result equals that of [`Network::features`] bit for bit
//! for any sequence of patches. After a gap, or with a hop that shares nothing, every row is computed.

use core::ops::Range;

use heapless::Vec;

use super::error::Error;
use super::network::Network;
use super::plan::{Image, Plan, Step, Wide};
use super::reuse::{self, Rows};
use super::simd::Block;
use crate::{PATCH_BANDS, PATCH_COLUMNS, Patch};

/// Number of earlier windows with which a window is compared. With two, a hop of an odd multiple of two columns also shares rows
/// of four columns.
const LAGS: usize = 2;
/// Largest number of activations that are held.
const MAX_HELD: usize = 8;

/// An activation is held if windows that overlap by half share at least one of so many rows.
const LEAST_SHARED: usize = 4;

/// Quantised patch of an earlier window, in stored form.
type Quantised = [[u8; PATCH_BANDS]; PATCH_COLUMNS];

/// An activation that is held from one window to the next.
#[derive(Clone, Debug)]
struct Held {
    /// Index of the step that computes it.
    step: usize,
    rows: Rows,
    wide: Wide,
    /// First block of its memory, after the dense buffer.
    at: usize,
    /// Blocks of one window's activation.
    len: usize,
    /// Number of windows of which it is held: 1 or [`LAGS`].
    windows: usize,
}

impl Held {
    /// Returns the first byte of the activation of window number `window`.
    fn start(&self, window: usize) -> usize {
        size_of::<Block>() * (self.at + window % self.windows * self.len)
    }

    /// Copies the rows that window number `window` shares with an earlier one, of which `shifts[lag - 1]` is the shift, and
    /// returns the rows that remain to be computed, in two ranges.
    fn reuse(&self, window: usize, shifts: &[Option<usize>; LAGS], memory: &mut [u8]) -> [Range<usize>; 2] {
        let height = self.wide.shape.height;
        let row_len = self.wide.columns * self.wide.shape.channels;
        for (lag, shift) in (1..=self.windows).zip(shifts) {
            let Some((rows, further)) = shift.and_then(|shift| self.rows.shared(shift)) else { continue };
            let row = |window: usize, row: usize| self.start(window) + (row + self.wide.top) * row_len;
            let from = row(window + LAGS - lag, rows.start + further);
            memory.copy_within(from..from + rows.len() * row_len, row(window, rows.start));
            return [0..rows.start, rows.end..height];
        }
        [0..height, 0..0]
    }
}

/// Division of the arena after the dense buffer.
struct Memory {
    held: Vec<Held, MAX_HELD>,
    /// First byte of the memory that activations which are not held share.
    shared_at: usize,
    /// Blocks of that memory.
    shared: usize,
}

impl Memory {
    fn new(plan: &Plan) -> Self {
        let rows = reuse::rows(plan);
        let stride = rows.first().map_or(1, |rows| rows.stride);
        let mut memory = Self { held: Vec::new(), shared_at: 0, shared: 0 };
        for (step, (part, rows)) in plan.steps.iter().zip(rows).enumerate() {
            let Step::Product(product, wide) = part else { continue };
            let (at, len) = (memory.shared_at / size_of::<Block>(), Block::count_for(product.out_len));
            let windows = if rows.stride == 2 * stride { LAGS } else { 1 };
            // The last is read by what follows the convolutions, and with a shift of half a window it shares nothing.
            let is_last = step + 1 == plan.steps.len();
            let is_worthwhile = |(shared, _): (Range<usize>, _)| LEAST_SHARED * shared.len() >= wide.shape.height;
            let is_held = !is_last && rows.shared(PATCH_COLUMNS / 2).is_some_and(is_worthwhile);
            if is_held && memory.held.push(Held { step, rows, wide: *wide, at, len, windows }).is_ok() {
                memory.shared_at += windows * len * size_of::<Block>();
            } else {
                memory.shared = memory.shared.max(len);
            }
        }
        memory.shared = memory.shared.max(plan.scores.map_or(0, |scores| Block::count_for(scores.out_len)));
        memory
    }

    /// Number of blocks.
    fn len(&self) -> usize {
        self.shared_at / size_of::<Block>() + self.shared
    }
}

/// A network with the memory of the windows before.
#[derive(Debug)]
pub struct Stream<'m, 'a> {
    network: Network<'m>,
    arena: &'a mut [Block],
    held: Vec<Held, MAX_HELD>,
    /// Blocks of the dense buffer.
    dense: usize,
    /// First byte, after the dense buffer, of the memory that activations which are not held share.
    shared_at: usize,
    /// Patches of the last windows: that of window `n` is at index `n`.
    patches: [Quantised; LAGS],
    /// Number of the next window, modulo [`LAGS`].
    window: usize,
    /// Number of windows computed, at most [`LAGS`].
    known: usize,
}

impl<'m, 'a> Stream<'m, 'a> {
    /// Arena length, in blocks, that [`new`](Self::new) requires for `network`. For YAMNet up to block 7 about 0.5 MB.
    pub fn arena_len(network: &Network<'_>) -> usize {
        let plan = network.kernels().plan();
        Block::count_for(plan.dense_len) + Memory::new(plan).len()
    }

    /// Creates a stream of windows for `network`, which works in `arena`.
    ///
    /// # Errors
    /// [`Error::Memory`] if `arena` is shorter than [`arena_len`](Self::arena_len).
    pub fn new(network: Network<'m>, arena: &'a mut [Block]) -> Result<Self, Error> {
        let (needed, given) = (Self::arena_len(&network), arena.len());
        let arena = arena.get_mut(..needed).ok_or(Error::Memory { needed, given })?;
        let plan = network.kernels().plan();
        let (dense, Memory { held, shared_at, .. }) = (Block::count_for(plan.dense_len), Memory::new(plan));
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut arena[dense..]);
        // Borders never change: only what is between them is written.
        for (held, window) in held.iter().flat_map(|held| (0..held.windows).map(move |window| (held, window))) {
            network.border(&held.wide, &mut bytes[held.start(window)..]);
        }
        let patches = [[[0; PATCH_BANDS]; PATCH_COLUMNS]; LAGS];
        Ok(Self { network, arena, held, dense, shared_at, patches, window: 0, known: 0 })
    }

    /// The network.
    pub fn network(&self) -> &Network<'m> {
        &self.network
    }

    /// Computes the next window: writes its features to `out` and the network's own scores to `scores`, as
    /// [`Network::features`] does.
    pub fn features(&mut self, patch: &Patch, out: &mut [f32], scores: &mut [i8]) {
        let (dense, memory) = self.arena.split_at_mut(self.dense);
        let (dense, memory): (&mut [u8], &mut [u8]) =
            (bytemuck::cast_slice_mut(dense), bytemuck::cast_slice_mut(memory));
        let kernels = self.network.kernels();
        let plan = kernels.plan();
        self.network.quantise(patch, dense);
        let shifts = shifts(plan, dense, &self.patches, self.window, self.known);
        copy_image(&plan.image, dense, &mut self.patches[self.window]);
        let mut input = 0;
        for (index, step) in plan.steps.iter().enumerate() {
            let Step::Product(product, wide) = step else { continue };
            let held = self.held.iter().find(|held| held.step == index);
            let (target, missing) = match held {
                Some(held) => (held.start(self.window), held.reuse(self.window, &shifts, memory)),
                None => (self.shared_at, [0..wide.shape.height, 0..0]),
            };
            for rows in missing.into_iter().filter(|rows| !rows.is_empty()) {
                let (_, tiles) = product.parts(&rows, wide.shape.width);
                if let Some(before) = index.checked_sub(1) {
                    let read = product.read_rows(&tiles, wide.shape.width, wide.shape.height);
                    kernels.step(before, &read, dense, &mut memory[input..]);
                }
                if held.is_none() {
                    self.network.border(wide, &mut memory[target..]);
                }
                kernels.step(index, &rows, dense, &mut memory[target..]);
            }
            input = target;
        }
        self.window = (self.window + 1) % LAGS;
        self.known = (self.known + 1).min(LAGS);
        self.network.pool(dense, &mut memory[input..], out, scores);
    }
}

/// Returns by how many columns the image in `dense` is later than the patch of each of the `known` windows before window
/// number `window`; `None` if it shares no columns with it.
fn shifts(
    plan: &Plan,
    dense: &[u8],
    patches: &[Quantised; LAGS],
    window: usize,
    known: usize,
) -> [Option<usize>; LAGS] {
    let row = |y: usize| image_row(&plan.image, dense, y);
    core::array::from_fn(|index| {
        let (lag, before) = (index + 1, &patches[(window + LAGS - index - 1) % LAGS]);
        let is_later = |&shift: &usize| before[shift..].iter().enumerate().all(|(y, before)| row(y) == before);
        (1..PATCH_COLUMNS).find(is_later).filter(|_| lag <= known)
    })
}

/// Returns the values of column `y` of the patch, a row of the image in `dense`.
fn image_row<'d>(image: &Image, dense: &'d [u8], y: usize) -> &'d [u8] {
    let at = (y + image.top) * image.row_step + image.left;
    &dense[at..at + image.width]
}

/// Copies the image in `dense` without its border.
fn copy_image(image: &Image, dense: &[u8], out: &mut Quantised) {
    for (y, out) in out.iter_mut().enumerate() {
        out.copy_from_slice(image_row(image, dense, y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Shape;

    /// An activation of 8 rows of one pixel and one channel, two columns of the patch apart, with a row of border at each end,
    /// held of `windows` windows.
    fn held(windows: usize) -> Held {
        let wide = Wide { shape: Shape { height: 8, width: 1, channels: 1 }, top: 1, left: 0, rows: 10, columns: 1 };
        Held { step: 0, rows: Rows { stride: 4, inner: 1..7 }, wide, at: 0, len: 1, windows }
    }

    #[test]
    fn shared_rows_move_up_and_the_others_remain_to_be_computed() {
        let mut memory: [u8; 64] = core::array::from_fn(|byte| byte as u8);
        let missing = held(1).reuse(0, &[Some(8), None], &mut memory);
        assert_eq!(missing, [0..1, 5..8]);
        // Rows 3 to 6 have become rows 1 to 4; row y is at y + 1.
        assert_eq!(memory[..10], [0, 1, 4, 5, 6, 7, 6, 7, 8, 9]);
    }

    #[test]
    fn a_shift_that_is_no_multiple_of_the_rows_columns_takes_rows_of_the_window_before_that() {
        let mut memory = [0; 128];
        // Window 1 is the last, window 0 the one before; window 2 takes the place of window 0.
        memory[..10].fill(10);
        memory[64..74].fill(20);
        assert_eq!(held(2).reuse(2, &[Some(2), Some(4)], &mut memory), [0..1, 6..8]);
        assert_eq!(memory[1..9], [10; 8]);
        assert_eq!(held(2).reuse(2, &[Some(4), Some(8)], &mut memory), [0..1, 6..8]);
        assert_eq!(memory[1..9], [10, 20, 20, 20, 20, 20, 10, 10]);
        assert_eq!(held(1).reuse(2, &[Some(2), Some(4)], &mut memory), [0..8, 0..0], "only one is held");
    }

    #[test]
    fn without_a_shift_every_row_is_computed() {
        let mut memory = [7; 64];
        assert_eq!(held(1).reuse(0, &[None, None], &mut memory), [0..8, 0..0]);
        assert_eq!(memory, [7; 64]);
    }
}
