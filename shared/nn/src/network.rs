//! The loaded network and its execution.

use super::body::{Body, MAX_CHANNELS, MAX_SCORES, Pooling, Quant, Shape};
use super::dispatch;
use super::error::Error;
use super::plan::{Step, Wide};
use super::simd::{Block, Isa, Kernels};
use super::tail;
use crate::{PATCH_COLUMNS, Patch};

/// Largest number of positions whose sum fits 16 bits: 257 * 255 = 65535.
const MAX_MEAN_POSITIONS: usize = 257;

/// A body with its packed weights. Cheap to clone: clones share the packed memory.
#[derive(Clone, Debug)]
pub struct Network<'m> {
    kernels: Kernels<'m>,
    patch_quant: Quant,
    pooling: Pooling,
    classes: usize,
    logistic: [i8; 256],
}

impl<'m> Network<'m> {
    /// Returns the number of blocks that [`pack`](Self::pack) requires. Exact except for AVX2, where it is an upper bound
    /// (twice the weights) of which about half is not written.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`] if the kernels do not support the body's shapes.
    pub fn packed_len(body: &Body, isa: Isa) -> Result<usize, Error> {
        Ok(Block::count_for(dispatch::packed_len(isa, body, &isa.plan(body)?)))
    }

    /// Returns the approximate number of blocks that [`pack`](Self::pack) writes, for example to choose the page size.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`] if the kernels do not support the body's shapes.
    pub fn usual_packed_len(body: &Body, isa: Isa) -> Result<usize, Error> {
        Ok(Block::count_for(dispatch::usual_packed_len(isa, body, &isa.plan(body)?)))
    }

    /// Packs the weights of `body` into `packed`, once per model. Returns the number of blocks used.
    ///
    /// # Errors
    /// [`Error::Memory`] if `packed` is shorter than [`packed_len`](Self::packed_len); [`Error::UnsupportedShape`].
    pub fn pack(body: &Body, isa: Isa, packed: &mut [Block]) -> Result<usize, Error> {
        let plan = isa.plan(body)?;
        let (needed, given) = (Block::count_for(dispatch::packed_len(isa, body, &plan)), packed.len());
        if given < needed {
            return Err(Error::Memory { needed, given });
        }
        Ok(Block::count_for(dispatch::pack(isa, body, &plan, bytemuck::cast_slice_mut(packed))))
    }

    /// Creates a network on memory that [`pack`](Self::pack) has filled for the same body and instruction set.
    ///
    /// # Errors
    /// [`Error::Memory`] if `packed` does not match the body; [`Error::Isa`] if the processor lacks the instructions;
    /// [`Error::UnsupportedShape`] if the kernels do not support the body's shapes.
    pub fn new(body: &Body, isa: Isa, packed: &'m [Block]) -> Result<Self, Error> {
        let stem = body.layers.first().ok_or(Error::UnsupportedShape)?;
        let positions = body.pooling.input().positions();
        let too_many = matches!(body.pooling, Pooling::Embedding(_)) && positions > MAX_MEAN_POSITIONS;
        let patch = Shape { height: PATCH_COLUMNS, width: crate::PATCH_BANDS, channels: 1 };
        if stem.input != patch || too_many || !body.pooled_len().is_multiple_of(32) {
            return Err(Error::UnsupportedShape);
        }
        Ok(Self {
            kernels: Kernels::new(isa, isa.plan(body)?, packed)?,
            patch_quant: body.patch_quant,
            pooling: body.pooling,
            classes: body.scores.as_ref().map_or(0, |scores| scores.classes.min(MAX_SCORES)),
            logistic: body.scores.as_ref().map_or([0; 256], tail::logistic_table),
        })
    }

    /// Returns the instruction set of the kernels.
    pub fn isa(&self) -> Isa {
        self.kernels.isa()
    }

    /// Arena length, in blocks, that [`run`](Self::run) requires.
    pub fn arena_len(&self) -> usize {
        let plan = self.kernels.plan();
        Block::count_for(plan.dense_len) + Block::count_for(plan.wide_len)
    }

    /// Number of values of the embedding or the tap.
    pub fn pooled_len(&self) -> usize {
        self.pooling.input().channels
    }

    /// Number of scores; 0 if the file has no classifier.
    pub fn scores_len(&self) -> usize {
        self.classes
    }

    /// Real value of one step of the embedding, or of the activation that the tap averages.
    pub fn pooled_scale(&self) -> f32 {
        match self.pooling {
            Pooling::Embedding(mean) => mean.output_quant.scale,
            Pooling::Tap { input_quant, .. } => input_quant.scale,
        }
    }

    /// Number of convolutions.
    pub fn layers(&self) -> usize {
        self.kernels.plan().steps.len()
    }

