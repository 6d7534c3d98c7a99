//! Order of steps in which 16-bit sums are exact for any input.
//!
//! The instruction that multiplies unsigned by signed bytes adds adjacent products in 16 bits and saturates. A step of four
//! bytes has two such pairs per channel. With inputs up to 255, a sum fits 16 bits if its positive weights add up to at most
//! [`LIMIT`] and so do the magnitudes of its negative weights: 255 * 128 = 32640. The weight of an input with a smaller bound
//! counts proportionally less. Therefore:
//!
//! - if a pair exceeds the limit, the excess is moved to a second step at the same input;
//! - steps are summed in 16 bits before they are widened while no pair of any of the eight channels can exceed the limit.
//!   Fewer widenings save time, so a greedy search combines large loads with small ones.

use super::bounds::scaled_weight;
use super::panel::Rows;
use super::sink::Sink;
use crate::body::MAX_CHANNELS;
use crate::layout::{Layout, PANEL};

/// Largest sum of the weights of one sign in a 16-bit sum.
const LIMIT: u8 = 128;
/// Bytes of a step.
const QUAD: usize = 4;
/// Largest number of steps of a panel: each may be split once.
const MAX_STEPS: usize = 2 * MAX_CHANNELS / QUAD;

/// Pairs of a step: two for each channel.
const PAIRS: usize = PANEL * QUAD / 2;
/// Sums of the scaled positive weights of each pair, then of the magnitudes of the negative ones.
type Load = [u8; 2 * PAIRS];
/// Weights of a step: four of each channel.
type Weights = [i8; PANEL * QUAD];
/// Upper bounds of a step's inputs.
type Bounds = [u8; QUAD];

/// One step.
#[derive(Clone, Copy, Debug)]
struct Quad {
    weights: Weights,
    offset: u16,
    bounds: Bounds,
    load: Load,
    /// Largest element of `load`.
    max_load: u8,
}

impl Quad {
    #[inline(always)]
    fn new(weights: Weights, offset: u16, bounds: Bounds) -> Self {
        // Loops over arrays of equal length, which the compiler vectorises.
        let (mut positive, mut negative) = ([0; PANEL * QUAD], [0; PANEL * QUAD]);
        let all_bounds: [u8; PANEL * QUAD] = core::array::from_fn(|index| bounds[index % QUAD]);
        for index in 0..PANEL * QUAD {
            let scaled = scaled_weight(weights[index], all_bounds[index]);
            positive[index] = scaled.max(0).cast_unsigned();
            negative[index] = scaled.min(0).unsigned_abs();
        }
        let mut load = [0; 2 * PAIRS];
        for pair in 0..PAIRS {
            // Weights are at least -127, so each sum is at most 254.
            load[pair] = positive[2 * pair] + positive[2 * pair + 1];
            load[PAIRS + pair] = negative[2 * pair] + negative[2 * pair + 1];
        }
        let max_load = load.iter().fold(0, |max, &load| max.max(load));
        Self { weights, offset, bounds, load, max_load }
    }

    /// Moves the excess over the limit in any pair to a second step.
    #[inline(always)]
    fn split(self) -> (Self, Option<Self>) {
        if self.max_load <= LIMIT {
            return (self, None);
        }
        let (mut kept, mut excess) = (self.weights, [0; PANEL * QUAD]);
        for (pair, (kept, excess)) in kept.chunks_exact_mut(2).zip(excess.chunks_exact_mut(2)).enumerate() {
            let (first, second) = (self.bounds[pair * 2 % QUAD], self.bounds[pair * 2 % QUAD + 1]);
            let (a, b) = (scaled_weight(kept[0], first), scaled_weight(kept[1], second));
            if a.signum() == b.signum() && a.unsigned_abs() + b.unsigned_abs() > LIMIT {
                // The scaled weight that is kept is rounded up, but not above the integer that is left.
                let left = u16::from(LIMIT - a.unsigned_abs()) * 255 / u16::from(second);
                let weight = kept[1];
                kept[1] = left as i8 * weight.signum();
                excess[1] = weight - kept[1];
            }
        }
        (Self::new(kept, self.offset, self.bounds), Some(Self::new(excess, self.offset, self.bounds)))
    }
}

/// Returns whether `load` fits the remaining capacity `left` of a sum.
#[inline(always)]
fn is_within(load: &Load, left: &Load) -> bool {
    load.iter().zip(left).fold(0, |excess, (load, left)| excess | load.saturating_sub(*left)) == 0
}

