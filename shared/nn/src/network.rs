//! The network made ready to run, and one run of it.

use super::body::{Body, MAX_SCORES, Mean, Quant, Shape};
use super::error::Error;
use super::plan::Step;
use super::simd::{Block, Isa, Kernels};
use super::tail;
use crate::Patch;

/// Most positions that the mean sums in 16 bits.
const MAX_MEAN_POSITIONS: usize = 257;

/// A body with its packed weights. Cheap to copy; copies share the packed memory.
#[derive(Clone, Debug)]
pub struct Network<'m> {
    kernels: Kernels<'m>,
    patch_quant: Quant,
    mean: Mean,
    classes: usize,
    logistic: [i8; 256],
}

impl<'m> Network<'m> {
    /// Blocks of packed memory that [`pack`](Self::pack) needs: exact, but for AVX2 an upper bound (twice the weights), of
    /// which about half stays untouched.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`].
    pub fn packed_len(body: &Body, isa: Isa) -> Result<usize, Error> {
        Ok(Block::count_for(isa.packed_len(body, &isa.plan(body)?)))
    }

    /// Blocks of packed memory that are filled in any case, but for a few: what is worth to lie on large pages.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`].
    pub fn usual_packed_len(body: &Body, isa: Isa) -> Result<usize, Error> {
        Ok(Block::count_for(isa.usual_packed_len(body, &isa.plan(body)?)))
    }

    /// Packs the weights of `body` into `packed`, once per model; returns the blocks used.
    ///
    /// # Errors
    /// [`Error::Memory`] if `packed` is shorter than [`packed_len`](Self::packed_len); [`Error::UnsupportedShape`].
    pub fn pack(body: &Body, isa: Isa, packed: &mut [Block]) -> Result<usize, Error> {
        let plan = isa.plan(body)?;
        let (needed, given) = (Block::count_for(isa.packed_len(body, &plan)), packed.len());
        if given < needed {
            return Err(Error::Memory { needed, given });
        }
        Ok(Block::count_for(isa.pack(body, &plan, bytemuck::cast_slice_mut(packed))))
    }

    /// The network over memory that [`pack`](Self::pack) has filled for the same body and instructions.
    ///
    /// # Errors
    /// [`Error::Memory`], [`Error::Isa`], [`Error::UnsupportedShape`].
    pub fn new(body: &Body, isa: Isa, packed: &'m [Block]) -> Result<Self, Error> {
        let stem = body.layers.first().ok_or(Error::UnsupportedShape)?;
        let mean_positions = body.mean.input.positions();
        let patch = Shape { height: crate::PATCH_COLUMNS, width: crate::PATCH_BANDS, channels: 1 };
        if stem.input != patch || mean_positions > MAX_MEAN_POSITIONS || !body.embedding_len().is_multiple_of(32) {
            return Err(Error::UnsupportedShape);
        }
        Ok(Self {
            kernels: Kernels::new(isa, isa.plan(body)?, packed)?,
            patch_quant: body.patch_quant,
            mean: body.mean,
            classes: body.scores.as_ref().map_or(0, |scores| scores.classes.min(MAX_SCORES)),
            logistic: body.scores.as_ref().map_or([0; 256], tail::logistic_table),
        })
    }

    /// Which instructions it uses.
    pub fn isa(&self) -> Isa {
        self.kernels.isa()
    }

    /// Blocks of arena that [`run`](Self::run) needs.
    pub fn arena_len(&self) -> usize {
        self.kernels.plan().arena_len()
    }

    /// Width of the embedding.
    pub fn embedding_len(&self) -> usize {
        self.mean.input.channels
    }

    /// Number of scores; 0 if the file has none.
    pub fn scores_len(&self) -> usize {
        self.classes
    }

    /// Real value of one embedding step.
    pub fn embedding_scale(&self) -> f32 {
        self.mean.output_quant.scale
    }

    /// Number of convolutions.
    pub fn layers(&self) -> usize {
        self.kernels.plan().steps.len()
    }

