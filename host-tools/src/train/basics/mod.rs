//! What the heads and their choice have in common: scores, seeds, softmax.

mod score;
pub mod seed;
mod softmax;

pub use score::Score;
pub use softmax::softmax;
