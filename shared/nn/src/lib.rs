//! The int8 network engine: YAMNet's body, from the log-mel patch to the embedding and the scores.
//!
//! Results equal those of TFLite's reference kernels bit for bit, on every instruction set. Nothing is allocated: the
//! caller lends two pieces of memory, in [`Block`]s of one cache line. The *packed* memory holds what is derived from the
//! file's weights; it is filled once by [`Network::pack`], never written again, and may be shared by many threads. The
//! *arena* holds the activations of one window and belongs to one thread.
//!
//! A file is checked when its [`Body`] is read; after that nothing can fail.
#![cfg_attr(not(any(feature = "std", test)), no_std)]

pub mod body;
mod error;
mod from_graph;
mod network;
mod pack;
mod plan;
pub mod quant;
pub mod reference;
mod simd;
mod tail;

pub use body::Body;
pub use error::Error;
pub use from_graph::Found;
pub use network::Network;
pub use simd::{Block, Isa};

/// Columns of the network's input, 10 ms apart.
pub const PATCH_COLUMNS: usize = 96;
/// Mel bands of the network's input.
pub const PATCH_BANDS: usize = 64;

/// The network's input: log-mel values, oldest column first.
pub type Patch = [[f32; PATCH_BANDS]; PATCH_COLUMNS];