/// Packs the weights `rows` of a panel at offset `at`. Returns the numbers of groups of 4, 3, 2 and 1 steps, and of steps.
#[inline(always)]
pub(super) fn pack<L: Layout>(sink: &mut Sink, rows: &Rows, at: usize) -> ([usize; 4], usize) {
    let mut quads: heapless::Vec<Quad, MAX_STEPS> = heapless::Vec::new();
    for step in 0..rows.source.steps(QUAD) {
        let (weights, bounds) = rows.step(step);
        // The compiler vectorises this form, but not a comparison with zeros.
        if weights.iter().fold(0, |any, weight| any | weight) == 0 {
            continue;
        }
        let (kept, excess) = Quad::new(weights, rows.source.offset(step, QUAD) as u16, bounds).split();
        // The capacity is sufficient: a layer has at most MAX_CHANNELS inputs.
        let _ = quads.push(kept);
        if let Some(excess) = excess {
            let _ = quads.push(excess);
        }
    }
    let (order, groups) = arrange(&quads, L::LONGEST);
    let offsets_at = at + quads.len() * QUAD * PANEL;
    for (place, &index) in order.iter().enumerate() {
        let quad = &quads[usize::from(index)];
        sink.with(at + place * QUAD * PANEL, QUAD * PANEL, |out| {
            for (index, weight) in quad.weights.iter().enumerate() {
                out[L::weight_index(index / QUAD, index % QUAD)] = weight.cast_unsigned();
            }
        });
        sink.write(offsets_at + 2 * place, &quad.offset.to_le_bytes());
    }
    (groups, quads.len())
}

/// Returns the order of the steps, groups of 4 first, then of 3, 2 and 1, and the number of groups of each length.
#[inline(always)]
fn arrange(quads: &[Quad], longest: usize) -> (heapless::Vec<u16, MAX_STEPS>, [usize; 4]) {
    let mut largest_first: heapless::Vec<u16, MAX_STEPS> = (0..quads.len() as u16).collect();
    largest_first.sort_unstable_by_key(|&index| core::cmp::Reverse(quads[usize::from(index)].max_load));
    let mut groups: heapless::Vec<heapless::Vec<u16, 4>, MAX_STEPS> = heapless::Vec::new();
    while let Some(&seed) = largest_first.first() {
        largest_first.remove(0);
        let mut load = quads[usize::from(seed)].load;
        let mut group: heapless::Vec<u16, 4> = heapless::Vec::new();
        let _ = group.push(seed);
        while group.len() < longest.min(4) {
            let left = load.map(|load| LIMIT - load);
            // The sum with the least capacity left rejects most of the others.
            let tight = (1..2 * PAIRS).fold(0, |tight, index| if left[index] < left[tight] { index } else { tight });
            let fits = |&other: &u16| {
                let load = &quads[usize::from(other)].load;
                load[tight] <= left[tight] && is_within(load, &left)
            };
            let Some(place) = largest_first.iter().position(fits) else { break };
            let other = largest_first.remove(place);
            load.iter_mut().zip(quads[usize::from(other)].load).for_each(|(load, more)| *load += more);
            let _ = group.push(other);
        }
        let _ = groups.push(group);
    }
    let mut counts = [0; 4];
    let mut order = heapless::Vec::new();
    for (count, len) in counts.iter_mut().zip([4, 3, 2, 1]) {
        for group in groups.iter().filter(|group| group.len() == len) {
            *count += 1;
            let _ = order.extend_from_slice(group);
        }
    }
    (order, counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quad() -> impl Strategy<Value = Quad> {
        let weight = prop_oneof![-127_i8..=127, Just(127), Just(-127), Just(0)];
        let bound = prop_oneof![Just(255_u8), 0_u8..=255];
        let bounds = prop::array::uniform4(bound);
        (prop::array::uniform32(weight), bounds).prop_map(|(weights, bounds)| Quad::new(weights, 7, bounds))
    }

    proptest! {
        #[test]
        fn a_step_and_its_excess_add_up_to_the_weights_and_keep_the_limit(quad in quad()) {
            let (kept, excess) = quad.split();
            prop_assert!(kept.load.iter().all(|&load| load <= LIMIT));
            prop_assert!(excess.is_none_or(|excess| excess.load.iter().all(|&load| load <= LIMIT)));
            for index in 0..PANEL * QUAD {
                let more = excess.map_or(0, |excess| excess.weights[index]);
                prop_assert_eq!(kept.weights[index] + more, quad.weights[index]);
            }
        }

        #[test]
        fn every_step_is_in_one_group_and_no_group_exceeds_the_limit(
            quads in prop::collection::vec(quad(), 1..60), longest in 1_usize..=4,
        ) {
            let quads: Vec<Quad> = quads.into_iter().map(|quad| quad.split().0).collect();
            let (order, counts) = arrange(&quads, longest);
            let mut seen = order.to_vec();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..quads.len() as u16).collect::<Vec<_>>());
            let mut rest = &order[..];
            for (count, len) in counts.into_iter().zip([4, 3, 2, 1]) {
                prop_assert!(count == 0 || len <= longest);
                for _ in 0..count {
                    let (group, later) = rest.split_at(len);
                    rest = later;
                    for load in 0..4 * PANEL {
                        let total: u32 = group.iter().map(|&i| u32::from(quads[usize::from(i)].load[load])).sum();
                        prop_assert!(total <= u32::from(LIMIT));
                    }
                }
            }
            prop_assert!(rest.is_empty());
        }
    }
}
