//! The int8 network engine: YAMNet's body, from the log-mel patch to embedding and scores.
//!
//! **Why.** The network takes most of the time of a window. A general interpreter is slower and allocates; this engine runs one
//! family of networks and returns the same bits as TFLite's reference kernels on every instruction set.
//!
//! **Constraints.** `no_std`, no allocation. The caller lends two memory areas in [`Block`]s of one cache line. The *packed*
//! memory holds the rearranged weights: [`Network::pack`] fills it once, after which it is read-only and may be shared by
//! threads. The *arena* holds the activations of one window and is used by one thread at a time. All errors occur when a
//! [`Body`] is read or memory is lent. `unsafe` code is confined to the private module `simd`.
//!
//! **Cost.** About the size of the weights for packed memory (twice that address space for AVX2), and the two largest
//! activations for the arena; a [`Stream`] also holds early activations of the last windows. Speed: see `docs/development/benchmarks`.
#![cfg_attr(not(any(feature = "std", test)), no_std)]
#![deny(unreachable_pub)]

pub mod body;
mod dispatch;
mod error;
mod from_graph;
mod layout;
mod network;
mod pack;
mod plan;
pub mod quant;
pub mod reference;
mod reuse;
mod simd;
mod stream;
mod tail;

pub use body::Body;
pub use error::Error;
pub use from_graph::ParsedBody;
pub use network::Network;
pub use simd::{Block, Isa, Work, in_wide_vectors, square_roots};
pub use stream::Stream;

/// Number of columns of the network's input, 10 ms apart.
pub const PATCH_COLUMNS: usize = 96;
/// Number of mel bands of the network's input.
pub const PATCH_BANDS: usize = 64;

/// The network's input: log-mel values `[96][64]`, oldest column first.
pub type Patch = [[f32; PATCH_BANDS]; PATCH_COLUMNS];
