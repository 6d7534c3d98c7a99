//! Pairs of steps of signed bytes whose products are added in 16 bits before they are widened, where that is exact.
//!
//! Without dot products, a step of sixteen bytes takes two multiplications of eight bytes (the second accumulates onto the
//! first) and one instruction that widens the eight 16-bit sums. A pair of steps shares that instruction. Each sum then has
//! four products. An input is at least -128, so the sum is exact if the magnitudes of its weights add up to at most
//! [`LIMIT`]: 255 * 128 = 32640. Most steps satisfy this; a greedy search combines large loads with small ones.

use super::panel::Rows;
use super::sink::Sink;
use crate::body::MAX_CHANNELS;
use crate::layout::{Layout, PANEL};

/// Largest sum of weight magnitudes in a 16-bit sum.
const LIMIT: u8 = 255;
/// Bytes of a step.
const STEP: usize = 16;
/// Bytes per multiplication, and distance of the bytes of a step whose products are added.
const LANES: usize = STEP / 2;
/// Largest number of steps of a panel.
const MAX_STEPS: usize = MAX_CHANNELS / STEP;

/// Sums of weight magnitudes, `[channel][lane]`.
type Load = [u8; PANEL * LANES];

/// One step.
#[derive(Debug)]
struct Chain {
    step: usize,
    load: Load,
    max_load: u8,
}

impl Chain {
    fn new(rows: &Rows, step: usize) -> Self {
        let magnitude = |channel, byte| rows.weight(channel, step, byte, STEP).unsigned_abs();
        // Weights are at least -127, so a sum is at most 254.
        let load = core::array::from_fn(|index| {
            let (channel, lane) = (index / LANES, index % LANES);
            magnitude(channel, lane) + magnitude(channel, lane + LANES)
        });
        Self { step, load, max_load: load.iter().fold(0, |max: u8, &load| max.max(load)) }
    }

    fn fits(&self, other: &Self) -> bool {
        self.load.iter().zip(&other.load).fold(true, |fits, (a, b)| fits & (*a <= LIMIT - b))
    }
}

/// Packs the weights `rows` of a panel at offset `at`. Returns the numbers of groups of 4, 3, 2 and 1 steps, and of steps.
pub(super) fn pack<L: Layout>(sink: &mut Sink, rows: &Rows, at: usize) -> ([usize; 4], usize) {
    let chains: heapless::Vec<Chain, MAX_STEPS> = rows.live_steps(STEP).map(|step| Chain::new(rows, step)).collect();
    let (order, twos) = arrange(&chains);
    let offsets_at = at + order.len() * STEP * PANEL;
    for (place, &index) in order.iter().enumerate() {
        let step = chains[usize::from(index)].step;
        rows.write::<L>(sink, step, at + place * STEP * PANEL);
        sink.write(offsets_at + 2 * place, &(rows.source.offset(step, STEP) as u16).to_le_bytes());
    }
    ([0, 0, twos, order.len() - 2 * twos], order.len())
}

/// Returns the order of the steps, groups of two first, and the number of these groups.
fn arrange(chains: &[Chain]) -> (heapless::Vec<u8, MAX_STEPS>, usize) {
    let mut free: heapless::Vec<u8, MAX_STEPS> = (0..chains.len() as u8).collect();
    free.sort_unstable_by_key(|&index| (core::cmp::Reverse(chains[usize::from(index)].max_load), index));
    let (mut order, mut unpaired) = (heapless::Vec::new(), heapless::Vec::<u8, MAX_STEPS>::new());
    while !free.is_empty() {
        let first = free.remove(0);
        let fits = |&other: &u8| chains[usize::from(first)].fits(&chains[usize::from(other)]);
        // The capacity is sufficient: every step is pushed once.
        match free.iter().position(fits) {
            Some(place) => {
                let second = free.remove(place);
                let _ = order.extend_from_slice(&[first, second]);
            }
            None => {
                let _ = unpaired.push(first);
            }
        }
    }
    let twos = order.len() / 2;
    let _ = order.extend_from_slice(&unpaired);
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
            Chain { step: 0, load, max_load: *load.iter().max().unwrap() }
        })
    }

    proptest! {
        #[test]
        fn every_step_occurs_once_and_no_pair_exceeds_the_limit(
            small in prop::collection::vec(chain(), 0..=MAX_STEPS / 2), large in prop::collection::vec(chain(), 0..=MAX_STEPS / 2),
        ) {
            let halved = small.into_iter().map(|chain| Chain { load: chain.load.map(|load| load / 2), ..chain });
            let chains: Vec<Chain> = halved.chain(large).collect();
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
        fn steps_of_small_weights_are_all_paired(count in 0..=MAX_STEPS) {
            let chains: Vec<Chain> = (0..count).map(|step| Chain { step, load: [127; PANEL * LANES], max_load: 127 }).collect();
            prop_assert_eq!(arrange(&chains).1, count / 2);
        }
    }
}
