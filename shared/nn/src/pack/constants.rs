//! Bias and requantisation of a channel, in the kernels' layout.
//!
//! TFLite rounds twice: `r1 = (sum * M + 2^30) >> 31`, then `(r1 + 2^(e-1)) >> e` with `e = -shift`, halves away from
//! zero. For non-negative sums both steps are floors, which combine into one:
//! `(sum * M + 2^30 + 2^(30+e)) >> (31+e)`. Negative sums give zero or less in both forms, and the output is clamped at zero
//! (the zero point of every convolution is its lowest value). FULLY_CONNECTED rounds once: `(sum * M + 2^(30+e)) >> (31+e)`;
//! its output zero point is included in the rounding constant, as a multiple of the divisor.

use super::float::Float;
use super::line::{Line, Rounding};
use super::sink::Sink;
use crate::body::{Layer, Scores};
use crate::layout::{self, CONSTANTS_LEN, Floats, Layout, NONE_LEFT_OUT, PANEL};

/// Returns the int8 value that the kernels store as zero: -128 with unsigned bytes, 0 with signed bytes.
pub(crate) fn origin<L: Layout>() -> i32 {
    if L::FLIP == 0 { 0 } else { -128 }
}

/// Constants of one channel. Requantisation is `(sum * mantissa + round) >> (32 + shift)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channel {
    bias: i32,
    pub(super) mantissa: i32,
    pub(super) round: i64,
    shift: i32,
}

impl Channel {
    /// A channel that does not exist; its output is zero.
    pub(super) const NONE: Self = Self { bias: 0, mantissa: 0, round: 0, shift: 0 };

    /// Returns the constants of a convolution channel whose weights sum to `total`.
    ///
    /// The kernels multiply `stored - origin`, TFLite multiplies `stored - zero point`. The difference does not depend on the
    /// input and is added to the bias.
    pub(super) fn convolution(layer: &Layer, channel: usize, total: i32, origin: i32) -> Self {
        let Some(multiplier) = layer.multiplier(channel) else { return Self::NONE };
        // Checked at load: -30 to -1.
        let exponent = multiplier.shift.unsigned_abs();
        let bias = layer.bias(channel) - (layer.input_quant.zero_point - origin) * total;
        Self { bias, ..Self::with_multiplier(multiplier.mantissa, exponent) }
    }

    /// Returns the constants of a convolution channel without bias whose multiplier is `mantissa * 2^(-31 - exponent)`.
    pub(super) fn with_multiplier(mantissa: i32, exponent: u32) -> Self {
        Self { bias: 0, mantissa, round: (1 << 30) + (1 << (30 + exponent)), shift: exponent as i32 - 1 }
    }

    /// Returns the exponent of the multiplier, without its sign.
    pub(super) fn exponent(&self) -> u32 {
        self.shift.unsigned_abs() + 1
    }

    /// Returns the constants of a class of FULLY_CONNECTED.
    pub(super) fn score(scores: &Scores, class: usize, total: i32, origin: i32) -> Self {
        // Checked at load: -20 to -1.
        let exponent = scores.multiplier.shift.unsigned_abs();
        let zero = i64::from(scores.logits.zero_point + 128);
        Self {
            bias: scores.bias(class) - (scores.input_zero - origin) * total,
            mantissa: scores.multiplier.mantissa,
            round: (1 << (30 + exponent)) + (zero << (31 + exponent)),
            shift: exponent as i32 - 1,
        }
    }
}

/// Writes the constants of a group of channels, eight or sixteen, at offset `at`. Returns the end offset. `floats` is false where
/// single precision is not used.
#[inline(always)]
pub(super) fn write<L: Layout>(sink: &mut Sink, mut at: usize, channels: &mut [Channel], floats: bool) -> usize {
    let float = if L::FLOATS && floats { float(channels) } else { None };
    for eight in channels.as_chunks().0 {
        sink.write(at, &bytes(eight));
        at += CONSTANTS_LEN;
        if L::LINES {
            let line = if floats { Line::of(eight, Rounding::Nearest) } else { None };
            let line = line.map_or([[f32::NAN; PANEL]; 2], |line| [line.factors, line.offsets]);
            sink.write(at, bytemuck::cast_slice(line.as_flattened()));
            at += size_of::<layout::Line>();
        }
    }
    if L::FLOATS {
        let factors = float.unwrap_or([[f32::NAN; 2 * PANEL]; 3]);
        let mut bias = [0; 2 * PANEL];
        bias.iter_mut().zip(channels).for_each(|(bias, channel)| *bias = channel.bias);
        sink.write(at, bytemuck::cast_slice(&bias));
        sink.write(at + size_of_val(&bias), bytemuck::cast_slice(factors.as_flattened()));
        at += size_of::<Floats>();
    }
    at
}

