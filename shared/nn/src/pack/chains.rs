//! Two steps of signed bytes whose products are added up in 16 bits before they are widened, wherever that is exact.
//!
//! Without dot products, a step of sixteen bytes is two multiplications of eight (the second adds to the first), and one
//! instruction that widens the eight 16-bit sums and adds them up. Two steps that share it save the second one. A sum is
//! then of four products; an input is at least -128, so it is exact as long as the magnitudes of its weights add up to at
//! most [`LIMIT`]: 255 * 128 = 32640. That holds for most steps of most panels as they are; a greedy search puts heavy
//! ones together with light ones.

use super::panel::Rows;
use super::sink::Sink;
use crate::body::MAX_CHANNELS;
use crate::plan::PANEL;
use crate::simd::Vectors;

/// Most that the magnitudes of the weights of a 16-bit sum may add up to.
const LIMIT: u8 = 255;
/// Bytes of a step.
const STEP: usize = 16;
/// Bytes that are multiplied at a time; those of a step that are added up lie so far apart.
const LANES: usize = STEP / 2;
/// Most steps of a panel.
const MOST: usize = MAX_CHANNELS / STEP;

/// Sums of magnitudes of the weights, for each channel those of each lane.
type Load = [u8; PANEL * LANES];

/// One step.
#[derive(Debug)]
struct Chain {
    step: usize,
    load: Load,
    heaviest: u8,
}

impl Chain {
    fn new(rows: &Rows, step: usize) -> Self {
        let magnitude = |channel, byte| rows.weight(channel, step, byte, STEP).unsigned_abs();
        // Weights are at least -127, so a sum is at most 254.
        let load = core::array::from_fn(|index| {
            let (channel, lane) = (index / LANES, index % LANES);
            magnitude(channel, lane) + magnitude(channel, lane + LANES)
        });
        Self { step, load, heaviest: load.iter().fold(0, |heaviest: u8, &load| heaviest.max(load)) }
    }

    fn fits(&self, other: &Self) -> bool {
        self.load.iter().zip(&other.load).fold(true, |fits, (a, b)| fits & (*a <= LIMIT - b))
    }
}

/// Packs the weights `rows` of a panel at `at`; returns its groups of 4, 3, 2, 1 steps, and all steps.
pub fn pack<V: Vectors>(sink: &mut Sink, rows: &Rows, at: usize) -> ([usize; 4], usize) {
    let chains: heapless::Vec<Chain, MOST> = rows.live_steps(STEP).map(|step| Chain::new(rows, step)).collect();
    let (order, twos) = arrange(&chains);
    let offsets_at = at + order.len() * STEP * PANEL;
    for (place, &index) in order.iter().enumerate() {
        let step = chains[usize::from(index)].step;
        rows.write::<V>(sink, step, at + place * STEP * PANEL);
        sink.write(offsets_at + 2 * place, &(rows.source.offset(step, STEP) as u16).to_le_bytes());
    }
    ([0, 0, twos, order.len() - 2 * twos], order.len())
}

/// Order of the steps, groups of two first; and how many of these there are.
fn arrange(chains: &[Chain]) -> (heapless::Vec<u8, MOST>, usize) {
    let mut free: heapless::Vec<u8, MOST> = (0..chains.len() as u8).collect();
    free.sort_unstable_by_key(|&index| (core::cmp::Reverse(chains[usize::from(index)].heaviest), index));
    let (mut order, mut alone) = (heapless::Vec::new(), heapless::Vec::<u8, MOST>::new());
    while !free.is_empty() {
        let first = free.remove(0);
        let fits = |&other: &u8| chains[usize::from(first)].fits(&chains[usize::from(other)]);
        // There is room: every step is pushed once.
        match free.iter().position(fits) {
            Some(place) => {
                let second = free.remove(place);
                let _ = order.extend_from_slice(&[first, second]);
            }
            None => {
                let _ = alone.push(first);
            }
        }
    }
    let twos = order.len() / 2;
    let _ = order.extend_from_slice(&alone);
    (order, twos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chain() -> impl Strategy<Value = Chain> {
        let load = prop_oneof![0_u8..=254, 100_u8..=130, Just(127)];
        prop::collection::vec(load, PANEL * LANES).prop_map(|load| {
            let load: Load = load.try_into().unwrap();
            Chain { step: 0, load, heaviest: *load.iter().max().unwrap() }
        })
    }

    proptest! {
        #[test]
        fn every_step_is_there_once_and_no_two_that_are_added_up_exceed_the_limit(
            light in prop::collection::vec(chain(), 0..=MOST / 2), heavy in prop::collection::vec(chain(), 0..=MOST / 2),
        ) {
            let halved = light.into_iter().map(|chain| Chain { load: chain.load.map(|load| load / 2), ..chain });
            let chains: Vec<Chain> = halved.chain(heavy).collect();
            let (order, twos) = arrange(&chains);
            let mut seen = order.to_vec();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..chains.len() as u8).collect::<Vec<_>>());
            for two in order[..2 * twos].chunks_exact(2) {
                let [a, b] = [0, 1].map(|place| &chains[usize::from(two[place])].load);
                prop_assert!(a.iter().zip(b).all(|(a, b)| u32::from(*a) + u32::from(*b) <= u32::from(LIMIT)));
            }
        }

        #[test]
        fn steps_of_small_weights_are_all_paired(count in 0..=MOST) {
            let chains: Vec<Chain> = (0..count).map(|step| Chain { step, load: [127; PANEL * LANES], heaviest: 127 }).collect();
            prop_assert_eq!(arrange(&chains).1, count / 2);
        }
    }
}
