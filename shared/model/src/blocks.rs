//! Memory for packed weights that takes no physical memory until it is written, on large pages where the system has them.
//!
//! The weights are read from end to end for every window. With pages of 4 kB that takes a thousand translations, and once
//! other work has displaced them a window takes a sixth longer than on two pages of 2 MB.

use memmap2::MmapMut;

use monitor_nn::Block;

/// A large page of x86-64, and of 64-bit Arm with small pages of 4 kB.
const LARGE: usize = 2 << 20;

/// Blocks, zero until written; the packer asks for more than it uses.
#[derive(Debug)]
pub(crate) struct Blocks {
    map: Option<MmapMut>,
    /// Where the first block begins, in bytes.
    at: usize,
    len: usize,
}

impl Blocks {
    /// None.
    pub const NONE: Self = Self { map: None, at: 0, len: 0 };

    /// `len` blocks, of which about the first `filled` will be written.
    ///
    /// # Errors
    /// If the system has no memory.
    pub fn zeroed(len: usize, filled: usize) -> std::io::Result<Self> {
        let bytes = len * size_of::<Block>();
        // More than needed, to begin at a large page; what is never touched takes no memory.
        let map = MmapMut::map_anon(bytes + LARGE)?;
        let at = map.as_ptr().align_offset(LARGE).min(LARGE);
        // Whole pages only, so that no more memory is taken than with small ones. A system that refuses stays with those.
        #[cfg(target_os = "linux")]
        let _ = map.advise_range(memmap2::Advice::HugePage, at, filled * size_of::<Block>() / LARGE * LARGE);
        #[cfg(not(target_os = "linux"))]
        let _ = filled;
        Ok(Self { map: Some(map), at, len })
    }

    pub fn get(&self) -> &[Block] {
        let bytes = self.map.as_ref().and_then(|map| map.get(self.at..self.at + self.len * size_of::<Block>()));
        bytes.map_or(&[], |bytes| bytemuck::try_cast_slice(bytes).unwrap_or_default())
    }

    pub fn get_mut(&mut self) -> &mut [Block] {
        let range = self.at..self.at + self.len * size_of::<Block>();
        let bytes = self.map.as_mut().and_then(|map| map.get_mut(range));
        bytes.map_or(&mut [], |bytes| bytemuck::try_cast_slice_mut(bytes).unwrap_or_default())
    }
}
