//! Independent random streams from one seed, so that the numbers of one step do not depend on those of another.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// A generator for one purpose. The same seed and purpose give the same numbers on every machine.
pub(crate) fn rng(seed: u64, purpose: &str) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(derive(seed, purpose))
}

/// A seed for one purpose (FNV-1a over the purpose, started from the seed).
pub(crate) fn derive(seed: u64, purpose: &str) -> u64 {
    let start = seed ^ 0xcbf2_9ce4_8422_2325;
    purpose.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::derive;

    #[test]
    fn different_purposes_and_seeds_have_different_streams() {
        assert_ne!(derive(1, "balance"), derive(1, "shuffle"));
        assert_ne!(derive(1, "balance"), derive(2, "balance"));
    }
}
