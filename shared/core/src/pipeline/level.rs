//! The level of the last window: RMS over its 15600 samples, as they go by.
//!
//! Energy is kept per block of 80 samples, the greatest common part of a window (195 blocks) and a hop (2 blocks), so that
//! a window's level costs 195 additions and no sample is kept. Sums are f64, each in one fixed order.

use crate::log_mel::{HOP, WINDOW};
use crate::window;

/// Samples per block of energy: columns end only where blocks do.
pub(super) const BLOCK: usize = HOP / 2;
/// Blocks of one window.
const BLOCKS: usize = window::SAMPLES / BLOCK;
/// What silence is reported as, in dB of full scale.
pub const FLOOR_DBFS: f32 = -120.0;

/// Sums of a block, of every eighth sample each.
const SUMS: usize = 8;

const _: () =
    assert!(BLOCK.is_multiple_of(SUMS) && window::SAMPLES.is_multiple_of(BLOCK) && WINDOW.is_multiple_of(BLOCK));

/// Energy of the last 195 blocks.
#[derive(Clone, Debug)]
pub(super) struct Level {
    energy: [f64; BLOCKS],
    next: usize,
}

impl Level {
    /// No samples yet: silence.
    pub(super) const fn new() -> Self {
        Self { energy: [0.0; BLOCKS], next: 0 }
    }

    /// Takes the next block.
    pub(super) fn push(&mut self, samples: &[f32; BLOCK]) {
        // Several sums, as each addition to one would wait for the one before.
        let mut sums = [0.0; SUMS];
        for samples in samples.as_chunks::<SUMS>().0 {
            for (sum, &sample) in sums.iter_mut().zip(samples) {
                *sum += f64::from(sample) * f64::from(sample);
            }
        }
        self.energy[self.next] = sums.iter().sum();
        self.next = (self.next + 1) % BLOCKS;
    }

    /// RMS of the last window in dB of full scale (a full-scale square wave is 0, a sine -3.01), not below
    /// [`FLOOR_DBFS`].
    pub(super) fn dbfs(&self) -> f32 {
        let (newer, older) = self.energy.split_at(self.next);
        let total: f64 = older.iter().chain(newer).sum();
        let level = 10.0 * libm::log10(total / window::SAMPLES as f64);
        (level as f32).max(FLOOR_DBFS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_scale_square_wave_is_zero_db() {
        let mut level = Level::new();
        (0..BLOCKS).for_each(|_| level.push(&[-1.0; BLOCK]));
        assert_eq!(level.dbfs(), 0.0);
    }

    #[test]
    fn silence_is_the_floor() {
        assert_eq!(Level::new().dbfs(), FLOOR_DBFS);
    }

    #[test]
    fn only_the_last_window_counts() {
        let mut level = Level::new();
        level.push(&[1.0; BLOCK]);
        (0..BLOCKS).for_each(|_| level.push(&[0.1; BLOCK]));
        assert!((level.dbfs() + 20.0).abs() < 1e-5, "{}", level.dbfs());
    }
}
