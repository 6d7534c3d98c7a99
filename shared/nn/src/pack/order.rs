//! Order of channels between two layers, chosen so that few pairs of weights exceed 16 bits.
//!
//! The output channels of a 1x1 convolution pass separately through the depthwise layer into the next 1x1 convolution, so
//! they can be computed in any order without run-time cost. The kernels multiply adjacent inputs in pairs; a pair of large
//! weights of the same sign requires an extra step (see [`super::exact`]). Pairing each channel with the best of a few others
//! avoids about two thirds of those steps. Deterministic; a few milliseconds for the whole network.

use super::bounds::{ActivationBounds, scaled_weight};
use crate::body::{Layer, MAX_CHANNELS};

/// The channel at each place.
#[derive(Clone, Debug)]
pub(super) struct Order([u16; MAX_CHANNELS]);

/// Channels transposed per step.
const LANES: usize = 16;
/// Candidates compared for each channel.
const TRIES: usize = 32;

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
        // Pairs the last free channel with the best of `TRIES` candidates, spread over the remaining channels.
        while let Some(first) = free.pop() {
            let step = free.len().div_ceil(TRIES).max(1);
            let mut best: Option<(u16, usize)> = None;
            for place in (0..free.len()).step_by(step) {
                let cost = conflicts(column(first), column(free[place]));
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
    for first in (0..inputs).step_by(LANES) {
        let bounds: [u8; LANES] = core::array::from_fn(|lane| bounds.bound(first + lane));
        for (output, row) in weights.chunks_exact(inputs).enumerate() {
            let mut scaled = [0; LANES];
            for ((scaled, &weight), bound) in scaled.iter_mut().zip(&row[first..]).zip(bounds) {
                *scaled = scaled_weight(weight, bound).cast_unsigned();
            }
            for (lane, scaled) in scaled.into_iter().enumerate().take(inputs - first) {
                columns[(first + lane) * outputs + output] = scaled;
            }
        }
    }
}

/// Returns the number of outputs whose pair of weights overflows a signed byte, which is equivalent to exceeding the limit.
#[inline(always)]
fn conflicts(a: &[u8], b: &[u8]) -> u16 {
    let mut count = 0_u16;
    for (a, b) in a.chunks(128).zip(b.chunks(128)) {
        let overflows = |a: u8, b: u8| (a ^ a.wrapping_add(b)) & (b ^ a.wrapping_add(b)) & 0x80;
        count += u16::from(a.iter().zip(b).map(|(&a, &b)| overflows(a, b) >> 7).sum::<u8>());
    }
    count
}
