//! Random numbers that are the same on every machine and in every version of this program.

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(super) struct Random(u64);

impl Random {
    /// A stream of its own for each `purpose`, so that a change of one leaves the others alone.
    pub(super) fn new(purpose: u64) -> Self {
        Self(super::SEED ^ (purpose << 32))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `limit - 1`.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        // The high half of a 64-bit product: below `limit`.
        (((self.next() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// `-most` to `most`.
    pub(super) fn symmetric(&mut self, most: u32) -> i32 {
        self.below(2 * most + 1) as i32 - most as i32
    }

    /// 0 to 1, in steps of 2^-24: exact in f32.
    pub(super) fn unit(&mut self) -> f32 {
        self.below(1 << 24) as f32 / 16_777_216.0
    }
}
