//! Order of channels between two layers, chosen so that few pairs of weights exceed 16 bits.
//!
//! The output channels of a 1x1 convolution pass separately through the depthwise layer into the next 1x1 convolution, so
//! they can be computed in any order without run-time cost. The kernels multiply adjacent inputs in pairs; a pair of large
//! weights of the same sign requires an extra step (see [`super::exact`]). Pairing each channel with the best of those that are left
//! avoids most of those steps. Deterministic; a few milliseconds for the whole network.

use super::bounds::{ActivationBounds, scaled_weight};
use crate::body::{Layer, MAX_CHANNELS};

/// The channel at each place.
#[derive(Clone, Debug)]
pub(super) struct Order([u16; MAX_CHANNELS]);

/// Weights transposed at a time: this many inputs of as many outputs. Every layer has multiples of it.
const SQUARE: usize = 8;

impl Order {
    /// Returns the file's order.
    pub(super) fn natural() -> Self {
        Self(core::array::from_fn(|place| place as u16))
    }

    /// Returns the channel at `place`.
    pub(super) fn channel(&self, place: usize) -> usize {
        self.0.get(place).copied().map_or(place, usize::from)
    }

    /// Returns the file's order with the channels that are always zero moved to the end, where their steps are omitted.
    pub(super) fn zeros_last(layer: &Layer, bounds: &ActivationBounds) -> Self {
        let is_zero = |&channel: &u16| bounds.bound(usize::from(channel)) == 0;
        let all = || 0..layer.input.channels as u16;
        let mut order = Self::natural();
        let places = order.0.iter_mut().zip(all().filter(|channel| !is_zero(channel)).chain(all().filter(is_zero)));
        places.for_each(|(place, channel)| *place = channel);
        order
    }

    /// Returns an order for the input channels of a 1x1 convolution with the given upper bounds. `scratch` must be as long as
    /// the weights; otherwise the order is the natural one.
    #[inline(always)]
    pub(super) fn matched(layer: &Layer, bounds: &ActivationBounds, scratch: &mut [u8]) -> Self {
        let (inputs, outputs) = (layer.input.channels, layer.output.channels);
        let Some(columns) = scratch.get_mut(..inputs * outputs) else { return Self::natural() };
        transpose(layer.weights, inputs, outputs, bounds, columns);
        let column = |channel: u16| &columns[usize::from(channel) * outputs..][..outputs];
        let mut free: heapless::Vec<u16, MAX_CHANNELS> =
            (0..inputs as u16).filter(|&channel| bounds.bound(usize::from(channel)) > 0).collect();
        let mut pairs: heapless::Vec<(u16, u16, u16), { MAX_CHANNELS / 2 }> = heapless::Vec::new();
        let mut unpaired = None;
        // Pairs the last free channel with the best of the others.
        while let Some(first) = free.pop() {
            let mut best: Option<(u16, usize)> = None;
            for (place, &other) in free.iter().enumerate() {
                let cost = conflicts(column(first), column(other));
                if best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, place));
                }
                if cost == 0 {
                    break;
                }
            }
            let Some((cost, place)) = best else {
                unpaired = Some(first);
                break;
            };
            let second = free.swap_remove(place);
            let _ = pairs.push((cost, first, second));
        }
        // Sorted by conflicts: a step has two pairs and is split if either has a conflict.
        pairs.sort_unstable();
        // Channels that are always zero come last: their steps are omitted.
        let zero = (0..inputs as u16).filter(|&channel| bounds.bound(usize::from(channel)) == 0);
        let all = pairs.iter().flat_map(|&(_, first, second)| [first, second]).chain(unpaired).chain(zero);
        let mut order = Self::natural();
        order.0.iter_mut().zip(all).for_each(|(place, channel)| *place = channel);
        order
    }
}

