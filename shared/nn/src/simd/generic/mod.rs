//! The kernels, shared by all instruction sets.
//!
//! ```text
//! product: for each tile of R positions, for one panel of 8 channels:
//!              sums = 0
//!              for each group of L steps:  sums += steps, narrow then widened      (no branch, no division)
//!              out[position][channel] = clamp((sums + bias) * multiplier)
//! planes:  for each strip of two output rows (one at stride 2), for 8 channels:
//!              slide three columns of pixels along the row; each output is 9 taps of them
//! block:   the same for four vectors of channels, where bytes are interleaved in whole vectors
//! ```

#[cfg(target_arch = "x86_64")]
mod blocks;
mod planes;
mod product;

#[cfg(target_arch = "x86_64")]
pub(super) use blocks::{Blocks, block};
pub(super) use planes::{PlanesJob, Strip, planes, strip};
pub(super) use product::{ProductJob, finish, finish_each, product};