/// Returns factors, what they leave out, and offsets of [`Floats`], if single precision is exact for the group: by one factor
/// where possible, otherwise by two, which changes bias and rounding constant of `channels`.
#[inline(always)]
fn float(channels: &mut [Channel]) -> Option<[[f32; 2 * PANEL]; 3]> {
    if let Some(line) = one_factor(channels) {
        return Some(line);
    }
    let float = Float::of(channels)?;
    for (channel, shift) in channels.iter_mut().zip(float.shifts) {
        channel.bias += shift as i32;
        channel.round -= i64::from(shift) * i64::from(channel.mantissa);
    }
    Some(float.factors)
}

/// Returns factors, [`NONE_LEFT_OUT`] and offsets, if one multiply-add is exact for the group.
#[inline(always)]
fn one_factor(channels: &[Channel]) -> Option<[[f32; 2 * PANEL]; 3]> {
    let mut found = [[0.0; 2 * PANEL], [NONE_LEFT_OUT; 2 * PANEL], [0.0; 2 * PANEL]];
    let [factors, _, offsets] = &mut found;
    let outs = factors.as_chunks_mut().0.iter_mut().zip(offsets.as_chunks_mut().0);
    for (eight, (factors, offsets)) in channels.as_chunks().0.iter().zip(outs) {
        let line = Line::of(eight, Rounding::Down)?;
        (*factors, *offsets) = (line.factors, line.offsets);
    }
    Some(found)
}

/// Returns the bytes of [`Constants`](crate::layout::Constants).
fn bytes(channels: &[Channel; PANEL]) -> [u8; CONSTANTS_LEN] {
    let mut out = [0; CONSTANTS_LEN];
    for (lane, channel) in channels.iter().enumerate() {
        let round = 64 + 32 * (lane % 2) + 8 * (lane / 2);
        out[4 * lane..][..4].copy_from_slice(&channel.bias.to_le_bytes());
        out[32 + 4 * lane..][..4].copy_from_slice(&channel.mantissa.to_le_bytes());
        out[round..][..8].copy_from_slice(&channel.round.to_le_bytes());
        out[128 + 4 * lane..][..4].copy_from_slice(&channel.shift.to_le_bytes());
        out[160 + 4 * lane..][..4].copy_from_slice(&(-channel.shift - 1).to_le_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::quant::Multiplier;

    proptest! {
        #[test]
        fn one_rounding_of_a_non_negative_sum_equals_tflites_two(
            sum in 0_i32..i32::MAX, mantissa in (1_i32 << 30)..=i32::MAX, exponent in 1_u32..=30,
        ) {
            let both = Multiplier { mantissa, shift: -(exponent as i32) }.apply_double_rounding(sum);
            let once = (i64::from(sum) * i64::from(mantissa) + (1 << 30) + (1 << (30 + exponent))) >> (31 + exponent);
            prop_assert_eq!(i64::from(both), once);
        }

        #[test]
        fn a_negative_sum_gives_at_most_zero_in_both_forms(
            sum in i32::MIN..0, mantissa in (1_i32 << 30)..=i32::MAX, exponent in 1_u32..=30,
        ) {
            let both = Multiplier { mantissa, shift: -(exponent as i32) }.apply_double_rounding(sum);
            let once = (i64::from(sum) * i64::from(mantissa) + (1 << 30) + (1 << (30 + exponent))) >> (31 + exponent);
            prop_assert!(both <= 0 && once <= 0);
        }
    }
}
