//! Upper bounds of the channels of an activation, valid for any input.
//!
//! A depthwise channel is a sum of nine products; with its bias and scale, that bounds its output. Many channels cannot reach
//! the maximum of their range, and some are always zero. This also bounds what a weight can add to a sum (see
//! [`super::exact`]).

use crate::body::{Layer, MAX_CHANNELS};

/// Largest value of each channel relative to the lowest, 0 to 255.
#[derive(Clone, Debug)]
pub(super) struct ActivationBounds([u8; MAX_CHANNELS]);

impl ActivationBounds {
    /// No restriction: every channel can reach 255.
    pub(super) const FULL: Self = Self([255; MAX_CHANNELS]);

    /// Computes the bounds of the output of a depthwise convolution.
    pub(super) fn from_depthwise(layer: &Layer) -> Self {
        let channels = layer.output.channels;
        let mut bounds = Self::FULL;
        for (channel, bound) in bounds.0.iter_mut().enumerate().take(channels) {
            let zero = layer.input_quant.zero_point;
            let max_product = |weight: i32| (weight * (-128 - zero)).max(weight * (127 - zero));
            let taps = layer.weights.iter().skip(channel).step_by(channels);
            // No overflow: the bias is at most 2^30, and the nine products below 2^19.
            let sum = layer.bias(channel) + taps.map(|&weight| max_product(i32::from(weight))).sum::<i32>();
            if let Some(multiplier) = layer.multiplier(channel) {
                *bound = multiplier.apply_double_rounding(sum).clamp(0, 255) as u8;
            }
        }
        bounds
    }

    /// Given bounds, and 255 past their end.
    #[cfg(test)]
    pub(super) fn from_bounds(bounds: &[u8]) -> Self {
        let mut all = Self::FULL;
        all.0.iter_mut().zip(bounds).for_each(|(bound, given)| *bound = *given);
        all
    }

    /// Returns the bounds of all channels.
    pub(super) fn all(&self) -> &[u8; MAX_CHANNELS] {
        &self.0
    }

    /// Returns the bound of one channel; 255 past the last.
    pub(super) fn bound(&self, channel: usize) -> u8 {
        self.0.get(channel).copied().unwrap_or(255)
    }
}

/// Returns `weight * bound / 255`, rounded away from zero: the weight that contributes as much with an input of 255 as
/// `weight` contributes with an input of `bound`.
#[inline(always)]
pub(super) fn scaled_weight(weight: i8, bound: u8) -> i8 {
    // The quotient by 255, rounded up; at most the magnitude of the weight, which is not -128.
    let product = u16::from(weight.unsigned_abs()) * u16::from(bound) + 254;
    let magnitude = ((product + 1 + (product >> 8)) >> 8) as i8;
    if weight < 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scaled_weight_is_the_product_over_255_rounded_away_from_zero() {
        for weight in -127_i8..=127 {
            for bound in 0..=255_u8 {
                let expected = (u32::from(weight.unsigned_abs()) * u32::from(bound)).div_ceil(255) as i8;
                assert_eq!(scaled_weight(weight, bound), expected * weight.signum(), "{weight} {bound}");
            }
        }
    }
}
