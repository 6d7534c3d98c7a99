//! The trained classifier: up to four float dense layers and a softmax, read directly from the file's constants.
//!
//! Every sum uses eight lanes in one fixed order on every processor, and the exponential is `libm`'s, so a window's
//! probabilities have the same bits on workstation and device. Cost: one multiplication and one addition per weight;
//! 1152 x 128 weights take about 0.05 ms on a desktop core.

use heapless::Vec;

use crate::MAX_CLASSES;
use monitor_tflite::Scalars;

/// Largest number of dense layers of a head.
pub const MAX_LAYERS: usize = 4;
/// Largest number of features, and of values between two layers.
pub const MAX_WIDTH: usize = 1152;
/// Partial sums per dot product.
const LANES: usize = 8;

/// One dense layer: `activation(weights * input + bias)`.
#[derive(Clone, Copy, Debug)]
pub struct Dense<'a> {
    /// Weights `[outputs x inputs]`, row-major.
    pub weights: Scalars<'a, f32>,
    /// One bias per output.
    pub bias: Scalars<'a, f32>,
    /// Whether ReLU follows: negative results become zero.
    pub relu: bool,
}

impl Dense<'_> {
    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.weights.len().checked_div(self.outputs()).unwrap_or(0)
    }

    fn run(&self, input: &[f32], output: &mut [f32]) {
        let rows = self.weights.raw().chunks_exact(4 * input.len().max(1));
        for ((out, row), bias) in output.iter_mut().zip(rows).zip(self.bias.iter()) {
            let value = bias + dot(row, input);
            *out = if self.relu && value < 0.0 { 0.0 } else { value };
        }
    }
}

/// Dense layers and a softmax over the outputs of the last layer.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    layers: Vec<Dense<'a>, MAX_LAYERS>,
}

impl<'a> Head<'a> {
    /// Creates a head of `layers`; the outputs of each layer are the inputs of the next.
    ///
    /// # Errors
    /// [`Error`] if there are 0 or more than [`MAX_LAYERS`] layers, a layer is empty or too wide, two layers do not match,
    /// or there are too many classes.
    pub fn new(layers: impl IntoIterator<Item = Dense<'a>>) -> Result<Self, Error> {
        let mut checked: Vec<Dense<'a>, MAX_LAYERS> = Vec::new();
        for layer in layers {
            let (inputs, outputs) = (layer.inputs(), layer.outputs());
            if !(1..=MAX_WIDTH).contains(&inputs) || !(1..=MAX_WIDTH).contains(&outputs) {
                return Err(Error::Width { inputs, outputs });
            }
            let before = checked.last().map_or(inputs, Dense::outputs);
            if inputs * outputs != layer.weights.len() || before != inputs {
                return Err(Error::Misfit { given: before, wanted: inputs });
            }
            checked.push(layer).map_err(|_| Error::Layers)?;
        }
        match checked.last().map(Dense::outputs) {
            None => Err(Error::Layers),
            Some(classes) if classes > MAX_CLASSES => Err(Error::Classes(classes)),
            Some(_) => Ok(Self { layers: checked }),
        }
    }

    /// Number of input features.
    pub fn features(&self) -> usize {
        self.layers.first().map_or(0, Dense::inputs)
    }

    /// Number of probabilities.
    pub fn classes(&self) -> usize {
        self.layers.last().map_or(0, Dense::outputs)
    }

    /// Returns the layers, first to last.
    pub fn layers(&self) -> &[Dense<'a>] {
        &self.layers
    }

    /// Computes the class probabilities, which sum to 1, and writes them to `out`.
    ///
    /// Values past [`features`](Self::features) are ignored, elements past [`classes`](Self::classes) are unchanged, and
    /// missing features count as zero.
    pub fn run(&self, features: &[f32], out: &mut [f32]) {
        let mut values = [0.0_f32; MAX_WIDTH];
        let mut next = [0.0_f32; MAX_WIDTH];
        let given = features.len().min(self.features());
        values[..given].copy_from_slice(&features[..given]);
        for layer in &self.layers {
            layer.run(&values[..layer.inputs()], &mut next[..layer.outputs()]);
            core::mem::swap(&mut values, &mut next);
        }
        let logits = &mut values[..self.classes()];
        softmax(logits);
        for (out, &probability) in out.iter_mut().zip(&*logits) {
            *out = probability;
        }
    }
}

