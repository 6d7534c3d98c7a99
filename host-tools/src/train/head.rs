//! A trained head: raw features in, class probabilities out, in the layers that are exported.

use clap::ValueEnum;
use ndarray::{Array2, ArrayView1, ArrayView2};
use serde::Serialize;

use super::basics::softmax;
use monitor_export::Dense;

/// Kind of head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HeadKind {
    /// Dense(128, ReLU), dropout while training, Dense(classes), softmax.
    Mlp,
    /// Dense(classes), softmax: multinomial logistic regression.
    Linear,
}

impl std::fmt::Display for HeadKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mlp => "mlp",
            Self::Linear => "linear",
        })
    }
}

/// A head with the standardisation folded into its first layer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TrainedHead {
    /// Its kind.
    pub kind: HeadKind,
    /// First to last; softmax follows the last.
    pub layers: Vec<Dense>,
}

impl TrainedHead {
    /// Probabilities [windows x classes] of raw features `x` [windows x features].
    pub(crate) fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let mut values: Option<Array2<f32>> = None;
        for layer in &self.layers {
            let weights = layer.weights.t();
            let mut out = values.as_ref().map_or_else(|| x.dot(&weights), |values| values.dot(&weights));
            out += &ArrayView1::from(&layer.bias);
            if layer.relu {
                out.mapv_inplace(|value| value.max(0.0));
            }
            values = Some(out);
        }
        let mut values = values.unwrap_or_else(|| x.to_owned());
        softmax(&mut values);
        values
    }

    /// The head with its logits divided by `temperature`, above 0, by dividing the last layer's weights and bias.
    #[must_use]
    pub(crate) fn tempered(mut self, temperature: f64) -> Self {
        if let Some(last) = self.layers.last_mut() {
            let divided = |value: f32| (f64::from(value) / temperature) as f32;
            last.weights.mapv_inplace(divided);
            last.bias.iter_mut().for_each(|bias| *bias = divided(*bias));
        }
        self
    }

    /// Number of multiplications per window.
    pub(crate) fn multiplications(&self) -> usize {
        self.layers.iter().map(|layer| layer.inputs() * layer.outputs()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_head_applies_its_layers_then_softmax() {
        let head = TrainedHead {
            kind: HeadKind::Mlp,
            layers: vec![
                Dense { weights: array![[1.0, -1.0], [-1.0, 1.0]], bias: vec![0.0, 0.5], relu: true },
                Dense { weights: array![[2.0, 0.0], [0.0, 1.0]], bias: vec![0.0, 1.0], relu: false },
            ],
        };
        // hidden = max([1.0, -0.5], 0) = [1, 0]; logits = [2, 1]
        let p = head.probabilities(array![[3.0_f32, 2.0]].view());
        let expected = 1.0 / (1.0 + (-1.0_f32).exp());
        assert!((p[[0, 0]] - expected).abs() < 1e-6 && (p.sum() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_temperature_divides_the_logits_and_leaves_their_order() {
        let layer = Dense { weights: array![[2.0, 0.0], [0.0, 1.0]], bias: vec![0.0, 1.0], relu: false };
        let head = TrainedHead { kind: HeadKind::Linear, layers: vec![layer] }.tempered(2.0);
        // logits (4, 2) / 2
        let p = head.probabilities(array![[2.0_f32, 1.0]].view());
        assert!((p[[0, 0]] - 1.0 / (1.0 + (-1.0_f32).exp())).abs() < 1e-6);
    }
}
