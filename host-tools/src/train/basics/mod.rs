//! What the heads and their choice have in common: scores, seeds, softmax.

mod score;
pub(super) mod seed;
mod softmax;

pub(super) use score::Score;
pub(super) use softmax::softmax;
