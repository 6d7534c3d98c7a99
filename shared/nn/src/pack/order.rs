//! The order of channels between two layers: free to choose, and chosen so that few pairs of weights exceed 16 bits.
//!
//! Output channels of one 1x1 convolution pass through the depthwise layer one by one into the next 1x1 convolution, so
//! they may be computed in any order, at no cost in any run. The kernels multiply neighbouring inputs in pairs; a pair of
//! heavy weights of the same sign costs an extra step (see [`super::exact`]). Matching each channel with the best of a few
//! others leaves about a third of those steps. Deterministic; some milliseconds for the whole network.

use super::tops::{Tops, heaviness};
use crate::body::{Layer, MAX_CHANNELS};

/// Channel at each place.
#[derive(Clone, Debug)]
pub struct Order([u16; MAX_CHANNELS]);

/// Channels that are transposed at a time.
const LANES: usize = 16;
/// Others that are looked at for each channel.
const TRIES: usize = 32;

impl Order {
    /// The file's order.
    pub fn natural() -> Self {
        Self(core::array::from_fn(|place| place as u16))
    }

    /// The channel at `place`.
    pub fn channel(&self, place: usize) -> usize {
        self.0.get(place).copied().map_or(place, usize::from)
    }

    /// The file's order but for channels that are always zero, which come last: their steps are left out.
    pub fn zeros_last(layer: &Layer, tops: &Tops) -> Self {
        let is_zero = |&channel: &u16| tops.top(usize::from(channel)) == 0;
        let all = || 0..layer.input.channels as u16;
        let mut order = Self::natural();
        let places = order.0.iter_mut().zip(all().filter(|channel| !is_zero(channel)).chain(all().filter(is_zero)));
        places.for_each(|(place, channel)| *place = channel);
        order
    }

    /// An order for the input channels of a 1x1 convolution, whose values are at most `tops`. `scratch` must hold its weights
    /// once; otherwise the order is the natural one.
    #[inline(always)]
    pub fn matched(layer: &Layer, tops: &Tops, scratch: &mut [u8]) -> Self {
        let (inputs, outputs) = (layer.input.channels, layer.output.channels);
        let Some(columns) = scratch.get_mut(..inputs * outputs) else { return Self::natural() };
        transpose(layer.weights, inputs, outputs, tops, columns);
        let column = |channel: u16| &columns[usize::from(channel) * outputs..][..outputs];
        let mut free: heapless::Vec<u16, MAX_CHANNELS> =
            (0..inputs as u16).filter(|&channel| tops.top(usize::from(channel)) > 0).collect();
        let mut pairs: heapless::Vec<(u16, u16, u16), { MAX_CHANNELS / 2 }> = heapless::Vec::new();
        let mut alone = None;
        // Takes the last free channel and the best of `TRIES` others, spread over what is left.
        while let Some(first) = free.pop() {
            let step = free.len().div_ceil(TRIES).max(1);
            let tries = (0..free.len()).step_by(step);
            let best = tries.map(|place| (conflicts(column(first), column(free[place])), place)).min();
            let Some((cost, place)) = best else {
                alone = Some(first);
                break;
            };
            let second = free.swap_remove(place);
            let _ = pairs.push((cost, first, second));
        }
        // Pairs with conflicts next to each other: a step has two, and is split if either asks for it.
        pairs.sort_unstable();
        // Last those that are always zero: their steps are left out.
        let zero = (0..inputs as u16).filter(|&channel| tops.top(usize::from(channel)) == 0);
        let all = pairs.iter().flat_map(|&(_, first, second)| [first, second]).chain(alone).chain(zero);
        let mut order = Self::natural();
        order.0.iter_mut().zip(all).for_each(|(place, channel)| *place = channel);
        order
    }
}

/// `[outputs][inputs]` to `[inputs][outputs]`, each weight as heavy as its input can make it.
#[inline(always)]
fn transpose(weights: &[i8], inputs: usize, outputs: usize, tops: &Tops, columns: &mut [u8]) {
    for first in (0..inputs).step_by(LANES) {
        let tops: [u8; LANES] = core::array::from_fn(|lane| tops.top(first + lane));
        for (output, row) in weights.chunks_exact(inputs).enumerate() {
            let mut heavy = [0; LANES];
            for ((heavy, &weight), top) in heavy.iter_mut().zip(&row[first..]).zip(tops) {
                *heavy = heaviness(weight, top).cast_unsigned();
            }
            for (lane, heavy) in heavy.into_iter().enumerate().take(inputs - first) {
                columns[(first + lane) * outputs + output] = heavy;
            }
        }
    }
}

/// How many outputs' pairs of weights overflow a signed byte, which is how they would exceed the limit.
#[inline(always)]
fn conflicts(a: &[u8], b: &[u8]) -> u16 {
    let mut count = 0_u16;
    for (a, b) in a.chunks(128).zip(b.chunks(128)) {
        let overflows = |a: u8, b: u8| (a ^ a.wrapping_add(b)) & (b ^ a.wrapping_add(b)) & 0x80;
        count += u16::from(a.iter().zip(b).map(|(&a, &b)| overflows(a, b) >> 7).sum::<u8>());
    }
    count
}
