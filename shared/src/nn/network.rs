//! The network made ready to run, and one run of it.

use super::body::{Body, MAX_CHANNELS};
use super::error::Error;
use super::{Block, quant, reference};
use crate::window::Patch;

/// Which instructions the kernels use. Results do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// Portable code.
    Scalar,
}

impl Isa {
    /// The fastest kind that this build and this processor have.
    pub fn best() -> Self {
        Self::Scalar
    }
}

/// A body with its packed weights. Cheap to copy; copies share the packed memory.
#[derive(Clone, Debug)]
pub struct Network<'m> {
    body: Body<'m>,
}

impl<'m> Network<'m> {
    /// Blocks of packed memory that [`pack`](Self::pack) needs.
    pub fn packed_len(_body: &Body, _isa: Isa) -> usize {
        0
    }

    /// Packs the weights of `body` into `packed`, once per model.
    ///
    /// # Errors
    /// [`Error::Memory`] if `packed` is shorter than [`packed_len`](Self::packed_len); [`Error::Isa`].
    pub fn pack(_body: &Body, _isa: Isa, _packed: &mut [Block]) -> Result<(), Error> {
        Ok(())
    }

    /// The network over memory that [`pack`](Self::pack) has filled for the same body and instructions.
    ///
    /// # Errors
    /// [`Error::Memory`], [`Error::Isa`].
    pub fn new(body: Body<'m>, _isa: Isa, _packed: &'m [Block]) -> Result<Self, Error> {
        Ok(Self { body })
    }

    /// Blocks of arena that [`run`](Self::run) needs.
    pub fn arena_len(&self) -> usize {
        2 * self.half()
    }

    /// Width of the embedding.
    pub fn embedding_len(&self) -> usize {
        self.body.embedding_len()
    }

    /// Number of scores; 0 if the file has none.
    pub fn scores_len(&self) -> usize {
        self.body.scores.as_ref().map_or(0, |scores| scores.classes)
    }

    /// Real value of one embedding step.
    pub fn embedding_scale(&self) -> f32 {
        self.body.mean.output_quant.scale
    }

    fn half(&self) -> usize {
        let largest = self.body.layers.iter().map(|layer| layer.input.len().max(layer.output.len())).max();
        Block::count_for(largest.unwrap_or(0).max(MAX_CHANNELS))
    }

    /// Quantises `patch` and runs the convolutions and the mean; returns the embedding, int8 with zero point -128.
    ///
    /// # Errors
    /// [`Error::Memory`] if `arena` is shorter than [`arena_len`](Self::arena_len).
    pub fn run<'a>(&self, patch: &Patch, arena: &'a mut [Block]) -> Result<&'a [i8], Error> {
        let (mut from, mut to) = self.halves(arena)?;
        let quantised = patch.as_flattened().iter();
        let zero = self.body.patch_quant;
        for (out, &value) in from.iter_mut().zip(quantised) {
            *out = quant::quantise(value, zero.scale, zero.zero_point);
        }
        for layer in &self.body.layers {
            reference::run(layer, &from[..layer.input.len()], &mut to[..layer.output.len()]);
            core::mem::swap(&mut from, &mut to);
        }
        let embedding = &mut to[..self.embedding_len()];
        reference::mean(&self.body.mean, &from[..self.body.mean.input.len()], embedding);
        Ok(embedding)
    }

    /// YAMNet's own scores of an embedding that [`run`](Self::run) gave: int8, 1/256 per step, zero point -128.
    /// Does nothing where the file has no such classifier.
    pub fn scores(&self, embedding: &[i8], out: &mut [i8]) {
        if let Some(scores) = &self.body.scores {
            reference::scores(scores, embedding, out);
        }
    }

    fn halves<'a>(&self, arena: &'a mut [Block]) -> Result<(&'a mut [i8], &'a mut [i8]), Error> {
        let (needed, given) = (self.arena_len(), arena.len());
        let arena = arena.get_mut(..needed).ok_or(Error::Memory { needed, given })?;
        Ok(bytemuck::cast_slice_mut::<Block, i8>(arena).split_at_mut(64 * self.half()))
    }
}