    /// Computes one window: quantises `patch`, runs all layers, and writes the embedding (int8, zero point -128) and the
    /// network's own scores (int8, 1/256 per step, zero point -128). Shorter slices receive the values that fit; an empty
    /// `scores` skips the classifier.
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

    /// Computes one window and writes its features as real values: the embedding, `(q + 128) * scale`, or the tap, the mean
    /// of `(q + 128) * scale` over all positions. A shorter `out` receives the values that fit. Also writes the network's own
    /// scores, as [`run`](Self::run) does.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn features(
        &self,
        patch: &Patch,
        arena: &mut [Block],
        out: &mut [f32],
        scores: &mut [i8],
    ) -> Result<(), Error> {
        self.begin(patch, arena)?;
        (0..self.layers()).try_for_each(|layer| self.layer(layer, arena))?;
        let (dense, wide) = self.halves(arena)?;
        self.pool(dense, wide, out, scores);
        Ok(())
    }

    /// Writes features and scores, as [`features`](Self::features) does, from the result of the last convolution in `wide`.
    pub(crate) fn pool(&self, dense: &mut [u8], wide: &mut [u8], out: &mut [f32], scores: &mut [i8]) {
        match self.pooling {
            Pooling::Embedding(_) => {
                let mut embedding = [0; MAX_CHANNELS];
                let embedding = &mut embedding[..self.pooled_len()];
                self.classify(dense, wide, embedding, scores);
                for (out, step) in out.iter_mut().zip(embedding) {
                    *out = (f32::from(*step) + 128.0) * self.pooled_scale();
                }
            }
            Pooling::Tap { input, input_quant } => {
                self.isa().run(tail::Tap { input, scale: input_quant.scale, wide, out });
            }
        }
    }

    /// First part of [`run`](Self::run): quantises `patch` into the arena.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn begin(&self, patch: &Patch, arena: &mut [Block]) -> Result<(), Error> {
        let (dense, _) = self.halves(arena)?;
        self.quantise(patch, dense);
        Ok(())
    }

    /// Quantises `patch` into the dense buffer.
    pub(crate) fn quantise(&self, patch: &Patch, dense: &mut [u8]) {
        let image = &self.kernels.plan().image;
        self.isa().run_in_full_width(tail::Quantise { patch, quant: self.patch_quant, image, dense });
    }

    /// Runs convolution `index` on the result of the one before in the arena.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn layer(&self, index: usize, arena: &mut [Block]) -> Result<(), Error> {
        let (dense, wide) = self.halves(arena)?;
        if let Some(Step::Product(_, shape)) = self.kernels.plan().steps.get(index) {
            self.border(shape, wide);
        }
        self.kernels.step(index, &(0..PATCH_COLUMNS), dense, wide);
        Ok(())
    }

    /// Fills the border of an activation.
    pub(crate) fn border(&self, shape: &Wide, wide: &mut [u8]) {
        // Every activation's zero point is -128.
        tail::border(shape, 0x80 ^ self.isa().flip(), wide);
    }

    /// The kernels, with the plan.
    pub(crate) fn kernels(&self) -> &Kernels<'m> {
        &self.kernels
    }

    /// Last part of [`run`](Self::run): computes embedding and scores from the result of the last convolution in the arena; a
    /// tapped network has neither and writes nothing.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn end(&self, arena: &mut [Block], embedding: &mut [i8], scores: &mut [i8]) -> Result<(), Error> {
        let (dense, wide) = self.halves(arena)?;
        self.classify(dense, wide, embedding, scores);
        Ok(())
    }

    fn classify(&self, dense: &mut [u8], wide: &mut [u8], embedding: &mut [i8], scores: &mut [i8]) {
        let flip = self.isa().flip();
        let Pooling::Embedding(mean) = &self.pooling else { return };
        let out = bytemuck::cast_slice_mut(&mut dense[..self.pooled_len()]);
        self.isa().run(tail::Pool { mean, wide, out });
        for (out, stored) in embedding.iter_mut().zip(&*dense) {
            *out = stored.cast_signed();
        }
        if !scores.is_empty() && self.classes > 0 {
            dense[..self.pooled_len()].iter_mut().for_each(|value| *value ^= flip);
            self.kernels.scores(dense, wide);
            for (out, logit) in scores.iter_mut().zip(&wide[..self.classes]) {
                *out = self.logistic[usize::from(*logit ^ flip ^ 0x80)];
            }
        }
    }

    /// Copies the result of convolution `index`, the last one run, from the arena: int8 `[position][channel]`. Channels are in
    /// the packer's order, which is the file's order only after the last convolution. For tests.
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