    /// Runs everything: quantises `patch`, and writes the embedding (int8, zero point -128) and, as far as `scores` is
    /// long, the network's own scores (int8, 1/256 per step, zero point -128).
    ///
    /// # Errors
    /// [`Error::Memory`] if `arena` is shorter than [`arena_len`](Self::arena_len).
    pub fn run(
        &self,
        patch: &Patch,
        arena: &mut [Block],
        embedding: &mut [i8],
        scores: &mut [i8],
    ) -> Result<(), Error> {
        self.begin(patch, arena)?;
        for layer in 0..self.layers() {
            self.layer(layer, arena)?;
        }
        self.end(arena, embedding, scores)
    }

    /// The first part of [`run`](Self::run): quantises `patch` into the arena.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn begin(&self, patch: &Patch, arena: &mut [Block]) -> Result<(), Error> {
        let (dense, _) = self.halves(arena)?;
        tail::quantise(patch, self.patch_quant, &self.kernels.plan().image, self.isa().flip(), dense);
        Ok(())
    }

    /// Convolution number `index` on what the one before left in the arena.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn layer(&self, index: usize, arena: &mut [Block]) -> Result<(), Error> {
        let (dense, wide) = self.halves(arena)?;
        if let Some(Step::Product(_, shape)) = self.kernels.plan().steps.get(index) {
            // Every activation's zero point is -128.
            tail::border(shape, 0x80 ^ self.isa().flip(), wide);
        }
        self.kernels.step(index, dense, wide);
        Ok(())
    }

    /// The last part of [`run`](Self::run): the mean and the scores of what the last convolution left in the arena.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn end(&self, arena: &mut [Block], embedding: &mut [i8], scores: &mut [i8]) -> Result<(), Error> {
        let (dense, wide) = self.halves(arena)?;
        let flip = self.isa().flip();
        tail::mean(&self.mean, flip, wide, bytemuck::cast_slice_mut(&mut dense[..self.embedding_len()]));
        for (out, stored) in embedding.iter_mut().zip(&*dense) {
            *out = stored.cast_signed();
        }
        if !scores.is_empty() && self.classes > 0 {
            dense[..self.embedding_len()].iter_mut().for_each(|value| *value ^= flip);
            self.kernels.scores(dense, wide);
            for (out, logit) in scores.iter_mut().zip(&wide[..self.classes]) {
                *out = self.logistic[usize::from(*logit ^ flip ^ 0x80)];
            }
        }
        Ok(())
    }

    /// Copies the activation that convolution number `index`, the last to have run, left in the arena: int8
    /// `[position][channel]`, channels in the order in which the packer arranged them (the file's order only after the last
    /// convolution). For tests.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn activation(&self, index: usize, arena: &mut [Block], out: &mut [i8]) -> Result<(), Error> {
        let (dense, wide) = self.halves(arena)?;
        let (buffer, shape, wide) = match self.kernels.plan().steps.get(index) {
            Some(Step::Product(_, shape)) => (wide, shape.shape, Some(shape)),
            Some(Step::Planes(planes)) => (dense, planes.output, None),
            None => return Ok(()),
        };
        for (position, out) in out.chunks_exact_mut(shape.channels).take(shape.positions()).enumerate() {
            let (y, x) = (position / shape.width, position % shape.width);
            let at = wide.map_or(position * shape.channels, |wide| wide.pixel(y, x));
            for (out, stored) in out.iter_mut().zip(&buffer[at..]) {
                *out = (stored ^ self.isa().flip()).cast_signed();
            }
        }
        Ok(())
    }

    fn halves<'a>(&self, arena: &'a mut [Block]) -> Result<(&'a mut [u8], &'a mut [u8]), Error> {
        let (needed, given) = (self.arena_len(), arena.len());
        let arena = arena.get_mut(..needed).ok_or(Error::Memory { needed, given })?;
        let dense = Block::count_for(self.kernels.plan().dense_len);
        let (dense, wide) = arena.split_at_mut(dense);
        Ok((bytemuck::cast_slice_mut(dense), bytemuck::cast_slice_mut(wide)))
    }
}
