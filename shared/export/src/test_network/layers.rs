//! Random constants of one layer, scaled so that its output fills the int8 range without saturating.

use super::random::Random;

/// Weights, biases and scales of one layer.
pub(super) struct Constants {
    /// `[outputs][taps]`, -127 to 127.
    pub weights: Vec<i8>,
    /// One per output, in units of input scale times weight scale.
    pub bias: Vec<i32>,
    /// Output steps per unit of a sum of products, one per output: below one half.
    pub multipliers: Vec<f32>,
}

/// Draws a layer of `outputs` channels with `taps` weights each. `input` is the root mean square of what a weight is
/// multiplied with, `output` the standard deviation that the sums shall have across channels, both in int8 steps.
pub(super) fn draw(random: &mut Random, outputs: usize, taps: usize, input: f32, output: f32) -> Constants {
    let mut constants = Constants { weights: Vec::new(), bias: Vec::new(), multipliers: Vec::new() };
    for _ in 0..outputs {
        let first = constants.weights.len();
        let manner = random.below(8);
        constants.weights.extend((0..taps).map(|_| weight(random, manner)));
        let squares: i32 = constants.weights[first..].iter().map(|&w| i32::from(w) * i32::from(w)).sum();
        // Independent weights of mean 0: the deviation of the sum of products.
        let deviation = (squares.max(1) as f32).sqrt() * input;
        // A channel of few small weights would need more than the engine takes.
        constants.multipliers.push((output * (0.5 + random.unit()) / deviation).min(0.4));
        constants.bias.push((deviation * (random.unit() - 0.5)) as i32);
    }
    constants
}

/// A weight in the manner of its channel: most are bell-shaped as trained ones are. The others drive the sums of two and
/// four products to the limits that the packers must keep.
fn weight(random: &mut Random, manner: u32) -> i8 {
    let value = match manner {
        0 => random.symmetric(127),
        1 => [-127, 127][random.below(2) as usize],
        2 => [0, 0, 0, 0, 127, -127, 1, -1][random.below(8) as usize],
        _ => (0..4).map(|_| random.symmetric(31)).sum(),
    };
    value as i8
}
