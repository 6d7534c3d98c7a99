//! Log-mel windows that exercise all of the network: silence, overload, noise of every spread, stripes, steps.

use monitor_core::window::{COLUMNS, Patch};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// ln(0.001): digital silence.
const SILENCE: f32 = -6.907_755;
/// Above the loudest band of a full-scale tone.
const LOUDEST: f32 = 5.0;

/// `count` windows, the same for the same seed.
pub(crate) fn make(count: u32, seed: u64) -> impl Iterator<Item = Patch> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..count).map(move |index| one(index, &mut random))
}

fn one(index: u32, random: &mut impl Rng) -> Patch {
    let (low, high) = (random.gen_range(SILENCE..0.0), random.gen_range(0.0..LOUDEST));
    let mut patch = [[SILENCE; 64]; COLUMNS];
    for (j, column) in patch.iter_mut().enumerate() {
        for (band, cell) in column.iter_mut().enumerate() {
            *cell = match index % 6 {
                0 => random.gen_range(SILENCE..LOUDEST),
                1 => random.gen_range(low..high),
                2 if band % (2 + index as usize % 9) == 0 => high,
                3 if j % (2 + index as usize % 17) == 0 => high,
                4 if random.gen_bool(0.05) => LOUDEST,
                5 => low + (high - low) * band as f32 / 64.0 + random.gen_range(-0.3..0.3),
                _ => low,
            };
        }
    }
    patch
}
