//! The greatest value that each channel of an activation can have, whatever the sound.
//!
//! A depthwise channel sums nine products; with its bias and scale, that bounds its output. Many channels cannot reach the
//! top of their range, some are always zero. What a weight can add to a sum is bounded accordingly (see [`super::exact`]).

use crate::body::{Layer, MAX_CHANNELS};

/// Greatest value of each channel, counted from the lowest: 0 to 255.
#[derive(Clone, Debug)]
pub struct Tops([u8; MAX_CHANNELS]);

impl Tops {
    /// Anything.
    pub const FULL: Self = Self([255; MAX_CHANNELS]);

    /// Of the output of a depthwise convolution.
    pub fn of(layer: &Layer) -> Self {
        let channels = layer.output.channels;
        let mut tops = Self::FULL;
        for (channel, top) in tops.0.iter_mut().enumerate().take(channels) {
            let zero = layer.input_quant.zero_point;
            let most = |weight: i32| (weight * (-128 - zero)).max(weight * (127 - zero));
            let taps = layer.weights.iter().skip(channel).step_by(channels);
            // No overflow: the bias is at most 2^30, and the nine products below 2^19.
            let sum = layer.bias(channel) + taps.map(|&weight| most(i32::from(weight))).sum::<i32>();
            if let Some(multiplier) = layer.multiplier(channel) {
                *top = multiplier.apply_double_rounding(sum).clamp(0, 255) as u8;
            }
        }
        tops
    }

    /// Of every channel there can be.
    pub fn all(&self) -> &[u8; MAX_CHANNELS] {
        &self.0
    }

    /// Of one channel.
    pub fn top(&self, channel: usize) -> u8 {
        self.0.get(channel).copied().unwrap_or(255)
    }
}

/// The weight, rounded away from zero, that adds at most as much to a sum with a value of 255 as `weight` with `top`.
#[inline(always)]
pub fn heaviness(weight: i8, top: u8) -> i8 {
    // The quotient by 255, rounded up; at most the magnitude of the weight, which is not -128.
    let product = u16::from(weight.unsigned_abs()) * u16::from(top) + 254;
    let magnitude = ((product + 1 + (product >> 8)) >> 8) as i8;
    if weight < 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heaviness_is_the_product_over_255_rounded_away_from_zero() {
        for weight in -127_i8..=127 {
            for top in 0..=255_u8 {
                let expected = (u32::from(weight.unsigned_abs()) * u32::from(top)).div_ceil(255) as i8;
                assert_eq!(heaviness(weight, top), expected * weight.signum(), "{weight} {top}");
            }
        }
    }
}
