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
use super::panel::{Inputs, Rows};
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
/// For each pair, the sum of the scaled positive weights and that of the magnitudes of the negative ones.
type Load = [u8; 2 * PAIRS];
/// In the place of a load that is in a group: fits no other.
const TAKEN: Load = [u8::MAX; 2 * PAIRS];
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
        let mut scaled = weights;
        if bounds != [255; QUAD] {
            let all_bounds: [u8; PANEL * QUAD] = core::array::from_fn(|index| bounds[index % QUAD]);
            for (scaled, bound) in scaled.iter_mut().zip(all_bounds) {
                *scaled = scaled_weight(*scaled, bound);
            }
        }
        let (mut positive, mut negative) = ([0; PANEL * QUAD], [0; PANEL * QUAD]);
        for (index, scaled) in scaled.into_iter().enumerate() {
            positive[index] = scaled.max(0).cast_unsigned();
            negative[index] = scaled.min(0).unsigned_abs();
        }
        let (positive, negative): ([u16; PAIRS], [u16; PAIRS]) = (bytemuck::cast(positive), bytemuck::cast(negative));
        let mut load = [0_u16; PAIRS];
        for (pair, load) in load.iter_mut().enumerate() {
            // Weights are at least -127, so each sum is at most 254.
            let sum = |two_bytes: u16| (two_bytes & 0xff) + (two_bytes >> 8);
            *load = sum(positive[pair]) | sum(negative[pair]) << 8;
        }
        let load: Load = bytemuck::cast(load);
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

/// Packs the weights `rows` of a panel at offset `at`. Returns the numbers of groups of 4, 3, 2 and 1 steps, and of steps.
#[inline(always)]
pub(super) fn pack<L: Layout>(sink: &mut Sink, rows: &Rows, inputs: &[Inputs], at: usize) -> ([usize; 4], usize) {
    let mut quads: heapless::Vec<Quad, MAX_STEPS> = heapless::Vec::new();
    for (step, inputs) in inputs.iter().enumerate() {
        let (weights, bounds) = (rows.step(inputs), inputs.bounds);
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
    // The largest load first. The index is below `MAX_STEPS`.
    let key = |(index, quad): (usize, &Quad)| (LIMIT - quad.max_load) as usize * MAX_STEPS + index;
    let mut free: heapless::Vec<u32, MAX_STEPS> = quads.iter().enumerate().map(|quad| key(quad) as u32).collect();
    free.sort_unstable();
    let mut free: heapless::Vec<u16, MAX_STEPS> = free.into_iter().map(|key| (key % MAX_STEPS as u32) as u16).collect();
    let mut loads: heapless::Vec<Load, MAX_STEPS> = free.iter().map(|&index| quads[usize::from(index)].load).collect();
    let mut groups: heapless::Vec<([u16; 4], usize), MAX_STEPS> = heapless::Vec::new();
    let (mut seed, mut taken) = (0, 0);
    while seed < free.len() {
        if loads[seed] == TAKEN {
            seed += 1;
            continue;
        }
        let (mut group, mut len, mut left, mut place) = ([0; 4], 0, [LIMIT; 2 * PAIRS], seed);
        loop {
            for (left, load) in left.iter_mut().zip(loads[place]) {
                *left -= load;
            }
            group[len] = free[place];
            len += 1;
            loads[place] = TAKEN;
            taken += 1;
            if len == longest.min(4) {
                break;
            }
            match first_fit(&loads, place + 1, &left) {
                Some(next) => place = next,
                None => break,
            }
        }
        let _ = groups.push((group, len));
        // What is taken is not searched again and again.
        if 2 * taken >= free.len() {
            let mut kept = 0;
            for place in seed..free.len() {
                if loads[place] != TAKEN {
                    (free[kept], loads[kept]) = (free[place], loads[place]);
                    kept += 1;
                }
            }
            free.truncate(kept);
            loads.truncate(kept);
            (seed, taken) = (0, 0);
        }
    }
    let mut counts = [0; 4];
    let mut order = heapless::Vec::new();
    for (count, wanted) in counts.iter_mut().zip([4, 3, 2, 1]) {
        for (group, _) in groups.iter().filter(|(_, len)| *len == wanted) {
            *count += 1;
            let _ = order.extend_from_slice(&group[..wanted]);
        }
    }
    (order, counts)
}

/// Returns the first place from `from` on whose load fits the capacity `left` of the sums.
#[inline(always)]
fn first_fit(loads: &[Load], from: usize, left: &Load) -> Option<usize> {
    // A loop, because the closure of an iterator's method would be compiled without the caller's target features.
    for (place, load) in (from..).zip(loads.get(from..).unwrap_or_default()) {
        let mut excess = 0;
        for (load, left) in load.iter().zip(left) {
            excess |= load.saturating_sub(*left);
        }
        if excess == 0 {
            return Some(place);
        }
    }
    None
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