/// Transposes `[outputs][inputs]` to `[inputs][outputs]` and scales each weight by the bound of its input.
#[inline(always)]
fn transpose(weights: &[i8], inputs: usize, outputs: usize, bounds: &ActivationBounds, columns: &mut [u8]) {
    for (block, rows) in weights.chunks_exact(SQUARE * inputs).enumerate() {
        for first in (0..inputs).step_by(SQUARE) {
            let mut square = [0; SQUARE];
            for (bytes, row) in square.iter_mut().zip(rows.chunks_exact(inputs)) {
                let row = row.get(first..).and_then(|row| row.first_chunk::<SQUARE>());
                *bytes = u64::from_le_bytes(row.map_or([0; SQUARE], |row| row.map(i8::cast_unsigned)));
            }
            for (index, bytes) in transposed(square).into_iter().enumerate() {
                let at = (first + index) * outputs + SQUARE * block;
                if let Some(out) = columns.get_mut(at..at + SQUARE) {
                    out.copy_from_slice(&bytes.to_le_bytes());
                }
            }
        }
    }
    for (input, column) in columns.chunks_exact_mut(outputs).enumerate() {
        let bound = bounds.bound(input);
        if bound < 255 {
            column.iter_mut().for_each(|weight| *weight = scaled_weight(weight.cast_signed(), bound).cast_unsigned());
        }
    }
}

/// Transposes eight rows of eight bytes: exchanges squares of four, then of two, then of one.
#[inline(always)]
fn transposed(mut rows: [u64; SQUARE]) -> [u64; SQUARE] {
    for (size, mask) in [(4, 0xffff_ffff), (2, 0xffff_0000_ffff), (1, 0xff_00ff_00ff_00ff)] {
        for upper in (0..SQUARE).filter(|row| row & size == 0) {
            let exchanged = ((rows[upper] >> (8 * size)) ^ rows[upper + size]) & mask;
            rows[upper + size] ^= exchanged;
            rows[upper] ^= exchanged << (8 * size);
        }
    }
    rows
}

/// Returns the number of outputs whose pair of weights overflows a signed byte, which is equivalent to exceeding the limit.
#[inline(always)]
fn conflicts(a: &[u8], b: &[u8]) -> u16 {
    let overflows = |a: u8, b: u8| a.cast_signed().saturating_add(b.cast_signed()) != a.wrapping_add(b).cast_signed();
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<32>(), b.as_chunks::<32>());
    // No overflow: a layer has at most 32 times 32 outputs.
    let mut counts = [0_u8; 32];
    for (a, b) in a.iter().zip(b) {
        for (count, (&a, &b)) in counts.iter_mut().zip(a.iter().zip(b)) {
            *count += u8::from(overflows(a, b));
        }
    }
    let rest = a_rest.iter().zip(b_rest).filter(|&(&a, &b)| overflows(a, b)).count();
    counts.into_iter().map(u16::from).sum::<u16>() + rest as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn columns_are_the_transposed_rows_scaled_by_the_bounds(
            weights in prop::collection::vec(-127_i8..=127, 48 * 32), bounds in prop::collection::vec(any::<u8>(), 48),
        ) {
            let bounds = ActivationBounds::from_bounds(&bounds);
            let mut columns = vec![0; weights.len()];
            transpose(&weights, 48, 32, &bounds, &mut columns);
            for (input, output) in (0..48).flat_map(|input| (0..32).map(move |output| (input, output))) {
                let expected = scaled_weight(weights[48 * output + input], bounds.bound(input));
                prop_assert_eq!(columns[32 * input + output].cast_signed(), expected);
            }
        }

        #[test]
        fn conflicts_are_pairs_of_one_sign_whose_magnitudes_exceed_128_or_127(
            pairs in prop::collection::vec((-127_i8..=127, -127_i8..=127), 0..300),
        ) {
            let (a, b): (Vec<u8>, Vec<u8>) = pairs.iter().map(|&(a, b)| (a.cast_unsigned(), b.cast_unsigned())).unzip();
            let expected = pairs.iter().filter(|&&(a, b)| !(-128..=127).contains(&(i16::from(a) + i16::from(b))));
            prop_assert_eq!(usize::from(conflicts(&a, &b)), expected.count());
        }
    }
}
