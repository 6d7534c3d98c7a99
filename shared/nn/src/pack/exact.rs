//! Steps in an order that keeps 16-bit sums exact, whatever the input.
//!
//! The instruction that multiplies unsigned by signed bytes adds neighbouring products into 16 bits and saturates. A step of
//! four bytes makes two such pairs per channel. With inputs up to 255, a sum stays within 16 bits if its positive
//! weights add up to at most [`LIMIT`] and its negative ones, too: 255 * 128 = 32640. The weight of an input that cannot be
//! as great counts for less. So
//!
//! - where a pair exceeds the limit, the excess goes into a second step at the same input;
//! - steps are summed in 16 bits before they are widened as long as no pair of any of the eight channels can exceed it.
//!   Fewer widenings are what makes this fast: a greedy search puts heavy steps together with light ones.

use super::panel::Rows;
use super::sink::Sink;
use super::tops::heaviness;
use crate::body::MAX_CHANNELS;
use crate::plan::PANEL;
use crate::simd::Vectors;

/// Most that the weights of one sign in a 16-bit sum may add up to.
const LIMIT: u8 = 128;
/// Bytes of a step.
const QUAD: usize = 4;
/// Most steps of a panel: each may be split once.
const MOST: usize = 2 * MAX_CHANNELS / QUAD;

/// Pairs of a step: two for each channel.
const PAIRS: usize = PANEL * QUAD / 2;
/// Sums of the heaviness of the positive weights of each pair, then of the negative ones.
type Load = [u8; 2 * PAIRS];
/// Weights of a step: four of each channel.
type Weights = [i8; PANEL * QUAD];
/// Greatest values of a step's inputs.
type Tops = [u8; QUAD];

/// One step.
#[derive(Clone, Copy, Debug)]
struct Quad {
    weights: Weights,
    offset: u16,
    tops: Tops,
    load: Load,
    /// The greatest load.
    heaviest: u8,
}

impl Quad {
    #[inline(always)]
    fn new(weights: Weights, offset: u16, tops: Tops) -> Self {
        // Loops over arrays of one length: vectors do all of this.
        let (mut positive, mut negative) = ([0; PANEL * QUAD], [0; PANEL * QUAD]);
        let all_tops: [u8; PANEL * QUAD] = core::array::from_fn(|index| tops[index % QUAD]);
        for index in 0..PANEL * QUAD {
            let heavy = heaviness(weights[index], all_tops[index]);
            positive[index] = heavy.max(0).cast_unsigned();
            negative[index] = heavy.min(0).unsigned_abs();
        }
        let mut load = [0; 2 * PAIRS];
        for pair in 0..PAIRS {
            // Weights are at least -127, so each sum is at most 254.
            load[pair] = positive[2 * pair] + positive[2 * pair + 1];
            load[PAIRS + pair] = negative[2 * pair] + negative[2 * pair + 1];
        }
        let heaviest = load.iter().fold(0, |heaviest, &load| heaviest.max(load));
        Self { weights, offset, tops, load, heaviest }
    }

    /// Splits off what exceeds the limit in any pair.
    #[inline(always)]
    fn split(self) -> (Self, Option<Self>) {
        if self.heaviest <= LIMIT {
            return (self, None);
        }
        let (mut kept, mut excess) = (self.weights, [0; PANEL * QUAD]);
        for (pair, (kept, excess)) in kept.chunks_exact_mut(2).zip(excess.chunks_exact_mut(2)).enumerate() {
            let (first, second) = (self.tops[pair * 2 % QUAD], self.tops[pair * 2 % QUAD + 1]);
            let (a, b) = (heaviness(kept[0], first), heaviness(kept[1], second));
            if a.signum() == b.signum() && a.unsigned_abs() + b.unsigned_abs() > LIMIT {
                // The heaviness of what is kept is rounded up, but not above the whole number that is left.
                let left = u16::from(LIMIT - a.unsigned_abs()) * 255 / u16::from(second);
                let weight = kept[1];
                kept[1] = left as i8 * weight.signum();
                excess[1] = weight - kept[1];
            }
        }
        (Self::new(kept, self.offset, self.tops), Some(Self::new(excess, self.offset, self.tops)))
    }
}

/// Whether a sum that has this much `left` has room for `load`.
#[inline(always)]
fn is_within(load: &Load, left: &Load) -> bool {
    load.iter().zip(left).fold(0, |excess, (load, left)| excess | load.saturating_sub(*left)) == 0
}

/// Packs the weights `rows` of a panel at `at`; returns its groups of 4, 3, 2, 1 steps, and all steps.
#[inline(always)]
pub fn pack<V: Vectors>(sink: &mut Sink, rows: &Rows, at: usize) -> ([usize; 4], usize) {
    let mut quads: heapless::Vec<Quad, MOST> = heapless::Vec::new();
    for step in 0..rows.source.steps(QUAD) {
        let (weights, tops) = rows.step(step);
        // By vectors; a comparison with zeros is not.
        if weights.iter().fold(0, |any, weight| any | weight) == 0 {
            continue;
        }
        let (kept, excess) = Quad::new(weights, rows.source.offset(step, QUAD) as u16, tops).split();
        // There is room: a layer has at most MAX_CHANNELS inputs.
        let _ = quads.push(kept);
        if let Some(excess) = excess {
            let _ = quads.push(excess);
        }
    }
    let (order, groups) = arrange(&quads, V::LONGEST);
    let offsets_at = at + quads.len() * QUAD * PANEL;
    for (place, &index) in order.iter().enumerate() {
        let quad = &quads[usize::from(index)];
        sink.with(at + place * QUAD * PANEL, QUAD * PANEL, |out| {
            for (index, weight) in quad.weights.iter().enumerate() {
                out[V::weight_index(index / QUAD, index % QUAD)] = weight.cast_unsigned();
            }
        });
        sink.write(offsets_at + 2 * place, &quad.offset.to_le_bytes());
    }
    (groups, quads.len())
}

/// Order of the steps, groups of 4 first, then of 3, 2 and 1; and how many groups of each.
#[inline(always)]
fn arrange(quads: &[Quad], longest: usize) -> (heapless::Vec<u16, MOST>, [usize; 4]) {
    let mut heavy_first: heapless::Vec<u16, MOST> = (0..quads.len() as u16).collect();
    heavy_first.sort_unstable_by_key(|&index| core::cmp::Reverse(quads[usize::from(index)].heaviest));
    let mut groups: heapless::Vec<heapless::Vec<u16, 4>, MOST> = heapless::Vec::new();
    while let Some(&seed) = heavy_first.first() {
        heavy_first.remove(0);
        let mut load = quads[usize::from(seed)].load;
        let mut group: heapless::Vec<u16, 4> = heapless::Vec::new();
        let _ = group.push(seed);
        while group.len() < longest.min(4) {
            let left = load.map(|load| LIMIT - load);
            let fits = |&other: &u16| is_within(&quads[usize::from(other)].load, &left);
            let Some(place) = heavy_first.iter().position(fits) else { break };
            let other = heavy_first.remove(place);
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
        let top = prop_oneof![Just(255_u8), 0_u8..=255];
        let tops = prop::array::uniform4(top);
        (prop::array::uniform32(weight), tops).prop_map(|(weights, tops)| Quad::new(weights, 7, tops))
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
