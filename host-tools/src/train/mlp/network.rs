//! Two dense layers: output, and gradient of the loss by each weight.
//!
//! Weights are stored as [inputs x outputs], as in Keras: the multiplication reads them in memory order. Generic over the
//! float type so that tests compare the gradients with finite differences in f64.

use ndarray::{Array1, Array2, ArrayView2, Axis, NdFloat, Zip};
use rand::Rng;

use crate::train::basics::{Score, softmax};

/// Weights of the perceptron, or the gradient of its loss by each of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Network<F> {
    /// Hidden layer, [inputs x hidden].
    pub hidden: Array2<F>,
    /// Its bias, one per hidden neuron.
    pub hidden_bias: Array1<F>,
    /// Output layer, [hidden x classes].
    pub output: Array2<F>,
    /// Its bias, one per class.
    pub output_bias: Array1<F>,
}

impl Network<f32> {
    /// Glorot-uniform weights (uniform within +-sqrt(6 / (inputs + outputs)) of each layer), biases zero.
    pub(crate) fn random(inputs: usize, hidden: usize, classes: usize, rng: &mut impl Rng) -> Self {
        let mut layer = |inputs: usize, outputs: usize| {
            let limit = (6.0 / (inputs + outputs) as f32).sqrt();
            Array2::from_shape_simple_fn((inputs, outputs), || (rng.r#gen::<f32>() * 2.0 - 1.0) * limit)
        };
        Self {
            hidden: layer(inputs, hidden),
            hidden_bias: Array1::zeros(hidden),
            output: layer(hidden, classes),
            output_bias: Array1::zeros(classes),
        }
    }
}

impl<F: NdFloat> Network<F> {
    /// A network of the same shape, all zero.
    pub(super) fn zeros_like(&self) -> Self {
        Self {
            hidden: Array2::zeros(self.hidden.dim()),
            hidden_bias: Array1::zeros(self.hidden_bias.dim()),
            output: Array2::zeros(self.output.dim()),
            output_bias: Array1::zeros(self.output_bias.dim()),
        }
    }

    /// The hidden layer's values [rows x hidden], before dropout.
    fn activations(&self, x: ArrayView2<F>) -> Array2<F> {
        let mut values = x.dot(&self.hidden) + &self.hidden_bias;
        values.mapv_inplace(|value| value.max(F::zero()));
        values
    }

    /// Outputs before softmax [rows x classes], without dropout.
    pub(crate) fn logits(&self, x: ArrayView2<F>) -> Array2<F> {
        self.activations(x).dot(&self.output) + &self.output_bias
    }

    /// Class probabilities [rows x classes], without dropout.
    pub(crate) fn probabilities(&self, x: ArrayView2<F>) -> Array2<F> {
        let mut values = self.logits(x);
        softmax(&mut values);
        values
    }

    /// Score on rows `x` of classes `labels`, and the gradient of the mean cross-entropy by every weight.
    ///
    /// `kept` [rows x hidden] multiplies the hidden values (dropout); `None` for none.
    pub(crate) fn gradients(&self, x: ArrayView2<F>, labels: &[usize], kept: Option<&Array2<F>>) -> (Score, Self) {
        let mut hidden = self.activations(x);
        if let Some(kept) = kept {
            hidden *= kept;
        }
        let mut probabilities = hidden.dot(&self.output) + &self.output_bias;
        softmax(&mut probabilities);
        let score = score(&probabilities, labels);

        // d loss / d logits = (softmax - one-hot) / rows
        let mut error = probabilities;
        for (mut row, label) in error.axis_iter_mut(Axis(0)).zip(labels) {
            row[*label] -= F::one();
        }
        let rows = labels.iter().fold(F::zero(), |count, _| count + F::one());
        error.mapv_inplace(|value| value / rows);

        let mut hidden_error = error.dot(&self.output.t());
        // ReLU and dropout pass the error where they passed the value: a value of 0 was blocked by one of them.
        Zip::from(&mut hidden_error).and(&hidden).for_each(|error, value| {
            if *value <= F::zero() {
                *error = F::zero();
            }
        });
        if let Some(kept) = kept {
            hidden_error *= kept;
        }
        let gradients = Self {
            hidden: row_by_row(x.t().dot(&hidden_error)),
            hidden_bias: hidden_error.sum_axis(Axis(0)),
            output: row_by_row(hidden.t().dot(&error)),
            output_bias: error.sum_axis(Axis(0)),
        };
        (score, gradients)
    }
}

impl<F: NdFloat> Network<F> {
    /// Every number, layer by layer and row by row. Plain slices, because ndarray's `Zip` over four arrays is not
    /// vectorised and Adam dominates the work outside multiplications.
    pub(super) fn parts(&self) -> [&[F]; 4] {
        let Self { hidden, hidden_bias, output, output_bias } = self;
        [hidden.as_slice(), hidden_bias.as_slice(), output.as_slice(), output_bias.as_slice()]
            .map(Option::unwrap_or_default)
    }

    /// As [`parts`](Self::parts), mutable.
    pub(super) fn parts_mut(&mut self) -> [&mut [F]; 4] {
        let Self { hidden, hidden_bias, output, output_bias } = self;
        [hidden.as_slice_mut(), hidden_bias.as_slice_mut(), output.as_slice_mut(), output_bias.as_slice_mut()]
            .map(Option::unwrap_or_default)
    }
}

/// The array in row-major order, whichever order a multiplication returned.
fn row_by_row<F: NdFloat>(array: Array2<F>) -> Array2<F> {
    if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() }
}

fn score<F: NdFloat>(probabilities: &Array2<F>, labels: &[usize]) -> Score {
    let (mut loss, mut right) = (0.0, 0usize);
    for (row, label) in probabilities.axis_iter(Axis(0)).zip(labels) {
        let p = row[*label].to_f64().unwrap_or(0.0);
        loss -= p.max(f64::from(f32::MIN_POSITIVE)).ln();
        right += usize::from(row.iter().enumerate().all(|(class, other)| class == *label || *other < row[*label]));
    }
    let rows = labels.len().max(1) as f64;
    Score { loss: loss / rows, accuracy: right as f64 / rows }
}
