//! Unit of lent memory.

/// 64 bytes, aligned to 64: one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Block(pub [u8; 64]);

impl Block {
    /// A block of zeros.
    pub const ZERO: Self = Self([0; 64]);

    /// Returns the number of blocks that hold `bytes` bytes.
    pub(crate) const fn count_for(bytes: usize) -> usize {
        bytes.div_ceil(size_of::<Self>())
    }
}

// SAFETY: all zeros are a valid `Block`, because it contains only bytes.
unsafe impl bytemuck::Zeroable for Block {}

// SAFETY:
// - any bit pattern is a valid `Block`, because it contains only bytes;
// - it has no padding: 64 bytes of content, and size 64 at alignment 64;
// - it is `Copy`, `'static` and `repr(C)`, without pointers or interior mutability.
unsafe impl bytemuck::Pod for Block {}

const _: () = assert!(size_of::<Block>() == 64 && align_of::<Block>() == 64);
