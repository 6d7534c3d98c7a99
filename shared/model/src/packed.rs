//! The memory behind a loaded model: the bytes of its file, and its weights packed for one instruction set.

use std::sync::OnceLock;

use monitor_nn::{Block, Body, Isa, Network};

use crate::blocks::Blocks;
use crate::owned::Cause;

/// Bytes of a model file, and its packed weights: all that [`ModelContents`](crate::contents::ModelContents) borrow from.
///
/// Weights are packed behind a shared reference, once, because only the parsed file shows which there are, and what is parsed
/// borrows from the bytes already.
#[derive(Debug)]
pub(crate) struct ModelData {
    bytes: Vec<u8>,
    isa: Isa,
    /// Weights of the network in the file; empty if it has none.
    packed: OnceLock<Packed>,
    /// Weights up to the tap of a file that contains the whole network; packed when training first asks for them.
    tapped: OnceLock<Packed>,
}

/// Packed weights.
#[derive(Debug)]
struct Packed {
    blocks: Blocks,
    /// Number of blocks in use.
    used: usize,
}

impl Packed {
    /// Packs the weights of `body`.
    fn new(body: &Body<'_>, isa: Isa) -> Result<Self, Cause> {
        let len = Network::packed_len(body, isa).map_err(Cause::Network)?;
        let filled = Network::usual_packed_len(body, isa).map_err(Cause::Network)?;
        let mut blocks = Blocks::zeroed(len, filled).map_err(|_| Cause::NoMemory)?;
        let used = Network::pack(body, isa, blocks.get_mut()).map_err(Cause::Network)?;
        Ok(Self { blocks, used })
    }
}

impl ModelData {
    /// The bytes of a file, without packed weights, for the instruction set `isa`.
    pub(crate) fn new(bytes: Vec<u8>, isa: Isa) -> Self {
        Self { bytes, isa, packed: OnceLock::new(), tapped: OnceLock::new() }
    }

    /// Returns the bytes of the file.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the size of the packed weights in bytes; 0 for a file without a network.
    pub(crate) fn packed_bytes(&self) -> usize {
        self.packed.get().map_or(0, |packed| packed.used * size_of::<Block>())
    }

    /// Returns the network that the file contains, described by `body`.
    ///
    /// # Errors
    /// [`Cause::Network`] if the engine does not run it; [`Cause::NoMemory`].
    pub(crate) fn network(&self, body: &Body<'_>) -> Result<Network<'_>, Cause> {
        self.network_in(&self.packed, body)
    }

    /// Returns the network of a file that contains the whole of it, described by `body`, cut after `block`.
    ///
    /// # Errors
    /// As [`Self::network`].
    pub(crate) fn tapped(&self, body: Body<'_>, block: usize) -> Result<Network<'_>, Cause> {
        self.network_in(&self.tapped, &body.tapped(block).map_err(Cause::Network)?)
    }

    /// Returns the network `body` on its weights in `place`, which packs them if they are not there yet.
    fn network_in<'d>(&'d self, place: &'d OnceLock<Packed>, body: &Body<'_>) -> Result<Network<'d>, Cause> {
        let packed = match place.get() {
            Some(packed) => packed,
            None => {
                let packed = Packed::new(body, self.isa)?;
                place.get_or_init(|| packed)
            }
        };
        Network::new(body, self.isa, packed.blocks.get()).map_err(Cause::Network)
    }
}
