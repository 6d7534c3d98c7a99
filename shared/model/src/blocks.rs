//! Memory for packed weights: uses no physical memory until it is written, and large pages if the system supports them.
//!
//! Every window reads all weights. With pages of 4 kB that requires a thousand address translations; when other work has
//! evicted them, a window takes one sixth longer than with two pages of 2 MB.

use memmap2::MmapMut;

use monitor_nn::Block;

/// Size in bytes of a large page of x86-64, and of 64-bit Arm with small pages of 4 kB.
const LARGE: usize = 2 << 20;

/// Blocks, zero until written. The packer requests more than it uses.
#[derive(Debug)]
pub(crate) struct Blocks {
    map: MmapMut,
    /// Offset of the first block, in bytes.
    at: usize,
    len: usize,
}

impl Blocks {
    /// Allocates `len` blocks, of which about the first `filled` will be written.
    ///
    /// # Errors
    /// If the system has no memory.
    pub(crate) fn zeroed(len: usize, filled: usize) -> std::io::Result<Self> {
        let bytes = len * size_of::<Block>();
        // Longer than needed, so that the blocks can begin at a large page; unused pages take no memory.
        let map = MmapMut::map_anon(bytes + LARGE)?;
        let at = map.as_ptr().align_offset(LARGE).min(LARGE);
        // Whole large pages only, so that they take no more memory than small ones. If the system refuses, small pages are used.
        #[cfg(target_os = "linux")]
        let _ = map.advise_range(memmap2::Advice::HugePage, at, filled * size_of::<Block>() / LARGE * LARGE);
        #[cfg(not(target_os = "linux"))]
        let _ = filled;
        Ok(Self { map, at, len })
    }

    pub(crate) fn get(&self) -> &[Block] {
        let bytes = self.map.get(self.at..self.at + self.len * size_of::<Block>());
        bytes.map_or(&[], |bytes| bytemuck::try_cast_slice(bytes).unwrap_or_default())
    }

    pub(crate) fn get_mut(&mut self) -> &mut [Block] {
        let range = self.at..self.at + self.len * size_of::<Block>();
        let bytes = self.map.get_mut(range);
        bytes.map_or(&mut [], |bytes| bytemuck::try_cast_slice_mut(bytes).unwrap_or_default())
    }
}
