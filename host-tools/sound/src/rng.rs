//! Random numbers that are the same on every platform.
//!
//! Integers come from xoshiro256++; floats are derived from them by exact operations alone.

use rand::{RngCore, SeedableRng};
use rand_xoshiro::{SplitMix64, Xoshiro256PlusPlus};

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Rng(Xoshiro256PlusPlus);

impl Rng {
    /// The stream of a seed and a path of numbers: streams of different paths are independent.
    pub fn new(seed: u64, path: &[u64]) -> Self {
        let mixed = path.iter().fold(mix(seed), |state, step| mix(state ^ mix(step.wrapping_add(0x9e37_79b9))));
        Self(Xoshiro256PlusPlus::seed_from_u64(mixed))
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        // 53 bits fit an f64 exactly.
        (self.0.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform in [low, high).
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// An amplitude ratio whose level is uniform in [low, high) decibels.
    pub fn decibels(&mut self, low: f64, high: f64) -> f64 {
        amplitude(self.range(low, high))
    }

    /// Uniform among the integers from `low` to `high`, both included.
    pub fn whole(&mut self, low: u32, high: u32) -> u32 {
        self.range(f64::from(low), f64::from(high) + 1.0) as u32
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Noise of mean 0 and variance 1: the sum of four uniform numbers, close enough to Gaussian for sound.
    pub fn noise(&mut self) -> f64 {
        let bits = self.0.next_u64();
        let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
        // Each part has variance 65536^2 / 12.
        (sum as f64 - 131_070.0) * (SQRT_3 / 65_536.0)
    }
}

const SQRT_3: f64 = 1.732_050_807_568_877_2;

fn mix(value: u64) -> u64 {
    SplitMix64::seed_from_u64(value).next_u64()
}

/// The amplitude ratio of a level in decibels.
pub fn amplitude(decibels: f64) -> f64 {
    libm::pow(10.0, decibels / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_mean_0_and_variance_1() {
        let mut rng = Rng::new(1, &[2]);
        let noise: Vec<f64> = (0..100_000).map(|_| rng.noise()).collect();
        let mean = noise.iter().sum::<f64>() / 1e5;
        let variance = noise.iter().map(|x| x * x).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn streams_of_different_paths_differ_and_streams_of_one_path_are_equal() {
        let first = |seed, path: &[u64]| Rng::new(seed, path).unit();
        assert_eq!(first(1, &[2, 3]), first(1, &[2, 3]));
        assert!(first(1, &[2, 3]) != first(1, &[3, 2]) && first(1, &[2]) != first(2, &[2]));
    }
}