/// Returns the dot product of little-endian floats and `values`. Product `i` is added to lane `i % 8`; the lanes are then
/// summed pairwise.
pub(crate) fn dot(weights: &[u8], values: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (groups, rest) = weights.split_at(weights.len() - weights.len() % (4 * LANES));
    let (full, tail) = values.split_at(groups.len() / 4);
    for (group, values) in groups.chunks_exact(4 * LANES).zip(full.chunks_exact(LANES)) {
        for ((lane, weight), value) in lanes.iter_mut().zip(group.chunks_exact(4)).zip(values) {
            *lane += float(weight) * value;
        }
    }
    for ((lane, weight), value) in lanes.iter_mut().zip(rest.chunks_exact(4)).zip(tail) {
        *lane += float(weight) * value;
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Decodes a little-endian float from four bytes.
fn float(bytes: &[u8]) -> f32 {
    bytes.try_into().map_or(0.0, f32::from_le_bytes)
}

/// Computes `exp(x - max) / sum` in place. If a value is NaN or infinite the result is uniform, because such values carry no
/// information.
fn softmax(values: &mut [f32]) {
    let max = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for value in values.iter_mut() {
        *value = libm::expf(*value - max);
        sum += *value;
    }
    #[expect(clippy::cast_precision_loss, reason = "at most MAX_WIDTH values")]
    let uniform = 1.0 / values.len() as f32;
    for value in values.iter_mut() {
        *value = if sum.is_finite() { *value / sum } else { uniform };
    }
}

/// Why a head cannot be run. Fatal: the model file does not match this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No layer, or more than [`MAX_LAYERS`].
    #[error("the model's head has no layer or more than {max}; train it again", max = MAX_LAYERS)]
    Layers,
    /// A layer is empty or wider than [`MAX_WIDTH`].
    #[error("a layer of the model's head is {inputs} x {outputs}; 1 to {max} each can be run", max = MAX_WIDTH)]
    Width {
        /// Inputs of the layer.
        inputs: usize,
        /// Outputs of the layer.
        outputs: usize,
    },
    /// A layer's number of inputs differs from the number of outputs of the layer before it.
    #[error("a layer of the model's head takes {wanted} values and receives {given}; the file is damaged")]
    Misfit {
        /// Outputs of the layer before.
        given: usize,
        /// Inputs of the layer.
        wanted: usize,
    },
    /// More classes than [`MAX_CLASSES`].
    #[error("the model has {0} classes; at most {max} are supported", max = MAX_CLASSES)]
    Classes(usize),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(values: &[f32]) -> std::vec::Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    #[test]
    fn two_layers_give_the_probabilities_computed_by_hand() {
        let (w1, b1) = (bytes(&[1.0, -1.0, 2.0, 0.5]), bytes(&[0.0, -10.0]));
        let (w2, b2) = (bytes(&[1.0, 7.0, 0.0, 7.0]), bytes(&[0.0, 0.0]));
        let layers = [(&w1, &b1, true), (&w2, &b2, false)];
        let head = Head::new(layers.map(|(weights, bias, relu)| Dense {
            weights: Scalars::new(weights),
            bias: Scalars::new(bias),
            relu,
        }))
        .unwrap();
        let mut out = [0.0; 2];
        head.run(&[3.0, 1.0], &mut out);
        // First layer: relu(2), relu(-3.5); second: 2, 0.
        let expected = 1.0 / (1.0 + (-2.0_f32).exp());
        assert!((out[0] - expected).abs() < 1e-6 && (out[0] + out[1] - 1.0).abs() < 1e-6, "{out:?}");
    }

    #[test]
    fn layers_that_do_not_match_are_refused() {
        let (two, four) = (bytes(&[0.0; 2]), bytes(&[0.0; 4]));
        let layer = |weights, bias| Dense { weights: Scalars::new(weights), bias: Scalars::new(bias), relu: false };
        assert_eq!(Head::new([]).unwrap_err(), Error::Layers);
        assert_eq!(Head::new([layer(&two, &four)]).unwrap_err(), Error::Width { inputs: 0, outputs: 4 });
        let pair = [layer(&four, &two), layer(&four, &four)];
        assert_eq!(Head::new(pair).unwrap_err(), Error::Misfit { given: 2, wanted: 1 });
    }

    #[test]
    fn a_logit_that_is_not_a_number_gives_uniform_probabilities() {
        let mut values = [1.0, f32::NAN, 3.0, 2.0];
        softmax(&mut values);
        assert_eq!(values, [0.25; 4]);
    }

    proptest! {
        #[test]
        fn a_sum_of_products_is_within_rounding_of_the_exact_one(
            pairs in prop::collection::vec((-2.0_f32..2.0, -2.0_f32..2.0), 0..100),
        ) {
            let (weights, values): (std::vec::Vec<f32>, std::vec::Vec<f32>) = pairs.iter().copied().unzip();
            let exact: f64 = pairs.iter().map(|&(a, b)| f64::from(a) * f64::from(b)).sum();
            prop_assert!((f64::from(dot(&bytes(&weights), &values)) - exact).abs() < 1e-4);
        }
    }
}
